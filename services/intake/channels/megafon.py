"""MegaFon VATS: form posts that carry `crm_token`; `contact` is asked while the phone rings and answered at once.

Events tell of legs: CANCELLED also comes when a colleague picked up, and decides nothing. What a call came to, only
`cmd=history` decides.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.intake.channels import forms
from services.intake.channels.doors import Unreadable
from services.intake.domain.calls import Fact, Kind, Report
from shared.contracts.base import Direction
from shared.ids import derived_id

PROVIDER = "megafon"
TOKEN = "crm_token"  # noqa: S105 - the name of the field
ABOUT_NO_CALL = frozenset({"contact", "rating"})
"""Commands that tell nothing about how a call went: the first is answered at once."""
_UTC = ZoneInfo("UTC")
_EVENTS: dict[str, Kind | None] = {
    "INCOMING": "rang",
    "ACCEPTED": "answered",
    "COMPLETED": "ended",
    "CANCELLED": None,
    "OUTGOING": None,
    "TRANSFERRED": None,
}


class MegafonDoor:
    """Takes the webhooks of one VATS; two tokens while one is being replaced by the other."""

    def __init__(self, tokens: tuple[str, ...]) -> None:
        self._tokens = tokens

    def payload(self, body: bytes) -> bytes:
        """A form that is really from the VATS, without its token. Raises `NotSetUp`, `BadSignature`, `Unreadable`."""
        pairs = forms.pairs(body)
        forms.one_of(next((value for name, value in pairs if name == TOKEN), ""), self._tokens)
        return forms.written(pair for pair in pairs if pair[0] != TOKEN)


def report(form: Mapping[str, str], now: datetime) -> Report | None:
    """What a form says about a call, None where it is about none; `now` is when it came. Raises `Unreadable`."""
    kind = form.get("cmd")
    if kind in ABOUT_NO_CALL:
        return None
    if kind not in {"event", "history"}:
        raise Unreadable("Поле cmd: неизвестная команда.")
    call = forms.call_named(form, "callid")
    return Report(
        call_id=derived_id("call", PROVIDER, call),
        provider=PROVIDER,
        provider_call_id=call,
        facts=_history(form) if kind == "history" else _event(form, now),
        raw=forms.written(form.items()).decode(),
    )


def _event(form: Mapping[str, str], now: datetime) -> tuple[Fact, ...]:
    told = form.get("type", "").upper()
    if told not in _EVENTS:
        raise Unreadable("Поле type: неизвестный вид события.")
    kind = _EVENTS[told]
    if kind is None or (kind == "rang" and _direction(form) == "out"):
        return (_fact(form, "leg", now),)
    return (_fact(form, kind, now),)


def _history(form: Mapping[str, str]) -> tuple[Fact, ...]:
    began = forms.moment(form.get("start", ""), "%Y%m%dT%H%M%SZ", _UTC, "start")
    wait, talk = forms.seconds(form, "wait"), forms.seconds(form, "duration")
    answered = form.get("status") == "Success"
    outcome = began + timedelta(seconds=wait)
    over = outcome + timedelta(seconds=talk if answered else 0)
    return (
        _fact(form, "rang", began, final=True),
        _fact(form, "answered" if answered else "missed", outcome, final=True),
        _fact(form, "ended", over, final=True, talk=talk if answered else 0, recording=forms.link(form.get("link"))),
    )


def _direction(form: Mapping[str, str]) -> Direction:
    told = form.get("direction") or form.get("type", "")
    return "out" if told.lower() in {"out", "outgoing"} else "in"


def _fact(
    form: Mapping[str, str],
    kind: Kind,
    at: datetime,
    *,
    final: bool = False,
    talk: int | None = None,
    recording: str | None = None,
) -> Fact:
    return Fact(
        kind=kind,
        at=at.astimezone(UTC),
        direction=_direction(form),
        phone=forms.number(form.get("phone")),
        ours=forms.number(form.get("telnum")),
        leg=(form.get("ext") or form.get("user") or None),
        final=final,
        talk_seconds=talk,
        recording=recording,
    )
