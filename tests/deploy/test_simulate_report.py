"""What the simulation tells: honest sentences, a picture that can be read, and a command that takes anything."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from deploy.simulate import __main__ as command
from deploy.simulate import results
from deploy.simulate.__main__ import keep, simulate, source_of
from deploy.simulate.figures import ASSUMED
from deploy.simulate.givers import LIMITED, OURS, ROUND_ROBIN, SKILLED, givers, titled
from deploy.simulate.plots import plots
from deploy.simulate.report import Played, page
from deploy.simulate.results import ENOUGH, FIGURES, Compared, Span, quantile
from deploy.simulate.state import Outcome
from deploy.simulate.verdict import ASSUMPTIONS, FEW, told
from services.routing.policy_file import shipped

ROOT = Path(__file__).parents[2]
DAYS = 8


@pytest.fixture(autouse=True)
def _fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an interval of these outcomes is shows after a few hundred, too."""
    monkeypatch.setattr(results, "RESAMPLES", 200)


def outcome(breaches: int, minutes: float = 1.0) -> Outcome:
    made = Outcome()
    made.broken["urgent"]["start"] = breaches
    made.start_minutes["urgent"] = [minutes]
    return made


def test_the_reduction_is_that_against_the_best_peer() -> None:
    compared = Compared(
        {
            OURS: [outcome(7), outcome(7)],
            "round robin": [outcome(40), outcome(40)],
            "skills": [outcome(10), outcome(10)],
        }
    )
    assert compared.best_peer == "skills"
    saved = compared.reduction
    assert saved is not None
    assert (saved.mean, saved.low, saved.high) == pytest.approx((0.3, 0.3, 0.3))
    assert "на 30 % меньше, чем у лучшего из прочих (skills)" in told(compared)[0]
    assert told(compared)[1] == "Не видно, чтобы что-нибудь было хуже, чем у прочих."


def test_where_another_is_better_it_is_said() -> None:
    better = [outcome(10, 2.0)] * ENOUGH
    compared = Compared({OURS: [outcome(7, 9.0)] * ENOUGH, "skills": better, ROUND_ROBIN: better})
    assert {figure.title for figure, _ in compared.worse()} == {"срочная: до начала, p50", "срочная: до начала, p95"}
    assert told(compared)[1] == (
        "Вероятно хуже, чем у прочих (в скобках — у кого лучше): срочная: до начала, p50 («skills», «по кругу»); "
        "срочная: до начала, p95 («skills», «по кругу»)."
    )


def test_every_figure_says_by_itself_what_it_is_and_a_giver_is_named_in_russian() -> None:
    assert not [figure.title for figure in FIGURES if figure.title.startswith("из них")]
    assert len({figure.title for figure in FIGURES}) == len(FIGURES)
    names = [name for name in givers(shipped()) if name != OURS]
    assert all(titled(name) != name and titled(name).isprintable() and not titled(name).isascii() for name in names)


def test_a_loss_is_called_a_loss_and_has_no_share_in_a_saving() -> None:
    compared = Compared(
        {OURS: [outcome(143)] * ENOUGH, SKILLED: [outcome(100)] * ENOUGH, LIMITED: [outcome(90)] * ENOUGH}
    )
    said = told(compared)
    assert said[0] == (
        "Нарушенных сроков срочных заявок на 43 % больше, чем у лучшего из прочих (знающий и наименее занятый); "
        "с уверенностью 95 %: от 43 % до 43 %."
    )
    assert said[2].endswith("было бы на 10 % меньше (от 10 % до 10 %).")


def test_an_interval_on_both_sides_of_nothing_names_both() -> None:
    ours, theirs = [outcome(10 + seed) for seed in range(ENOUGH)], [outcome(29 - seed) for seed in range(ENOUGH)]
    assert "от «на" in told(Compared({OURS: ours, "a": theirs}))[0]
    assert "больше» до «на" in told(Compared({OURS: ours, "a": theirs}))[0]


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        (0, "Срочных нарушений не было: сравнивать нечего."),
        (3, "У лучшего из прочих (a) срочных нарушений не было, у нас за все прогоны: 6."),
    ],
)
def test_where_nobody_breaks_an_urgent_clock_nothing_is_saved(tmp_path: Path, ours: int, said: str) -> None:
    compared = Compared({OURS: [outcome(ours)] * 2, "a": [outcome(0)] * 2})
    assert told(compared)[0] == said
    keep(compared, Played(range(2), DAYS), tmp_path)
    figures = json.loads((tmp_path / "simulate.json").read_text())
    assert [figures[key] for key in ("urgent_breach_reduction_vs_best_peer", "ci_low", "ci_high")] == [None] * 3
    assert said in (tmp_path / "simulate.html").read_text()


def test_seeds_on_which_nobody_breaks_anything_say_nothing_of_the_share() -> None:
    compared = Compared({OURS: [outcome(0), outcome(5)], "a": [outcome(0), outcome(10)]})
    assert compared.reduction == Span(0.5, 0.5, 0.5)


def test_few_seeds_are_not_called_sure(tmp_path: Path) -> None:
    picture = tmp_path / "x.png"
    picture.touch()
    for seeds, unsure in ((ENOUGH - 1, True), (ENOUGH, False)):
        compared = Compared({name: [outcome(at)] * seeds for at, name in enumerate((OURS, SKILLED, LIMITED), 5)})
        said = " ".join(told(compared))
        assert (FEW in said, "95 %" in said) == (unsure, not unsure)
        page(compared, Played(range(seeds), DAYS), picture, tmp_path / "page.html")
        shown = (tmp_path / "page.html").read_text()
        assert (shown.count(FEW) > said.count(FEW), "95 %" in shown) == (unsure, not unsure)


