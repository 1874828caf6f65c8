"""What was published once must be understood for ever: the golden JSON of each event stands in a folder a service."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.base import Event
from tests.contracts import accounts_events, intake_events, payroll_events, routing_events, sla_monitor_events
from tests.shared.test_topology import events

FOLDER = Path(__file__).parent
PUBLISHED: dict[str, tuple[Event, ...]] = {
    "intake": intake_events.EVENTS,
    "routing": routing_events.EVENTS,
    "sla_monitor": sla_monitor_events.EVENTS,
    "accounts": accounts_events.EVENTS,
    "payroll": payroll_events.EVENTS,
}
EACH = pytest.mark.parametrize(
    ("service", "event"),
    [(service, event) for service, events in PUBLISHED.items() for event in events],
    ids=lambda value: value.TYPE if isinstance(value, Event) else value,
)


def golden(service: str, event: Event) -> str:
    """What is kept of the event, as it was once published."""
    return (FOLDER / service / f"{event.TYPE}.json").read_text(encoding="utf-8")


@EACH
def test_what_was_published_once_is_understood(service: str, event: Event) -> None:
    assert type(event).model_validate_json(golden(service, event)) == event


@EACH
def test_what_is_published_has_only_been_added_to(service: str, event: Event) -> None:
    kept = json.loads(golden(service, event))
    assert _of_what_was_kept(event.model_dump(mode="json"), kept) == kept


@EACH
def test_a_field_nobody_knows_is_ignored(service: str, event: Event) -> None:
    newer = json.loads(golden(service, event)) | {"added_later": {"by": "a newer publisher"}}
    assert type(event).model_validate(newer) == event


@pytest.mark.parametrize("service", PUBLISHED)
def test_every_event_has_a_golden_file(service: str) -> None:
    kept = {path.stem for path in (FOLDER / service).glob("*.json")}
    assert kept == {event.TYPE for event in PUBLISHED[service]}
    assert kept == {kind.TYPE for publisher, kind in events() if publisher == service}


def _of_what_was_kept(published: Any, kept: Any) -> Any:
    """`published` without what has been added since, in its parts as well."""
    if isinstance(published, dict) and isinstance(kept, dict):
        return {name: _of_what_was_kept(published.get(name), kept[name]) for name in kept}
    if isinstance(published, list) and isinstance(kept, list) and len(published) == len(kept):
        return [_of_what_was_kept(now, then) for now, then in zip(published, kept, strict=True)]
    return published
