"""Tells Svoy of the calls of an Asterisk: events of its manager interface (AMI) become signed webhooks.

    python3 bridge.py        settings come from the environment, README.md says which

It stands alone: Python 3.9 and nothing else, so that it can be copied to the exchange. Each piece of news is a file in
the spool before it is sent and until Svoy has it: none is lost while Svoy, the network or this program is away.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import os
import re
import sys
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

log = logging.getLogger("svoy-asterisk")

Event = dict[str, str]
News = dict[str, Any]

PING_EVERY, SILENCE, AGAIN_AFTER, SLOWEST = 30.0, 90.0, 1.0, 60.0
"""Seconds: between pings; without a word until the exchange counts as gone; before another try, first and at most."""
TRY_AGAIN = frozenset({401, 403, 404, 408, 425, 429})
"""Refusals that pass once somebody has put something right; any other 4xx is about this piece of news alone."""
HIGHEST_PORT = 65_535
OUTSIDE = re.compile(r"\+?\d{7,}")
_PEER = re.compile(r"[^/]+/([^@/;]+?)(?:@.*|-[0-9a-f]{8}(?:;\d)?)?$")


@dataclass(frozen=True)
class Settings:
    """Where the exchange is, where Svoy is, which calls are a client's."""

    url: str
    secret: bytes
    spool: Path
    host: str = "127.0.0.1"
    port: int = 5038
    user: str = ""
    password: str = ""
    incoming: set[str] = field(default_factory=set)
    """Contexts in which calls from outside begin."""
    outgoing: set[str] = field(default_factory=set)
    """Contexts in which calls of employees begin."""


def settings_in(given: Mapping[str, str]) -> Settings:
    """The settings in the environment. Raises `ValueError` naming what is missing or wrong."""
    missing = [name for name in ("SVOY_URL", "SVOY_WEBHOOK_SECRET", "AMI_USER", "AMI_PASSWORD") if not given.get(name)]
    if missing:
        raise ValueError(f"не задано: {', '.join(missing)}; что это, сказано в deploy/asterisk/README.md")
    if not given["SVOY_URL"].startswith(("https://", "http://")):
        raise ValueError("SVOY_URL: нужен полный адрес, например https://svoy.example.ru")
    if not re.fullmatch(r"whsec_(?:[A-Za-z0-9+/]{4})*[A-Za-z0-9+/]{2,4}={0,2}", given["SVOY_WEBHOOK_SECRET"]):
        raise ValueError("SVOY_WEBHOOK_SECRET: нужен ключ вида whsec_ и base64, тот же, что у службы intake")
    port = given.get("AMI_PORT") or "5038"
    if not re.fullmatch(r"[1-9][0-9]{0,4}", port) or int(port) > HIGHEST_PORT:
        raise ValueError("AMI_PORT: нужен номер порта, например 5038")
    if any(sign in given[name] for name in ("AMI_USER", "AMI_PASSWORD") for sign in "\r\n"):
        raise ValueError("AMI_USER, AMI_PASSWORD: по одной строке, без переводов строки")
    return Settings(
        url=given["SVOY_URL"].rstrip("/") + "/v1/calls/generic",
        secret=base64.b64decode(given["SVOY_WEBHOOK_SECRET"][len("whsec_") :] + "=="),
        spool=Path(given.get("SVOY_SPOOL", "/var/spool/svoy-asterisk")),
        host=given.get("AMI_HOST", "127.0.0.1"),
        port=int(port),
        user=given["AMI_USER"],
        password=given["AMI_PASSWORD"],
        incoming=set(given.get("SVOY_INCOMING", "from-trunk from-pstn").split()),
        outgoing=set(given.get("SVOY_OUTGOING", "from-internal").split()),
    )


@dataclass
class Call:
    """A conversation: everything with one `Linkedid`."""

    call_id: str
    direction: str
    phone: str
    ours: str
    employee: str = ""
    answered_at: str | None = None
    recording: str = ""


