"""`python -m deploy.simulate`: the same company under each policy, seed by seed; figures go to build/bench."""

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from deploy.simulate.company import Company
from deploy.simulate.figures import ASSUMED, BadFigures, figures_of
from deploy.simulate.givers import givers
from deploy.simulate.report import ASSUMPTIONS, page, plots, table, told
from deploy.simulate.results import FIGURES, Compared
from deploy.simulate.state import Outcome
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


def simulate(
    seeds: Annotated[int, typer.Option(min=2, max=1000, help="Сколько разных компаний.")] = SEEDS,
    first: Annotated[int, typer.Option(min=0, help="С какой компании по счёту начать.")] = FIRST,
    days: Annotated[int, typer.Option(min=7, max=366, help="Сколько дней жизни каждой.")] = QUARTER,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Процессов сразу.")] = 2,
    company: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Измеренное вместо предположений, вида company.toml.")
    ] = ASSUMED,
) -> None:
    """Сравнить наш способ раздавать заявки с тем, что есть в других системах, на одних и тех же компаниях."""
    console = Console()
    if not console.is_terminal:
        console.width = 140
    try:
        figures_of(company)
    except BadFigures as error:
        raise typer.BadParameter(f"{company}: {error}", param_hint="--company") from None
    runs = [(name, seed) for seed in range(first, first + seeds) for name in givers(shipped())]
    with ProcessPoolExecutor(workers) as pool:
        waiting = [pool.submit(one, name, seed, days, company) for name, seed in runs]
        outcomes = [future.result() for future in track(waiting, "Прогоны", console=console)]
    compared = Compared({name: [o for (n, _), o in zip(runs, outcomes, strict=True) if n == name] for name, _ in runs})
    console.print(table(compared))
    source = ASSUMPTIONS if company == ASSUMED else f"Компания описана в {company.name}."
    for sentence in told(compared, source):
        console.print(sentence, soft_wrap=True)
    keep(compared, range(first, first + seeds), FOLDER, source)
    console.print(f"{FOLDER}/simulate.json, simulate.png, simulate.html")


def keep(compared: Compared, seeds: range, folder: Path, source: str = ASSUMPTIONS) -> None:
    """The figures, the plots and the page, in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = compared.reduction
    figures = {
        "urgent_breach_reduction_vs_best_peer": round(saved.mean, 4),
        "ci_low": round(saved.low, 4),
        "ci_high": round(saved.high, 4),
        "seeds": len(seeds),
        "first_seed": seeds.start,
        "best_peer": compared.best_peer,
        "source": source,
        "figures": {
            name: {figure.title: asdict(compared.span(name, figure)) for figure in FIGURES}
            for name in compared.outcomes
        },
    }
    (folder / "simulate.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    plots(compared, folder / "simulate.png")
    page(compared, folder / "simulate.png", folder / "simulate.html", source)


if __name__ == "__main__":
    typer.run(simulate)
