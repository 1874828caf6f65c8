"""`python -m deploy.simulate`: the same company under each policy, seed by seed; figures go to a folder."""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from deploy.simulate.company import Company
from deploy.simulate.figures import ASSUMED, BadFigures, figures_of
from deploy.simulate.givers import givers
from deploy.simulate.plots import plots
from deploy.simulate.report import Played, page, table
from deploy.simulate.results import FIGURES, Compared
from deploy.simulate.state import Outcome
from deploy.simulate.verdict import ASSUMPTIONS, told
from deploy.simulate.world import World
from services.routing.policy_file import shipped

START = datetime(2026, 8, 31, 17, tzinfo=UTC)
"""Midnight of 1 September in Krasnoyarsk."""
QUARTER = 91
FIRST, SEEDS = 201, 20
"""Those below were looked at while the policy was settled: they prove nothing about it any more."""
FOLDER = Path("build") / "bench"


def one(name: str, seed: int, days: int, path: Path = ASSUMED) -> Outcome:
    """One company under one policy."""
    company = Company.of(seed, START, days, path)
    return World(company, givers(shipped())[name](company)).run()


def simulate(  # noqa: PLR0917 - each is an option of the command
    seeds: Annotated[int, typer.Option(min=2, max=1000, help="Сколько разных компаний.")] = SEEDS,
    first: Annotated[int, typer.Option(min=0, help="С какой компании по счёту начать.")] = FIRST,
    days: Annotated[int, typer.Option(min=7, max=366, help="Сколько дней жизни каждой.")] = QUARTER,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Процессов сразу.")] = 2,
    company: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Измеренное вместо предположений, вида company.toml.")
    ] = ASSUMED,
    folder: Annotated[Path, typer.Option(file_okay=False, help="Куда положить таблицу и графики.")] = FOLDER,
) -> None:
    """Сравнить наш способ раздавать заявки с тем, что есть в других системах, на одних и тех же компаниях."""
    console = Console()
    if not console.is_terminal:
        console.width = 160
    try:
        figures_of(company)
    except BadFigures as error:
        raise typer.BadParameter(f"{company}: {error}", param_hint="--company") from None
    ready(folder)
    played = Played(range(first, first + seeds), days, source_of(company))
    runs = [(name, seed) for seed in played.seeds for name in givers(shipped())]
    with ProcessPoolExecutor(workers) as pool:
        waiting = [pool.submit(one, name, seed, days, company) for name, seed in runs]
        outcomes = [future.result() for future in track(waiting, "Прогоны", console=console)]
    compared = Compared({name: [o for (n, _), o in zip(runs, outcomes, strict=True) if n == name] for name, _ in runs})
    console.print(table(compared, played))
    for sentence in (*told(compared, played.source), f"{folder}/simulate.json, simulate.png, simulate.html"):
        console.print(sentence, soft_wrap=True, markup=False, emoji=False)
    keep(compared, played, folder)


def source_of(company: Path) -> str:
    """Where the figures come from, in a sentence: assumptions are said to be assumptions however they are given."""
    return ASSUMPTIONS if company.resolve() == ASSUMED.resolve() else f"Компания описана в {company.name}."


def ready(folder: Path) -> None:
    """The folder stands and can be written to. Raises `typer.BadParameter`, before minutes are spent on figures."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise typer.BadParameter(
            f"в {folder} нельзя писать ({error.strerror}): назовите другую папку", param_hint="--folder"
        ) from None


def keep(compared: Compared, played: Played, folder: Path) -> None:
    """The figures, the plots and the page, in `folder`."""
    saved = compared.reduction
    figures = {
        "urgent_breach_reduction_vs_best_peer": saved and round(saved.mean, 4),
        "ci_low": saved and round(saved.low, 4),
        "ci_high": saved and round(saved.high, 4),
        "seeds": len(played.seeds),
        "first_seed": played.seeds.start,
        "days": played.days,
        "best_peer": compared.best_peer,
        "source": played.source,
        "figures": {
            name: {figure.title: asdict(compared.span(name, figure)) for figure in FIGURES}
            for name in compared.outcomes
        },
    }
    (folder / "simulate.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    plots(compared, played).savefig(folder / "simulate.png")
    page(compared, played, folder / "simulate.png", folder / "simulate.html")


if __name__ == "__main__":
    typer.run(simulate)