class Calls:
    """The calls that go on, as the exchange's events tell of them. Knows no network and no clock."""

    def __init__(self, incoming: set[str], outgoing: set[str], known: Iterable[Call] = ()) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._calls = {call.call_id: call for call in known}
        self._listed: set[str] = set()

    def going_on(self) -> list[Call]:
        """All of them."""
        return list(self._calls.values())

    def heard(self, event: Event, now: datetime) -> list[News]:
        """What Svoy is to be told of it."""
        kind = event.get("Event", "")
        if kind == "Newchannel":
            return self._began(event, now)
        if kind == "CoreShowChannel":
            self._listed.add(event.get("Linkedid", ""))
            began = self._began(event, now - _lasted(event.get("Duration", "")))
            call = self._calls.get(event.get("Linkedid", ""))
            talks = call is not None and call.answered_at is None and bool(event.get("BridgeId"))
            return began + (_answered(call, now) if call is not None and talks else [])
        if kind == "CoreShowChannelsComplete":
            return self._gone(now)
        if kind == "BridgeEnter" and event.get("BridgeTechnology") != "holding_bridge":
            return self._bridged(event, now)
        if kind == "UserEvent" and event.get("UserEvent") == "Svoy":
            self._recorded(event)
        if kind == "Hangup" and event.get("Uniqueid") == event.get("Linkedid"):
            return self._over(event.get("Linkedid", ""), now)
        return []

    def _began(self, event: Event, at: datetime) -> list[News]:
        linked, context, dialled = event.get("Linkedid", ""), event.get("Context", ""), event.get("Exten", "")
        if not linked or linked in self._calls or event.get("Uniqueid") != linked:
            return []
        if context in self._incoming:
            call = Call(linked, "in", event.get("CallerIDNum", ""), dialled)
        elif context in self._outgoing and OUTSIDE.fullmatch(dialled):
            call = Call(linked, "out", dialled, event.get("CallerIDNum", ""), _peer(event))
        else:
            return []
        self._calls[linked] = call
        return [_news("rang", call, at)]

    def _bridged(self, event: Event, now: datetime) -> list[News]:
        call = self._calls.get(event.get("Linkedid", ""))
        if call is None:
            return []
        other = event.get("Uniqueid") != call.call_id
        moved = call.direction == "in" and other and _peer(event) != call.employee
        if moved:
            call.employee = _peer(event)
        two = event.get("BridgeNumChannels", "") not in {"", "0", "1"}
        return _answered(call, now) if (moved if call.answered_at else two) else []

    def _recorded(self, event: Event) -> None:
        call = self._calls.get(event.get("Linkedid", ""))
        if call is not None and event.get("Recording", "").startswith(("https://", "http://")):
            call.recording = event["Recording"]

    def _over(self, linked: str, now: datetime) -> list[News]:
        call = self._calls.pop(linked, None)
        if call is None:
            return []
        if call.answered_at is None:
            return [_news("missed", call, now), _news("ended", call, now, talk_seconds=0)]
        talked = int((now - datetime.fromisoformat(call.answered_at)).total_seconds())
        return [_news("ended", call, now, talk_seconds=max(0, talked))]

    def _gone(self, now: datetime) -> list[News]:
        """The exchange has listed all its channels: what it did not list ended while nobody listened."""
        gone = [linked for linked in self._calls if linked not in self._listed]
        self._listed = set()
        return [news for linked in gone for news in self._over(linked, now)]


def _answered(call: Call, now: datetime) -> list[News]:
    """Somebody picked it up, or took it over."""
    call.answered_at = call.answered_at or now.isoformat()
    return [_news("answered", call, now)]


def _news(event: str, call: Call, at: datetime, **more: Any) -> News:
    said = {
        "event": event,
        "call_id": re.sub(r"[\s/]", "_", call.call_id)[:200],
        "direction": call.direction,
        "phone": call.phone[:200] or None,
        "our_phone": call.ours[:200] or None,
        "employee": call.employee[:200] or None,
        "recording": (call.recording or None) if event == "ended" else None,
        "at": at.isoformat(),
    }
    return {name: value for name, value in {**said, **more}.items() if value is not None}


def _peer(event: Event) -> str:
    """`PJSIP/101-0000002a` is the phone of 101."""
    found = _PEER.match(event.get("Channel", ""))
    return found[1] if found else ""


def _lasted(duration: str) -> timedelta:
    found = re.fullmatch(r"(\d+):(\d\d):(\d\d)", duration)
    return timedelta(hours=int(found[1]), minutes=int(found[2]), seconds=int(found[3])) if found else timedelta()


class Spool:
    """News in files, one a file, in the order they came; the calls that go on; what Svoy refused for good."""

    def __init__(self, folder: Path) -> None:
        self._news, self._refused, self._calls = folder / "news", folder / "refused", folder / "calls.json"
        for one in (self._news, self._refused):
            one.mkdir(parents=True, exist_ok=True)
        self._last = 0

    def put(self, news: News) -> None:
        """Keep it; it is on the disk when this returns."""
        self._last = max(time.time_ns(), self._last + 1)
        _write(self._news / f"{self._last:020}-{uuid.uuid4().hex}.json", news)  # noqa: TID251 - stands alone

    def oldest(self) -> Path | None:
        """The next to be sent."""
        return min(self._news.glob("*.json"), default=None)

    def refused(self, file: Path) -> None:
        """Set aside for a person."""
        file.rename(self._refused / file.name)

    def keep(self, calls: list[Call]) -> None:
        """Keep the calls that go on."""
        _write(self._calls, [asdict(call) for call in calls])

    def kept(self) -> Iterator[Call]:
        """The calls that went on when this program ended."""
        if self._calls.exists():
            yield from (Call(**one) for one in json.loads(self._calls.read_text()))


