"""The Asterisk bridge: what it makes of an exchange's events, and that no news is lost between the two."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.asterisk import bridge
from deploy.asterisk.bridge import Calls, Settings, Spool, settings_in
from deploy.local.ports import some_free_ports
from services.intake.domain.calls import Call
from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from shared.store import Documents
from tests.conftest import SettingsFor
from tests.kit import eventually, on_port

SECRET = "whsec_" + b64encode(b"the secret of the bridge").decode()
START = datetime(2026, 11, 2, 3, tzinfo=UTC)
FIRST, SECOND, THIRD = "1793588400.1", "1793588400.2", "1793588400.3"
PHONE, DIALLED = "79131234567", "73912000000"
Events = list[dict[str, str]]


def channel(event: str, unique: str = FIRST, peer: str = "PJSIP/trunk-0000000a", **over: str) -> dict[str, str]:
    """An event about a channel of the one conversation."""
    named = {"Event": event, "Channel": peer, "Uniqueid": unique, "Linkedid": FIRST}
    return named | {"Context": "from-trunk", "Exten": DIALLED, "CallerIDNum": PHONE} | over


def enters(unique: str, count: int, peer: str = "PJSIP/trunk-0000000a", technology: str = "simple_bridge") -> Any:
    return channel("BridgeEnter", unique, peer, BridgeNumChannels=str(count), BridgeTechnology=technology)


RINGS = [channel("Newchannel"), channel("Newchannel", SECOND, "PJSIP/101-0000000b", Context="from-internal")]
ANSWERED = [*RINGS, enters(SECOND, 1, "PJSIP/101-0000000b"), enters(FIRST, 2)]
OVER = channel("Hangup")
OUT = channel("Newchannel", peer="PJSIP/101-0000000c", Context="from-internal", Exten="83912223344", CallerIDNum="101")


def told(events: Events, calls: Calls | None = None) -> list[dict[str, Any]]:
    """What is told of these events, a second a step."""
    calls = calls or Calls({"from-trunk"}, {"from-internal"})
    moments = [START + timedelta(seconds=second) for second in range(len(events))]
    return [news for event, at in zip(events, moments, strict=True) for news in calls.heard(event, at)]


def brief(news: list[dict[str, Any]]) -> list[tuple[str, str, str | None, int | None]]:
    return [(one["event"], one["direction"], one.get("employee"), one.get("talk_seconds")) for one in news]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (RINGS, [("rang", "in", None, None)]),
        ([*RINGS, OVER], [("rang", "in", None, None), ("missed", "in", None, None), ("ended", "in", None, 0)]),
        (
            [*ANSWERED, channel("Hangup", SECOND), OVER],
            [("rang", "in", None, None), ("answered", "in", "101", None), ("ended", "in", "101", 2)],
        ),
        (
            [
                *ANSWERED,
                enters(THIRD, 2, "Local/102@from-queue-0000000d;1"),
                enters(THIRD, 2, "PJSIP/102-0000000d"),
                OVER,
            ],
            [
                ("rang", "in", None, None),
                ("answered", "in", "101", None),
                ("answered", "in", "102", None),
                ("ended", "in", "102", 3),
            ],
        ),
        (
            [*RINGS, enters(FIRST, 2, technology="holding_bridge"), OVER],
            [("rang", "in", None, None), ("missed", "in", None, None), ("ended", "in", None, 0)],
        ),
        (
            [OUT, enters(SECOND, 1), enters(FIRST, 2, "PJSIP/101-0000000c"), OVER],
            [("rang", "out", "101", None), ("answered", "out", "101", None), ("ended", "out", "101", 1)],
        ),
        ([OUT | {"Exten": "102"}, enters(FIRST, 2), OVER], []),
        ([channel("Newchannel", Context="from-fax"), OVER], []),
        ([channel("Hangup", SECOND), {"Event": "Newexten"}, {}], []),
    ],
    ids=["rings", "missed", "answered", "transferred", "parked", "out", "among us", "elsewhere", "unknown"],
)
def test_what_the_exchange_says_becomes_news(events: Events, expected: Any) -> None:
    assert brief(told(events)) == expected


def test_numbers_times_and_the_recording_are_told() -> None:
    recording = channel("UserEvent", UserEvent="Svoy", Recording="https://pbx.example/1.wav")
    rang, answered, ended = told([*ANSWERED, recording, OVER])
    assert (rang["phone"], rang["our_phone"], rang["call_id"]) == (PHONE, DIALLED, FIRST)
    assert (answered["at"], ended["recording"]) == ("2026-11-02T03:00:03+00:00", "https://pbx.example/1.wav")
    bad = channel("UserEvent", UserEvent="Svoy", Recording="file:///etc/passwd")
    assert "recording" not in told([*ANSWERED, bad, OVER])[-1]


def test_what_happened_while_nobody_listened_is_made_up_for() -> None:
    calls = Calls({"from-trunk"}, {"from-internal"}, [bridge.Call("gone", "in", PHONE, DIALLED)])
    talking = channel("CoreShowChannel", Duration="00:01:30", BridgeId="b1")
    found = told([talking, {"Event": "CoreShowChannelsComplete"}], calls)
    assert [(one["event"], one["call_id"]) for one in found] == [
        ("rang", FIRST), ("answered", FIRST), ("missed", "gone"), ("ended", "gone"),
    ]  # fmt: skip
    assert found[0]["at"] == "2026-11-02T02:58:30+00:00"
    assert told([talking, {"Event": "CoreShowChannelsComplete"}], calls) == []


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ({"AMI_PASSWORD": ""}, "не задано: AMI_PASSWORD; "),
        ({"SVOY_URL": "svoy.example.ru"}, "SVOY_URL: нужен полный адрес, например https://"),
        ({"SVOY_WEBHOOK_SECRET": "secret"}, "нужен ключ вида whsec_"),
        ({"SVOY_WEBHOOK_SECRET": "whsec_ы"}, "нужен ключ вида whsec_"),
        ({"AMI_USER": "svoy\r\nAction: Originate"}, "по одной строке"),
        ({"AMI_PORT": "many"}, "AMI_PORT: нужен номер порта, например 5038"),
        ({"AMI_PORT": "65536"}, "AMI_PORT: нужен номер порта, например 5038"),
    ],
)
def test_a_setting_that_is_wrong_is_named(over: dict[str, str], message: str) -> None:
    given = {"SVOY_URL": "https://svoy.example", "SVOY_WEBHOOK_SECRET": SECRET, "AMI_USER": "u", "AMI_PASSWORD": "p"}
    assert settings_in(given).url == "https://svoy.example/v1/calls/generic"
    with pytest.raises(ValueError, match=message):
        settings_in(given | over)


def test_the_spool_keeps_order_and_calls(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    for number in range(20):
        spool.put({"event": "rang", "call_id": str(number)})
    spool.keep([bridge.Call("1", "in", PHONE, DIALLED, "101")])
    again = Spool(tmp_path)
    assert [call.employee for call in again.kept()] == ["101"]
    read = []
    while (file := again.oldest()) is not None:
        read.append(json.loads(file.read_text())["call_id"])
        again.refused(file)
    assert read == [str(number) for number in range(20)]
    assert len(list((tmp_path / "refused").iterdir())) == 20


@dataclass
class Exchange:
    """A manager interface on a real socket that plays a script."""

    listed: Events = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/9.0.0\r\n")
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                action = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.asked.append(action.splitlines()[0])
                if "Action: Login" in action and "Secret: right" not in action:
                    self._say(writer, {"Response": "Error", "Message": "Authentication failed"})
                elif "Action: Login" in action:
                    self._say(writer, {"Response": "Success", "Message": "Authentication accepted"})
                    self.writers.append(writer)
                elif "CoreShowChannels" in action:
                    for event in [*self.listed, {"Event": "CoreShowChannelsComplete"}]:
                        self._say(writer, event)
        writer.close()

    async def play(self, *events: dict[str, str]) -> None:
        """Say these events to whoever listens."""
        await eventually(lambda: self.writers)
        for event in events:
            self._say(self.writers[-1], event)

    def hang_up(self) -> None:
        """Break all connections."""
        for writer in self.writers:
            writer.close()
        self.writers.clear()

    def _say(self, writer: asyncio.StreamWriter, event: dict[str, str]) -> None:
        writer.write("".join(f"{name}: {value}\r\n" for name, value in event.items()).encode() + b"\r\n")


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    played = Exchange()
    server = await asyncio.start_server(played.serve, "127.0.0.1", 0)
    played.port = server.sockets[0].getsockname()[1]
    yield played
    played.hang_up()
    server.close()


@asynccontextmanager
async def bridging(settings: Settings) -> AsyncIterator[None]:
    """The bridge at work."""
    running = asyncio.create_task(bridge.run(settings))
    yield
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def _call(calls: Documents[Call], status: str) -> Call:
    async def there() -> Call | None:
        found = await calls.get(FIRST)
        return found if found is not None and found.course.status == status else None

    return await eventually(there, within=60)


async def test_calls_reach_a_real_intake_whatever_is_away_meanwhile(
    settings_for: SettingsFor, exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "AGAIN_AFTER", 0.02)
    monkeypatch.setattr(bridge, "SLOWEST", 0.1)
    (port,) = some_free_ports(1)
    own = settings_for(IntakeSettings, webhook_secret=SECRET)
    url = f"http://127.0.0.1:{port}"
    given = {"SVOY_URL": url, "SVOY_WEBHOOK_SECRET": SECRET, "AMI_USER": "svoy", "AMI_PASSWORD": "right"}
    settings = settings_in(given | {"AMI_PORT": str(exchange.port), "SVOY_SPOOL": str(tmp_path)})
    news = tmp_path / "news"
    async with bridging(settings):
        await exchange.play(*ANSWERED)  # intake is away
        await eventually(lambda: len(list(news.glob("*.json"))) == 2)
    app = build_app(own)
    calls = app.state.deps.store.calls
    async with on_port(app, port), bridging(settings):  # the bridge was started anew
        exchange.listed = [channel("CoreShowChannel", BridgeId="b1")]
        await eventually(lambda: not list(news.glob("*.json")), within=60)
        call = await _call(calls, "answered")
        assert (call.course.phone, call.course.legs, call.course.ended_at) == ("+79131234567", ("101",), None)
        exchange.hang_up()  # and while the bridge is away the conversation ends
        exchange.listed = []
        await eventually(lambda: exchange.writers)

        async def over() -> bool:
            found = await calls.get(FIRST)
            return found is not None and found.course.over_at is not None

        await eventually(over, within=60)
        assert await app.state.deps.store.webhooks.count("not_understood") == 0


async def test_a_wrong_password_and_a_wrong_secret_are_told_and_lose_nothing(
    settings_for: SettingsFor,
    exchange: Exchange,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(bridge, "AGAIN_AFTER", 0.02)
    monkeypatch.setattr(bridge, "SLOWEST", 0.05)
    (port,) = some_free_ports(1)
    right = Settings(
        url=f"http://127.0.0.1:{port}/v1/calls/generic", secret=b"another secret", spool=tmp_path, port=exchange.port,
        user="svoy", password="wrong", incoming={"from-trunk"}, outgoing=set(),
    )  # fmt: skip
    async with bridging(right):
        await eventually(lambda: "refuses us: Authentication failed" in caplog.text)
    Spool(tmp_path).put({"event": "missed", "call_id": "k1", "phone": PHONE})
    async with on_port(build_app(settings_for(IntakeSettings, webhook_secret=SECRET)), port), bridging(right):
        await eventually(lambda: "not sent (401)" in caplog.text)
    assert len(list((tmp_path / "news").iterdir())) == 1
    assert PHONE not in caplog.text
