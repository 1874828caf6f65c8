"""Mango Office VPBX: form posts to `{base}/events/{call,summary,…}`, signed over the raw `json` field.

A call is the conversation `entry_id`; `call_id` names a leg. Events of one call arrive in parallel and are put in
order by time and `seq`. Whether it was answered, only `summary` decides: `talk_time` 0 is a missed call, whatever
`entry_result` says.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import product
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json

from services.intake.channels import forms
from services.intake.channels.doors import NotSetUp, Unreadable
from services.intake.domain.calls import Fact, Kind, Report
from services.intake.phones import phone_in
from shared.contracts.base import Direction
from shared.ids import derived_id

PROVIDER = "mango"
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
    seq: int = Field(default=0, ge=0, le=2**31)
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
    """Takes the webhooks of one Mango account; two codes and keys while one is being replaced by the other."""

    def __init__(self, api_keys: Sequence[str], salts: Sequence[str]) -> None:
        self._api_keys = api_keys
        self._salts = salts

    def payload(self, body: bytes) -> bytes:
        """The raw `json` field of a form that is really from Mango.

        Raises `NotSetUp` without key and salt, `Unreadable` for what is no form, `BadSignature`.
        """
        if not (self._api_keys and self._salts):
            raise NotSetUp
        form = _form(body)
        told, account = form["json"], form["vpbx_api_key"]
        signs = [_sign(key, told, salt) for key, salt in product(self._api_keys, self._salts)]
        forms.one_of(account, self._api_keys)
        forms.one_of(form["sign"].lower(), signs)
        return told.encode()


def _sign(key: str, told: str, salt: str) -> str:
    return sha256((key + told + salt).encode()).hexdigest()


def report(kind: str, payload: str, now: datetime) -> Report | None:
    """What an event says about a call, or None where it is about no call with a client; `now` is when it came.

    Raises pydantic's `ValidationError` naming the fields that are wrong, `Unreadable`.
    """
    if kind == "call":
        leg = LegChanged.model_validate_json(payload)
        return None if leg.caller.ours and leg.called.ours else _told(leg.entry_id, _leg_facts(leg), payload)
    if kind == "summary":
        summary = Summary.model_validate_json(payload)
        internal = summary.call_direction == INTERNAL
        return None if internal else _told(summary.entry_id, _summary_facts(summary), payload)
    return _told_beside(payload, now)


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


def _told_beside(payload: str, now: datetime) -> Report | None:
    """Recordings, key presses, messages: kept with their call. Mango gives the link to a recording on request, by its
    id."""
    try:
        news: Any = from_json(payload)
    except ValueError:
        raise Unreadable from None
    if not isinstance(news, dict):
        raise Unreadable("Поле json: нужен объект.")
    entry_id, recording = _id(news.get("entry_id")), _id(news.get("recording_id"))
    if entry_id is None:
        return None
    facts = () if recording is None else (Fact(kind="leg", at=now, recording=f"{PROVIDER}:{recording}"),)
    return _told(entry_id, facts, payload)


def _id(given: Any) -> str | None:
    """An id as text, which it may also be as a number; None where it is none."""
    text = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    return text if 0 < len(text) <= forms.LONGEST_ID else None


def _form(body: bytes) -> dict[str, str]:
    fields = forms.fields(body)
    try:
        return {name: fields[name] for name in ("vpbx_api_key", "sign", "json")}
    except KeyError:
        raise Unreadable("Нужны поля формы vpbx_api_key, sign и json.") from None