def test_what_is_worse_on_every_seed_is_said_though_the_seeds_differ_more() -> None:
    ours, theirs = [outcome(7, 10.0 * seed + 1) for seed in range(6)], [outcome(9, 10.0 * seed) for seed in range(6)]
    compared = Compared({OURS: ours, "skills": theirs})
    assert "срочная: до начала, p50" in {figure.title for figure, _ in compared.worse()}
    unsure = [outcome(9, 10.0 * seed + 2 * (seed % 2)) for seed in range(6)]
    assert Compared({OURS: ours, "skills": unsure}).worse() == []


def test_our_limits_alone_are_no_peer_and_their_share_of_the_saving_is_said() -> None:
    compared = Compared({OURS: [outcome(4)] * 2, SKILLED: [outcome(10)] * 2, LIMITED: [outcome(7)] * 2})
    assert compared.best_peer == SKILLED
    assert f"на 30 % меньше (от 30 % до 30 %; {FEW}): это 50 % нашего выигрыша у него." in told(compared)[2]


def test_the_figures_the_plots_and_the_page_are_kept(tmp_path: Path) -> None:
    compared = Compared({OURS: [outcome(7), outcome(8)], "a": [outcome(9), outcome(12)]})
    keep(compared, Played(range(7, 9), 14), tmp_path)
    figures = json.loads((tmp_path / "simulate.json").read_text())
    assert (figures["first_seed"], figures["seeds"], figures["days"]) == (7, 2, 14)
    assert figures["urgent_breach_reduction_vs_best_peer"] == pytest.approx(1 - 15 / 21, abs=1e-4)
    assert figures["ci_low"] <= figures["urgent_breach_reduction_vs_best_peer"] <= figures["ci_high"]
    assert (tmp_path / "simulate.png").read_bytes().startswith(b"\x89PNG")
    shown = (tmp_path / "simulate.html").read_text()
    assert all(figure.title in shown for figure in FIGURES)
    assert "Дней: 14, прогонов: 2 (с 7 по 8)" in shown


def test_the_plots_say_what_was_played_and_no_name_covers_another() -> None:
    compared = Compared({name: [outcome(9)] * ENOUGH for name in givers(shipped())})
    drawn = plots(compared, Played(range(201, 221), 91))
    drawn.draw_without_rendering()
    assert drawn.get_suptitle() == "Кому отдать заявку. Дней: 91, прогонов: 20 (с 201 по 220); усы — 95 %"
    names = [label.get_window_extent() for label in drawn.axes[0].get_yticklabels()]
    assert len(names) == len(compared.outcomes)
    assert not [(one, other) for one, other in combinations(names, 2) if one.overlaps(other)]
    assert all(label.x0 >= 0 for label in names)


def played(monkeypatch: pytest.MonkeyPatch, *options: str) -> Result:
    """What the command says, without the minutes the runs take."""
    monkeypatch.setattr(command, "ProcessPoolExecutor", ThreadPoolExecutor)
    monkeypatch.setattr(command, "one", lambda *_: outcome(3))
    app = typer.Typer()
    app.command()(simulate)
    return CliRunner().invoke(app, ["--seeds", "2", *options])


def test_a_trial_goes_to_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = played(monkeypatch, "--days", "7", "--folder", str(tmp_path / "new" / "trial"))
    assert found.exit_code == 0
    assert "Дней: 7, прогонов: 2" in found.output
    kept = {file.name for file in (tmp_path / "new" / "trial").iterdir()}
    assert kept == {"simulate.json", "simulate.png", "simulate.html"}


def test_a_folder_nothing_can_be_put_in_is_refused_before_anything_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    for folder in ("file", "file/below"):
        found = played(monkeypatch, "--folder", str(tmp_path / folder))
        assert (found.exit_code, "Прогоны" in found.output) == (2, False)
        assert "--folder" in found.output


def test_a_company_of_any_name_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "[red] :key:.toml"
    mine.write_text(ASSUMED.read_text())
    found = played(monkeypatch, "--company", str(mine), "--folder", str(tmp_path))
    assert found.exit_code == 0
    assert "Компания описана в [red] :key:.toml." in found.output


def test_the_assumptions_are_called_so_however_they_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ASSUMED.parent)
    assert source_of(Path("company.toml")) == source_of(Path("../simulate/company.toml")) == ASSUMPTIONS
    assert source_of(tmp_path / "company.toml") != ASSUMPTIONS


def test_the_command_says_what_is_wrong_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told_so = tmp_path / "ours.toml"
    told_so.write_bytes(b"\xff")
    found = played(monkeypatch, "--company", str(told_so))
    assert found.exit_code == 2
    assert "не TOML" in found.output


def test_quantiles() -> None:
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile([3, 1, 2], 0.95) == 3
    assert quantile([], 0.5) == 0


def test_make_passes_options_on() -> None:
    options = ["ARGS=--seeds 2 --days 14", "--dry-run", "--no-print-directory"]
    shown = subprocess.run(["make", "simulate", *options], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert shown.rstrip().endswith("python -m deploy.simulate --seeds 2 --days 14")


def test_the_readme_names_options_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [line] = [one for one in (ROOT / "README.md").read_text().splitlines() if "-m deploy.simulate --" in one]
    options = line.split("deploy.simulate ")[1].split()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(ASSUMED.read_text())
    found = played(monkeypatch, *options)
    assert (found.exit_code, "Компания описана в mine.toml." in found.output) == (0, True)
    assert (tmp_path / options[-1] / "simulate.json").exists()
