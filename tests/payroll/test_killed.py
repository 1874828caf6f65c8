"""A process that is killed (-9) at any point of a look or a close: another one ends it, with the same bytes."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.payroll import resuming
from services.payroll.main import build_app
from services.payroll.settings import PayrollSettings
from tests.conftest import SettingsFor
from tests.kit import serving
from tests.payroll.conftest import DECEMBER, Doors, clock_at
from tests.payroll.given import client_lost, client_won, manager

pytestmark = pytest.mark.timeout(300)

OCT, NOV = "2026-10", "2026-11"
MANAGERS = [f"m{number}" for number in range(8)]
HOOK = "https://pay.example/hook"


@pytest.fixture
async def other(settings_for: SettingsFor) -> AsyncIterator[Doors]:
    """Another process of payroll, which takes up what is left only when told to."""
    settings = settings_for(PayrollSettings, resume_after_seconds=3600.0, pay_hook=HOOK)
    app = build_app(settings, clock_at(DECEMBER))
    async with serving(app) as http:
        doors = Doors(http, None, app, settings.amqp_url.get_secret_value())  # type: ignore[arg-type]
        doors.app.state.settings = settings
        await doors.told(
            *map(manager, MANAGERS), client_won(30000, OCT, fact_id="o", by="m1"), client_won(9000, NOV, by="m3")
        )
        await doors.closed(OCT)
        await doors.told(client_lost(50000, OCT, fact_id="late", by="m1"), client_lost("0.01", NOV, by="m4"))
        yield doors


async def died(doors: Doors, work: str, writes: int, how: str) -> None:
    """A process of its own did the work, and was killed."""
    settings: PayrollSettings = doors.app.state.settings
    env = {
        "PATH": os.environ["PATH"],
        "SVOY_MODE": "development",
        "SVOY_AMQP_URL": settings.amqp_url.get_secret_value(),
        "SVOY_MONGO_URL": settings.mongo_url.get_secret_value(),
        "SVOY_JWT_PUBLIC_KEY": settings.jwt_public_key.get_secret_value(),
        "SVOY_PAY_HOOK": HOOK,
        "SVOY_RESUME_AFTER_SECONDS": "3600",
    }
    argv = (sys.executable, "-m", "tests.payroll.dying", work, str(writes), how)
    process = await asyncio.create_subprocess_exec(*argv, env=env, stderr=asyncio.subprocess.PIPE)
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == -signal.SIGKILL, said.decode()


async def bytes_of(doors: Doors) -> list[Any]:
    """November as every ledger keeps it."""
    kept = doors.office.store.ledgers.collection.find({}, {"closed": 1, "proposed": 1, "cases": 1, "settled_to": 1})
    return [document async for document in kept.sort("_id", 1)]


async def test_a_close_killed_again_and_again_ends_in_the_same_bytes(other: Doors) -> None:
    await other.asked(NOV)
    await died(other, "close", 0, "in")
    if (await other.office.store.company_books()).of(NOV) is None:
        await died(other, "close", 1, "after")
    assert await other.office.store.progress(NOV) == (0, 8)
    await died(other, "resume", 3, "after")
    assert (await other.office.store.progress(NOV))[0] in {3, 4}
    await died(other, "resume", 1, "in")
    left = 8 - (await other.office.store.progress(NOV))[0]
    assert 2 <= left <= 4
    await died(other, "resume", left, "after")
    assert (await other.office.store.progress(NOV), (await other.office.store.company_books()).state(NOV)) == (
        (8, 8),
        "closing",
    )
    await died(other, "resume", 1, "after")
    month, kept = await other.shown(f"/v1/months/{NOV}"), await bytes_of(other)
    assert (month["state"], month["statements"], month["total"]) == ("closed", 8, "569000.00")
    assert await other.office.deliveries.documents.get(f"month-closed-{NOV}") is None
    await resuming.resume_once(other.office)
    assert await other.office.deliveries.documents.get(f"month-closed-{NOV}") is not None
    await undone(other)
    await resuming.resume_once(other.office)
    assert (await other.shown(f"/v1/months/{NOV}"))["seal"] == month["seal"]
    assert await bytes_of(other) == kept


async def undone(doors: Doors) -> None:
    """November half closed again, with no statement closed yet: what a kill right after the confirmation leaves."""
    store = doors.office.store
    await store.ledgers.collection.update_many(
        {},
        {"$pull": {"closed": {"month": NOV}, "proposed": NOV, "cases": {"month": NOV}}, "$set": {"settled_to": OCT}}
        | {"$inc": {"version": 1}},
    )
    reopened = {"months.1.state": "closing", "months.1.closed_at": None, "months.1.seal": None}
    await store.books.collection.update_many({}, {"$set": reopened, "$inc": {"version": 1}})


async def test_a_look_killed_again_and_again_is_taken_up_where_it_stood(other: Doors) -> None:
    async def stands() -> tuple[str, int]:
        month = await other.shown(f"/v1/months/{NOV}")
        return month["state"], month["done"]

    await died(other, "review", 1, "after")
    assert await stands() == ("looking", 0)
    await died(other, "resume", 1, "after")
    assert await stands() == ("looking", 2)
    await died(other, "resume", 1, "in")
    assert await stands() in {("looking", 4), ("looking", 6)}
    # What was looked at is not looked at again; asking for the close looks at what changed since.
    await other.told(client_won(1, NOV, by="m0"))
    left = 4 - len(await other.office.store.parts(2))
    await died(other, "resume", left + 1, "after")
    assert await stands() == ("looking", 8)
    await resuming.resume_once(other.office)
    preview = await other.shown(f"/v1/months/{NOV}/review")
    assert (preview["number"], preview["statements"], preview["total"]) == (1, 8, "569000.00")
    assert ((await stands())[0], await other.office.store.parts(2)) == ("in_review", [])
