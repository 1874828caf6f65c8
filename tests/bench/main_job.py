"""The main job against its yardsticks: `python -m tests.bench.main_job [--quick]`. Three to four minutes.

In one run, on one RabbitMQ and one mongod: the real services and the minimal pipeline in turns; then, with all that
stopped, django-helpdesk. A missed aim is shown and does not fail the bench.
"""

import asyncio
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from deploy.demo.doors import Differs
from deploy.local.errors import Died, HouseError, NotReady
from deploy.local.rights import ADMIN
from tests.bench import helpdesk
from tests.bench.cpu import metered
from tests.bench.environments import NotInstalled
from tests.bench.main_figures import AIMS, Found, figures, show
from tests.bench.ours import Ours, our_house
from tests.bench.phases import CONNECTIONS, Accepted, NotDrained, Sustained, accept, drained, sustain
from tests.bench.results import console, keep, scratch, show_aims, step
from tests.bench.sides import Side
from tests.bench.visible import watching
from tests.bench.yardstick import Yardstick

LOOKED_UP = 50
INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Seconds of each phase; `rounds` of ours and minimal in turns."""

    rounds: int = 2
    accept: float = 7.5
    warm_up: float = 3.0
    sustain: float = 11.0
    half_load: float = 21.0
    helpdesk: float = 10.0


QUICK = Plan(rounds=1, accept=3.0, warm_up=2.0, sustain=5.0, half_load=5.0, helpdesk=3.0)


async def in_turns(sides: tuple[Side, ...], plan: Plan, found: Found) -> None:
    """Both sides, one after the other, so that whatever else the machine does meets both alike."""
    for side in sides:
        found.accepted[side.name], found.sustained[side.name] = Accepted(), Sustained()
        await accept(side, plan.warm_up, Accepted())
    for number in range(plan.rounds):
        for side in sides:
            step(f"{side.name}: accepting from {CONNECTIONS} connections, {number + 1} of {plan.rounds}")
            await accept(side, plan.accept, found.accepted[side.name])
    for number in range(plan.rounds):
        for side in sides:
            step(f"{side.name}: as fast as everything gets done, {number + 1} of {plan.rounds}")
            await sustain(side, plan.warm_up, plan.sustain, found.sustained[side.name])


async def at_half_load(ours: Ours, plan: Plan, found: Found) -> None:
    """When each request is assigned with its clocks visible, at half of the sustained rate."""
    rate = found.sustained[ours.name].rate / 2
    step(f"ours: {rate:.0f} requests/s, which is half of that, until assigned with clocks visible")
    before = await ours.done()
    async with watching(ours, max(1, int(rate * plan.half_load / LOOKED_UP))) as found.seen:
        with metered(ours.pids()) as found.half_usage:
            found.half_load = await ours.generator.open_loop(rate, plan.half_load, CONNECTIONS)
        await drained(ours, before + found.half_load.accepted)
        await found.seen.complete(found.half_load.accepted)


async def on_one_machine(folder: Path, plan: Plan, found: Found) -> None:
    """Ours and minimal, on the same broker and database."""
    async with our_house(folder) as ours:
        wiring = ours.house.wiring
        step("starting the minimal pipeline beside it")
        minimal = Yardstick(
            folder / "minimal", wiring.amqp_url(ADMIN), wiring.mongo.root_url(), ours.servers(), ours.phones
        )
        async with minimal.running():
            await in_turns((ours, minimal), plan, found)
            await at_half_load(ours, plan, found)
        found.trouble = await ours.trouble()


async def measure(folder: Path, plan: Plan) -> Found:
    """Everything, in one run."""
    found = Found()
    await on_one_machine(folder, plan, found)
    step(f"django-helpdesk: tickets from {CONNECTIONS} connections")
    try:
        await helpdesk.measured(folder / "helpdesk", CONNECTIONS, plan.helpdesk, found.helpdesk)
    except (NotInstalled, Died, NotReady) as error:
        console.print(f"[red]django-helpdesk cannot be compared with:[/] {error}", highlight=False)
    return found


async def until_stopped(folder: Path, plan: Plan) -> Found:
    """Measure; SIGTERM and Ctrl-C stop whatever was started first."""
    task = asyncio.ensure_future(measure(folder, plan))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


def main(*, quick: Annotated[bool, typer.Option("--quick", help="A short run, for trying it out.")] = False) -> None:
    """Measure the main job and compare."""
    try:
        with scratch() as folder:
            found = uvloop.run(until_stopped(folder, QUICK if quick else Plan()))
    except asyncio.CancelledError:
        raise typer.Exit(INTERRUPTED) from None
    except (HouseError, Differs, NotDrained) as error:
        said = error.last_lines if isinstance(error, Died | NotReady) else []
        console.print(str(error), *said, sep="\n", highlight=False, markup=False)
        raise typer.Exit(1) from None
    kept = figures(found)
    show(found)
    show_aims(kept, AIMS)
    console.print(f"→ {keep('main', kept)}", highlight=False)


if __name__ == "__main__":
    typer.run(main)