def _write(file: Path, value: object) -> None:
    fresh = file.with_suffix(".fresh")
    with fresh.open("w") as out:
        json.dump(value, out)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def signed(secret: bytes, webhook_id: str, stamp: int, body: bytes) -> dict[str, str]:
    """The headers of a Standard Webhook."""
    digest = hmac.new(secret, f"{webhook_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def post(settings: Settings, file: Path) -> int:
    """Send one file; the status of the answer, 0 where there was none."""
    body = file.read_bytes()
    headers = signed(settings.secret, file.stem, int(time.time()), body)  # noqa: TID251 - stands alone
    request = urllib.request.Request(settings.url, body, headers)  # noqa: S310 - http(s), see settings_in
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError as error:
        log.warning("Svoy does not answer: %s", error)
        return 0


async def send(settings: Settings, spool: Spool, more: asyncio.Event) -> None:
    """For ever: send what is in the spool, the oldest first, until Svoy has it."""
    pause = AGAIN_AFTER
    while True:
        file = spool.oldest()
        if file is None:
            more.clear()
            await more.wait()
            continue
        status = await asyncio.get_running_loop().run_in_executor(None, post, settings, file)
        if 200 <= status < 300:  # noqa: PLR2004
            file.unlink()
            pause = AGAIN_AFTER
        elif 400 <= status < 500 and status not in TRY_AGAIN:  # noqa: PLR2004
            log.error("Svoy refuses %s with %s: set aside", file.name, status)
            spool.refused(file)
        else:
            log.warning("not sent (%s), again in %s s", status or "no answer", pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, SLOWEST)


async def listen(settings: Settings, calls: Calls, spool: Spool, more: asyncio.Event) -> None:
    """One connection to the exchange, until it ends. Raises `OSError`, `EOFError`, `asyncio.TimeoutError`."""
    reader, writer = await asyncio.open_connection(settings.host, settings.port)
    try:
        await asyncio.wait_for(reader.readline(), SILENCE)  # the greeting
        _say(writer, Action="Login", Username=settings.user, Secret=settings.password, Events="call,user")
        await _logged_in(reader)
        log.info("listening to the exchange")
        _say(writer, Action="CoreShowChannels")
        pinging = asyncio.ensure_future(_ping(writer))
        try:
            while True:
                await _take(await _block(reader), calls, spool, more)
        finally:
            pinging.cancel()
    finally:
        writer.close()


async def _take(event: Event, calls: Calls, spool: Spool, more: asyncio.Event) -> None:
    before = [asdict(call) for call in calls.going_on()]
    for news in calls.heard(event, datetime.now(timezone.utc)):  # noqa: TID251, UP017 - stands alone
        spool.put(news)
        more.set()
    if [asdict(call) for call in calls.going_on()] != before:
        spool.keep(calls.going_on())


async def _logged_in(reader: asyncio.StreamReader) -> None:
    while True:
        answer = await _block(reader)
        if answer.get("Response") == "Success":
            return
        if "Response" in answer:
            raise PermissionError(f"the exchange refuses us: {answer.get('Message', 'no reason given')}")


async def _block(reader: asyncio.StreamReader) -> Event:
    """The next block of the exchange: fields up to an empty line."""
    try:
        raw = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SILENCE)
    except asyncio.LimitOverrunError as error:
        raise EOFError("a block without an end") from error
    pairs = (line.partition(":") for line in raw.decode("utf-8", "replace").splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


async def _ping(writer: asyncio.StreamWriter) -> None:
    while True:
        await asyncio.sleep(PING_EVERY)
        _say(writer, Action="Ping")


def _say(writer: asyncio.StreamWriter, **fields: str) -> None:
    writer.write("".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n")


async def run(settings: Settings) -> None:
    """For ever: listen and send; a connection that is lost is made again."""
    spool, more = Spool(settings.spool), asyncio.Event()
    calls = Calls(settings.incoming, settings.outgoing, spool.kept())
    sending = asyncio.ensure_future(send(settings, spool, more))
    pause = AGAIN_AFTER
    try:
        while not sending.done():
            began = time.monotonic()
            try:
                await listen(settings, calls, spool, more)
            except (OSError, EOFError, asyncio.TimeoutError) as error:  # noqa: UP041
                log.warning("the exchange is away: %r", error)
            pause = AGAIN_AFTER if time.monotonic() - began > SLOWEST else min(pause * 2, SLOWEST)
            await asyncio.sleep(pause)
        sending.result()
    finally:
        sending.cancel()


def main() -> None:
    """Run until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        settings = settings_in(os.environ)
    except ValueError as error:
        sys.exit(f"svoy-asterisk: {error}")
    try:
        asyncio.run(run(settings))
    except KeyboardInterrupt:
        log.info("stopped")


if __name__ == "__main__":
    main()
