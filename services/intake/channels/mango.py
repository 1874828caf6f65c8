"""Mango Office VPBX: form posts to `{base}/events/{call,summary,…}`, signed over the raw `json` field.

A call is the conversation `entry_id`; `call_id` names a leg. Events of one call arrive in parallel and are put in
order by time and `seq`. Whether it was answered, only `summary` decides: `talk_time` 0 is a missed call, whatever
`entry_result` says.
"""

from datetime import UTC, datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Annotated, Any
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json

from services.intake.channels.doors import BadSignature, NotSetUp, Unreadable, within_limit
from services.intake.domain.calls import Fact, Kind, Report
from services.intake.phones import phone_in
from shared.contracts.base import Direction
from shared.ids import derived_id

PROVIDER = "mango"
FIELDS_LIMIT = 20
INTERNAL, OUT = 0, 2

UnixTime = Annotated[int, Field(ge=0, le=4_102_444_800)]
"""Seconds since 1970; 0 where it did not happen."""


class _News(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)


class Side(_News):
    """One end of a leg: an extension of ours, or a number outside."""

    extension: str | None = None
    number: str | None = None

    @property
    def ours(self) -> bool:
        """Whether an employee is at this end."""
        return bool(self.extension)


class LegChanged(_News):
    """`events/call`: a leg appeared, was connected, put on hold or disconnected."""

    entry_id: str = Field(min_length=1, max_length=200)
    seq: int = 0
    timestamp: UnixTime
    call_state: str
    location: str = ""
    caller: Side = Field(alias="from")
    called: Side = Field(alias="to")


class Summary(_News):
    """`events/summary`: the whole conversation, once it is over."""

    entry_id: str = Field(min_length=1, max_length=200)
    call_direction: int = Field(ge=0, le=2)
    create_time: UnixTime
    talk_time: UnixTime
    end_time: UnixTime
    caller: Side = Field(alias="from")
    called: Side = Field(alias="to")


class MangoDoor:
    """Takes the webhooks of one Mango account."""

    def __init__(self, api_key: str | None, salt: str | None) -> None:
        self._api_key = api_key
        self._salt = salt

    def payload(self, body: bytes) -> str:
        """The raw `json` field of a form that is really from Mango.

        Raises `NotSetUp` without key and salt, `Unreadable` for what is no form, `BadSignature`.
        """
        if self._api_key is None or self._salt is None:
            raise NotSetUp
        form = _form(within_limit(body))
        sign = sha256((self._api_key + form["json"] + self._salt).encode()).hexdigest()
        known = compare_digest(form["vpbx_api_key"].encode(), self._api_key.encode())
        signed = compare_digest(form["sign"].lower().encode(), sign.encode())
        if not (known and signed):
            raise BadSignature
        return form["json"]


def report(kind: str, payload: str) -> Report | None:
    """What an event says about a call, or None where it is about no call with a client.

    Raises pydantic's `ValidationError` naming the fields that are wrong.
    """
    if kind == "call":
        leg = LegChanged.model_validate_json(payload)
        return None if leg.caller.ours and leg.called.ours else _told(leg.entry_id, _leg_facts(leg), payload)
    if kind == "summary":
        summary = Summary.model_validate_json(payload)
        internal = summary.call_direction == INTERNAL
        return None if internal else _told(summary.entry_id, _summary_facts(summary), payload)
    return _told_beside(payload)


def _leg_facts(leg: LegChanged) -> tuple[Fact, ...]:
    kind = _leg_kind(leg)
    if kind is None:
        return ()
    direction: Direction = "out" if leg.caller.ours else "in"
    side, ours = (leg.called, leg.caller) if leg.caller.ours else (leg.caller, leg.called)
    return (_fact(kind, leg.timestamp, direction, side, order=leg.seq, leg=ours.extension or None),)


def _leg_kind(leg: LegChanged) -> Kind | None:
    if leg.call_state == "Disconnected":
        return "ended"
    if leg.caller.ours:
        return None  # our own phone is connected first; whether the client answered, the summary tells
    if leg.call_state == "Appeared":
        return "rang"
    return "answered" if (leg.call_state, leg.location) == ("Connected", "abonent") else None


def _summary_facts(summary: Summary) -> tuple[Fact, ...]:
    outward = summary.call_direction == OUT
    direction: Direction = "out" if outward else "in"
    side = summary.called if outward else summary.caller
    outcome: Kind = "answered" if summary.talk_time else "missed"
    facts = [
        _fact(outcome, summary.talk_time or summary.end_time, direction, side, final=True),
        _fact("ended", summary.end_time, direction, side, final=True, talk=_talked(summary)),
    ]
    return tuple(facts if outward else [_fact("rang", summary.create_time, direction, side, final=True), *facts])


def _talked(summary: Summary) -> int:
    return max(0, summary.end_time - summary.talk_time) if summary.talk_time else 0


def _fact(
    kind: Kind,
    at: int,
    direction: Direction,
    side: Side,
    *,
    order: int = 0,
    final: bool = False,
    talk: int | None = None,
    leg: str | None = None,
) -> Fact:
    phone = phone_in(side.number or "")
    return Fact(
        kind=kind,
        at=datetime.fromtimestamp(at, UTC),
        order=order,
        direction=direction,
        phone=None if phone is None else phone.number,
        final=final,
        talk_seconds=talk,
        leg=leg,
    )


def _told(entry_id: str, facts: tuple[Fact, ...], payload: str) -> Report:
    return Report(
        call_id=derived_id("call", PROVIDER, entry_id),
        provider=PROVIDER,
        provider_call_id=entry_id,
        facts=facts,
        raw=payload,
    )


def _told_beside(payload: str) -> Report | None:
    """Recordings, key presses: kept with their call, without consequences."""
    try:
        news: Any = from_json(payload)
    except ValueError:
        raise Unreadable from None
    entry_id = news.get("entry_id") if isinstance(news, dict) else None
    return _told(entry_id, (), payload) if isinstance(entry_id, str) and entry_id else None


def _form(body: bytes) -> dict[str, str]:
    try:
        fields = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_LIMIT, errors="strict")
        return {name: fields[name][0] for name in ("vpbx_api_key", "sign", "json")}
    except (ValueError, KeyError):
        raise Unreadable("Нужны поля формы vpbx_api_key, sign и json.") from None
