"""The stream of changes: whole, resumed from where one stopped, only of one's own base, ended with the service."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from services.sla_monitor.main import build_app
from services.sla_monitor.reading.changes import Change, Changes, Noted
from services.sla_monitor.reading.store import Log
from services.sla_monitor.settings import SlaMonitorSettings
from shared.clock import ServiceClock
from shared.service import Server, Service
from tests.conftest import SettingsFor
from tests.kit import eventually, publish, serving, token
from tests.sla_monitor.outside import serving_at_a_port
from tests.sla_monitor.telling import MISSED, RETURNED, At, registered

DIRECTOR = token("director")


@dataclass
class Line:
    """An open stream, read as a browser does."""

    lines: AsyncIterator[str]
    last: str | None = None
    seen: list[tuple[str, Any]] = field(default_factory=list)

    async def until(self, kind: str) -> Any:
        """The data of the next event of that kind."""
        name, data = "message", ""
        async for line in self.lines:
            what, _, rest = line.partition(": ")
            if what == "id":
                self.last = rest
            elif what == "event":
                name = rest
            elif what == "data":
                data = rest
            elif not line and data:
                self.seen.append((name, json.loads(data)))
                if name == kind:
                    return self.seen[-1][1]
                name, data = "message", ""
        raise AssertionError(f"the stream ended after {self.seen}")

    async def ended(self) -> None:
        """Read until it ends."""
        async for _ in self.lines:
            pass


@dataclass
class Streaming:
    """A replica behind a real server."""

    url: str
    amqp: str
    clock: ServiceClock
    server: Server
    settings: SlaMonitorSettings

    @asynccontextmanager
    async def line(self, who: dict[str, str] = DIRECTOR, last: str | None = None) -> AsyncIterator[Line]:
        """An open stream, once it has begun."""
        headers = who | ({"Last-Event-ID": last} if last is not None else {})
        async with (
            httpx.AsyncClient(timeout=20, trust_env=False) as client,
            client.stream("GET", f"{self.url}/v1/stream", headers=headers) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            line = Line(answer.aiter_lines())
            await line.until("position")
            yield line

    async def tell(self, *events: At) -> None:
        """Publish what happens now."""
        await publish(self.amqp, *(event(self.clock.now()) for event in events))


@pytest.fixture
async def streaming(settings_for: SettingsFor, amqp_url: str) -> AsyncIterator[Streaming]:
    """A replica behind a real server."""
    clock = ServiceClock()
    settings = settings_for(SlaMonitorSettings)
    async with serving_at_a_port(build_app(settings, clock)) as (url, server):
        yield Streaming(url, amqp_url, clock, server, settings)


async def test_what_changes_is_heard_whole_as_it_is_now(streaming: Streaming) -> None:
    async with streaming.line() as line:
        await streaming.tell(MISSED)
        shown = await line.until("obligations")
        assert (shown["about"], shown["about_id"]) == ("call", "k1")
        assert [(one["clock"], one["state"]) for one in shown["obligations"]] == [("callback", "open")]
        await streaming.tell(RETURNED)
        shown = await line.until("obligations")
        assert [(one["clock"], one["state"]) for one in shown["obligations"]] == [("callback", "met")]


async def test_an_escalation_is_heard_when_it_begins(streaming: Streaming) -> None:
    async with streaming.line() as line:
        await publish(streaming.amqp, MISSED(streaming.clock.now().replace(year=streaming.clock.now().year - 1)))
        shown = await line.until("escalation")
        assert shown["escalation"]["escalation_id"] == "k1:callback:1"


async def test_who_lost_the_line_goes_on_where_it_stopped(streaming: Streaming) -> None:
    async with streaming.line() as line:
        await streaming.tell(MISSED)
        await line.until("obligations")
        await line.until("position")
        stopped = line.last
    async with streaming.line() as other:
        await streaming.tell(registered())
        await other.until("obligations")
    async with streaming.line(last=stopped) as line:
        shown = await line.until("obligations")
        assert shown["about_id"] == "r1"
        assert "reset" not in [name for name, _ in line.seen]


@pytest.mark.parametrize("last", ["999999999", "x", "-1", "1" * 40])
async def test_who_stopped_at_a_place_nobody_knows_is_told_to_read_anew(streaming: Streaming, last: str) -> None:
    async with streaming.line(last=last) as line:
        await line.until("reset")


async def test_a_manager_hears_of_their_own_base_alone(streaming: Streaming) -> None:
    async with streaming.line(token("manager", subject="m2")) as other, streaming.line() as all_of_it:
        await streaming.tell(MISSED)
        await all_of_it.until("obligations")
        await other.until("position")
        assert {name for name, _ in other.seen} <= {"position", "reset"}
    async with streaming.line(token("manager", subject="m1")) as own:
        await streaming.tell(registered())
        assert (await own.until("obligations"))["about_id"] == "r1"


async def test_who_may_not_hears_nothing(streaming: Streaming) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for who, status in (({}, 401), (token("specialist"), 403)):
            assert (await client.get(f"{streaming.url}/v1/stream", headers=who)).status_code == status


async def test_an_open_stream_does_not_hold_up_the_end_of_the_service(streaming: Streaming) -> None:
    async with streaming.line() as line:
        streaming.server.should_exit = True
        await line.ended()


async def test_another_replicas_start_tells_everybody_to_read_anew(streaming: Streaming) -> None:
    async with streaming.line() as line, serving(build_app(streaming.settings)):
        await line.until("reset")


async def test_there_is_an_end_to_how_many_follow(streaming: Streaming, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.sla_monitor.reading.changes.MOST_FOLLOWERS", 1)
    async with streaming.line():
        async with httpx.AsyncClient(trust_env=False) as client:
            refused = await client.get(f"{streaming.url}/v1/stream", headers=DIRECTOR)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")

    async def free() -> bool:
        async with (
            httpx.AsyncClient(timeout=20, trust_env=False) as client,
            client.stream("GET", f"{streaming.url}/v1/stream", headers=DIRECTOR) as answer,
        ):
            return answer.status_code == 200

    assert await eventually(free)


async def test_the_log_has_no_gaps_whoever_writes(service: Service) -> None:
    one, other = Log(service), Log(service)
    await one.append(["a"], restarted=True)
    await other.append(["b"])
    await one.append(["c", "d"])
    assert [(entry.number, entry.keys, entry.restarted) for entry in await one.after(0)] == [
        (1, ("a",), True),
        (2, ("b",), False),
        (3, ("c", "d"), False),
    ]
    assert [entry.number for entry in await other.after(2)] == [3]


async def test_an_hour_without_changes_does_not_begin_the_numbers_anew(service: Service) -> None:
    log, entries = Log(service), service.store.indexes("changes", [])
    for key in "abc":
        await log.append([key])
    await entries.delete_many({"at": {"$ne": None}})  # what the index does, an hour later
    assert [entry.number for entry in await log.after(0)] == [3]
    await log.append(["d"])
    assert [(entry.number, entry.keys) for entry in await log.after(2)] == [(3, ("c",)), (4, ("d",))]


async def test_who_reads_ahead_of_their_replica_is_not_told_to_read_anew(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.sla_monitor.reading.changes.HEARTBEAT", 0.01)

    async def nothing(_: Sequence[str]) -> list[Change]:
        return []

    log = Log(service)
    changes = Changes(log, Noted(), nothing, asyncio.Event())
    await log.append(["a"])
    with changes.following():
        line = changes.follow(0)
        assert (await anext(line)).number == 0
        await log.append(["b"])  # another replica's, which this one has not read yet
        shown = [await anext(line) for _ in range(2)]
    assert [(batch.number, batch.lost) for batch in shown] == [(1, False), (1, False)]


class Shown(BaseModel):
    """Something."""


async def test_however_much_changes_at_once_no_more_is_held_than_is_good(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new policy changes everything that is open: written, read and shown in portions."""
    for module in ("changes", "store"):
        monkeypatch.setattr(f"services.sla_monitor.reading.{module}.MOST_KEYS", 2)
    monkeypatch.setattr("services.sla_monitor.reading.changes.RECENT_CHANGES", 3)
    monkeypatch.setattr("services.sla_monitor.reading.changes.EVERY", 0.01)
    asked: list[Sequence[str]] = []

    async def shown(keys: Sequence[str]) -> list[Change]:
        asked.append(keys)
        return [Change(kind="obligations", manager_id=key, data=Shown()) for key in keys]

    noted, log = Noted(), Log(service)
    changes = Changes(log, noted, shown, asyncio.Event())
    running = asyncio.create_task(changes.run())
    try:
        with changes.following():
            line = changes.follow(None)
            await anext(line)
            for key in "abcdefghi":
                noted.add(key)
            heard: list[str] = []
            async for batch in line:
                heard += [str(change.manager_id) for change in batch.changes]
                if len(heard) == 9:
                    break
    finally:
        running.cancel()
    assert "".join(heard) == "abcdefghi"
    assert max(map(len, asked)) <= 2
    assert [len(entry.keys) for entry in await log.after(1)] == [2]


def test_what_could_not_be_written_is_not_forgotten() -> None:
    noted = Noted()
    noted.add("a")
    keys = noted.take()
    noted.add("b")
    noted.put_back(keys)
    assert noted.take() == ("a", "b")
    assert noted.take() == ()
