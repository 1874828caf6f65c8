"""UIS / CoMagic: the cabinet posts the JSON its templates say (`deploy/uis/*.template`) and signs nothing.

So the address carries a secret: `/v1/calls/uis/{token}`. A variable that says nothing is null. Times are those of the
account's zone.
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.intake.channels import forms
from services.intake.domain.calls import Fact, Kind, Report
from shared.contracts.base import Direction
from shared.ids import derived_id

PROVIDER = "uis"
_TIME = "%Y-%m-%d %H:%M:%S"


def _said(value: object) -> object:
    return "" if value is None else value


Said = Annotated[str, BeforeValidator(_said)]
"""Text, a number or null, as UIS fills it in."""


class Notice(BaseModel):
    """What a template fills in."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    event: Literal["rang", "answered", "missed", "ended", "recorded"]
    call_session_id: str = Field(min_length=1, max_length=200)
    direction: Literal["in", "out"] = "in"
    contact_phone_number: Said = Field(default="", max_length=200)
    virtual_phone_number: Said = Field(default="", max_length=200)
    employee: Said = Field(default="", max_length=200)
    notification_time: Said = Field(default="", max_length=40)
    talk_time_duration: Said = Field(default="", max_length=20)
    file_link: Said = Field(default="", max_length=2_000)


class UisDoor:
    """Takes the notices of one account; two tokens while one is being replaced by the other."""

    def __init__(self, tokens: tuple[str, ...], zone: str) -> None:
        self._tokens = tokens
        self._zone = ZoneInfo(zone)

    def check(self, token: str) -> None:
        """Raises `NotSetUp`, `BadSignature`."""
        forms.one_of(token, self._tokens)

    def report(self, body: bytes) -> Report:
        """What a notice says. Raises pydantic's `ValidationError`, `Unreadable`."""
        notice = Notice.model_validate_json(body)
        written = notice.notification_time.partition(".")[0]
        at = forms.moment(written, _TIME, self._zone, "notification_time")
        return Report(
            call_id=derived_id("call", PROVIDER, notice.call_session_id),
            provider=PROVIDER,
            provider_call_id=notice.call_session_id,
            facts=_facts(notice, at),
            raw=body.decode("utf-8", "replace"),
        )


def _facts(notice: Notice, at: datetime) -> tuple[Fact, ...]:
    if notice.event == "recorded":
        return (_fact(notice, "leg", at, recording=forms.link(notice.file_link)),)
    if notice.event != "ended":
        return (_fact(notice, notice.event, at),)
    talk = forms.seconds(notice.model_dump(), "talk_time_duration")
    outcome: Kind = "answered" if talk else "missed"
    ended = _fact(notice, "ended", at, talk=talk)
    return (_fact(notice, outcome, at - timedelta(seconds=talk), final=True), ended)


def _fact(
    notice: Notice,
    kind: Kind,
    at: datetime,
    *,
    final: bool = False,
    talk: int | None = None,
    recording: str | None = None,
) -> Fact:
    direction: Direction = notice.direction
    return Fact(
        kind=kind,
        at=at,
        direction=direction,
        phone=forms.number(notice.contact_phone_number),
        ours=forms.number(notice.virtual_phone_number),
        leg=notice.employee or None,
        final=final or kind == "ended",
        talk_seconds=talk,
        recording=recording,
    )
