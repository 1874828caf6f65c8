"""Logs and the metrics every service has."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram

from shared.messaging.envelope import current_cause

FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

PUBLISHED = Counter("svoy_events_published", "Events the broker confirmed.", ["type"])
HANDLED = Counter(
    "svoy_events_handled", "Messages by what became of them: applied, retried, parked.", ["type", "outcome"]
)
DUPLICATES = Counter("svoy_events_duplicate", "Messages a document had already seen.", ["collection"])
OUTBOX = Gauge("svoy_outbox_events", "Events written and not yet confirmed published.", ["collection"])
OUTBOX_AGE = Gauge(
    "svoy_outbox_oldest_age_seconds", "Age of the oldest event not yet confirmed published.", ["collection"]
)
COMMIT_BATCH = Histogram(
    "svoy_commit_batch_size", "Writes that went to the database together.", ["collection"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)  # fmt: skip
CONFLICTS = Counter("svoy_version_conflicts", "Writes another replica was faster with.", ["collection"])
UNREADABLE = Counter(
    "svoy_documents_unreadable", "Documents and outbox entries met that this program cannot read.", ["collection"]
)
HANDLER_TIME = Histogram("svoy_handler_seconds", "Time to handle a message.", ["type"], buckets=FAST)
HTTP_TIME = Histogram(
    "svoy_http_request_seconds", "Time to answer an HTTP request.", ["method", "route", "status"], buckets=FAST
)
HTTP_IN_FLIGHT = Gauge("svoy_http_in_flight", "HTTP requests being worked on.")
HTTP_REFUSED = Counter("svoy_http_refused", "HTTP requests refused because too many were in flight.")
QUEUE = Gauge("svoy_queue_messages", "Messages waiting in the service's queue.")
PARKED_MESSAGES = Gauge("svoy_parked_messages", "Messages parked for a person.")

_PHONE = re.compile(r"(?<![\w-])(?!\d{4}-\d\d-\d\d)\+?\d[\d ()\-]{8,14}\d(?![\w-])")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER_FIELDS = frozenset({"inn", "snils", "phone", "email", "phones", "emails", "words", "text"})


def masked(text: str) -> str:
    """`text` with phones, e-mail addresses, INN and SNILS made unreadable."""
    return _PHONE.sub("[number]", _EMAIL.sub("[e-mail]", text))


def mask_personal(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: no personal data in logs."""
    for key, value in event.items():
        if key not in {"timestamp", "level"}:
            event[key] = _masked_field(key, value)
    return event


def _masked_field(key: str, value: Any) -> Any:
    if key in _NUMBER_FIELDS:
        return "[masked]"
    if isinstance(value, Mapping):
        return {inner: _masked_field(str(inner), one) for inner, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked_field("", one) for one in value]
    return masked(value) if isinstance(value, str) else value


def _saying_for_whom(service: str) -> structlog.typing.Processor:
    """A processor: which service says it, and for which request or message (`correlation_id`, `causation_id`)."""

    def add(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        cause = current_cause.get()
        if cause is not None:
            event["correlation_id"] = cause.correlation_id
            if cause.causation_id is not None:
                event["causation_id"] = cause.causation_id
        return event

    return add


def configure_logs(service: str, level: str, form: str) -> None:
    """One JSON line (or, with `text`, one readable line) an event on standard output; the libraries' logs as well."""
    shared: list[structlog.typing.Processor] = [
        _saying_for_whom(service),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_personal,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
