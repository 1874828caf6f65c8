"""MegaFon VATS: form posts that carry `crm_token`; `contact` is asked while the phone rings and answered at once.

Events tell of legs: CANCELLED also comes when a colleague picked up, and decides nothing. What a call came to, only
`cmd=history` decides.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.intake.channels import forms
from services.intake.channels.doors import Unreadable, not_from_the_future
from services.intake.domain.calls import Fact, Kind, Report
from shared.contracts.base import Direction
from shared.ids import derived_id

PROVIDER = "megafon"
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

    def form(self, body: bytes) -> dict[str, str]:
        """A form that is really from the VATS. Raises `NotSetUp`, `BadSignature`, `Unreadable`, `TooLong`."""
        form = forms.fields(body)
        forms.one_of(form.pop("crm_token", ""), self._tokens)
        return form


def report(form: Mapping[str, str], now: datetime) -> Report | None:
    """What a form says about a call, None where it is about none. Raises `Unreadable`, `FromTheFuture`."""
    kind = form.get("cmd")
    if kind not in {"event", "history"}:
        return None
    call = forms.call_named(form, "callid")
    return Report(
        call_id=derived_id("call", PROVIDER, call),
        provider=PROVIDER,
        provider_call_id=call,
        facts=_history(form, now) if kind == "history" else _event(form, now),
        raw=str(dict(sorted(form.items()))),
    )


def _event(form: Mapping[str, str], now: datetime) -> tuple[Fact, ...]:
    told = form.get("type", "").upper()
    if told not in _EVENTS:
        raise Unreadable("Поле type: неизвестный вид события.")
    kind = _EVENTS[told]
    if kind is None or (kind == "rang" and _direction(form) == "out"):
        return (_fact(form, "leg", now),)
    return (_fact(form, kind, now),)


def _history(form: Mapping[str, str], now: datetime) -> tuple[Fact, ...]:
    began = not_from_the_future(forms.moment(form.get("start", ""), "%Y%m%dT%H%M%SZ", _UTC, "start"), now)
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
