"""Zadarma / Novofon: form posts signed in the header `Signature`, base64 of the hex text of an HMAC-SHA1.

What is signed differs by event. `NOTIFY_END` and `NOTIFY_OUT_END` saw all of the call, and decide. Local times are
those of the account's zone. The address is checked once by `GET ?zd_echo=…`, which is echoed.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha1
from zoneinfo import ZoneInfo

from services.intake.channels import forms
from services.intake.channels.doors import Unreadable
from services.intake.domain.calls import Fact, Kind, Report
from shared.contracts.base import Direction, to_milliseconds
from shared.ids import derived_id

PROVIDER = "zadarma"
_START = "%Y-%m-%d %H:%M:%S"
_IN, _ANSWER = ("caller_id", "called_did", "call_start"), ("caller_id", "destination", "call_start")
_OUT, _RECORD = ("internal", "destination", "call_start"), ("pbx_call_id", "call_id_with_rec")
SIGNED: dict[str, tuple[str, ...]] = {
    "NOTIFY_START": _IN,
    "NOTIFY_INTERNAL": _IN,
    "NOTIFY_END": _IN,
    "NOTIFY_ANSWER": _ANSWER,
    "NOTIFY_OUT_START": _OUT,
    "NOTIFY_OUT_END": _OUT,
    "NOTIFY_RECORD": _RECORD,
}
"""What of an event is signed, in this order."""
_KINDS: dict[str, Kind] = {"NOTIFY_START": "rang", "NOTIFY_ANSWER": "answered"}


class ZadarmaDoor:
    """Takes the notifications of one account; two secrets while one is being replaced by the other."""

    def __init__(self, secrets: tuple[str, ...], zone: str) -> None:
        self._secrets = secrets
        self._zone = ZoneInfo(zone)

    def payload(self, body: bytes, signature: str) -> bytes:
        """A form that is really from Zadarma. Raises `NotSetUp`, `BadSignature`, `Unreadable`."""
        form = forms.fields(body)
        signed = SIGNED.get(form.get("event", ""))
        if signed is None:
            raise Unreadable("Поле event: неизвестное событие.")
        text = "".join(form.get(name, "") for name in signed)
        forms.one_of(signature, [sign(secret, text) for secret in self._secrets])
        return forms.written(forms.pairs(body))

    def report(self, form: Mapping[str, str], now: datetime) -> Report:
        """What a form says about a call; `now` is when it came. Raises `Unreadable`."""
        call = forms.call_named(form, "pbx_call_id")
        return Report(
            call_id=derived_id("call", PROVIDER, call),
            provider=PROVIDER,
            provider_call_id=call,
            facts=self._facts(form, now),
            raw=forms.written(form.items()).decode(),
        )

    def _facts(self, form: Mapping[str, str], now: datetime) -> tuple[Fact, ...]:
        event, now = form["event"], to_milliseconds(now)
        if event == "NOTIFY_RECORD":
            return (_recorded(forms.call_named(form, "call_id_with_rec"), now),)
        began = forms.moment(form.get("call_start", ""), _START, self._zone, "call_start")
        if event.endswith("_END"):
            return _over(form, began, now)
        kind = _KINDS.get(event, "leg")
        return (_fact(form, kind, began if kind == "rang" else now),)


def sign(secret: str, text: str) -> str:
    """The signature of `text`."""
    return b64encode(hmac.new(secret.encode(), text.encode(), sha1).hexdigest().encode()).decode()


def _recorded(recording: str, now: datetime) -> Fact:
    """The provider gives a link on request, by this id."""
    return Fact(kind="leg", at=now, final=False, recording=f"{PROVIDER}:{recording}")


def _over(form: Mapping[str, str], began: datetime, now: datetime) -> tuple[Fact, ...]:
    talk = forms.seconds(form, "duration") if form.get("disposition") == "answered" else 0
    answered = form.get("disposition") == "answered"
    outcome = max(began, now - timedelta(seconds=talk)) if answered else now
    return (
        _fact(form, "rang", began, final=True),
        _fact(form, "answered" if answered else "missed", outcome, final=True),
        _fact(form, "ended", max(outcome, now), final=True, talk=talk),
    )


def _fact(form: Mapping[str, str], kind: Kind, at: datetime, *, final: bool = False, talk: int | None = None) -> Fact:
    direction: Direction = "out" if form["event"].startswith("NOTIFY_OUT") else "in"
    return Fact(
        kind=kind,
        at=at,
        direction=direction,
        phone=forms.number(form.get("destination" if direction == "out" else "caller_id")),
        ours=forms.number(form.get("caller_id" if direction == "out" else "called_did")),
        leg=form.get("internal") or None,
        final=final,
        talk_seconds=talk,
    )
