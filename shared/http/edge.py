"""What stands before every door: correlation, limits, and the time it took. Plain ASGI, because it is on every path."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import Problem, problem_response, unexpected
from shared.ids import NewId
from shared.messaging.envelope import Cause, current_cause
from shared.observability import HTTP_IN_FLIGHT, HTTP_REFUSED, HTTP_TIME

BODY_LIMIT = 10_000_000
"""Bytes."""
ID_LIMIT = 200
ALWAYS_OPEN = ("/health/", "/metrics")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Limits of their own for the paths that begin so: what is small may come in greater numbers."""

    prefix: str
    in_flight: int
    body: int
    """Bytes; a longer body is refused before it is read."""
    needs_broker: bool = True
    """False where all that is done at once is to keep it."""


class Edge:
    """Wraps a service's HTTP app.

    `full()` tells why no new work should be taken on, or None. Health and metrics are answered all the same.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        new_id: NewId,
        limit: int,
        full: Callable[[], str | None],
        lanes: Sequence[Lane] = (),
    ) -> None:
        self._app = app
        self._new_id = new_id
        self._full = full
        self._lanes = (*lanes, Lane(prefix="/", in_flight=limit, body=BODY_LIMIT))
        self._in_flight = dict.fromkeys(self._lanes, 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(ALWAYS_OPEN):
            await self._app(scope, receive, send)
            return
        lane = next(lane for lane in self._lanes if scope["path"].startswith(lane.prefix) or lane is self._lanes[-1])
        refusal = self._refusal(scope, lane)
        if refusal is not None:
            response = problem_response(refusal.status, refusal.slug, refusal.detail)
            response.headers["X-Correlation-ID"] = self._cause(scope).correlation_id
            await response(scope, receive, send)
            return
        self._count(lane, 1)
        try:
            await self._timed(scope, _limited(receive, lane.body), send)
        finally:
            self._count(lane, -1)

    def _count(self, lane: Lane, more: int) -> None:
        self._in_flight[lane] += more
        HTTP_IN_FLIGHT.set(sum(self._in_flight.values()))

    def _refusal(self, scope: Scope, lane: Lane) -> Problem | None:
        crowded = self._in_flight[lane] >= lane.in_flight
        stuck = self._full() if lane.needs_broker else None
        why = "слишком много запросов одновременно" if crowded else stuck
        if why is not None:
            HTTP_REFUSED.inc()
            return Problem(503, "overloaded", f"Служба занята ({why}); повторите запрос.")
        length = _header(scope, b"content-length")
        if length is not None and length.isdecimal() and int(length) > lane.body:
            return _too_large(lane.body)
        return None

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        cause = self._cause(scope)
        status: int | None = None

        async def answered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-correlation-id", cause.correlation_id.encode())]
            await send(message)

        token = current_cause.set(cause)
        try:
            await self._app(scope, receive, answered)
        except Exception as error:
            response = unexpected(error)
            if status is not None:
                raise
            await response(scope, receive, answered)
        finally:
            current_cause.reset(token)
            route = getattr(scope.get("route"), "path", "none")
            took = perf_counter() - began
            HTTP_TIME.labels(method=scope["method"], route=route, status=status or 500).observe(took)

    def _cause(self, scope: Scope) -> Cause:
        # Both go out in the headers of messages, which the broker must be able to take.
        given = _header(scope, b"x-correlation-id") or ""
        fits = 0 < len(given) <= ID_LIMIT and given.isascii() and given.isprintable()
        trace = _header(scope, b"traceparent") or ""
        return Cause(given if fits else self._new_id(), None, trace if TRACEPARENT.fullmatch(trace) else None)


def _limited(receive: Receive, limit: int) -> Receive:
    """`receive` that refuses a body which turns out longer than it said."""
    taken = 0

    async def limited() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _too_large(limit)
        return message

    return limited


def _too_large(limit: int) -> Problem:
    shown = f"{limit // 1_000_000} МБ" if limit >= 1_000_000 else f"{limit // 1_000} КБ"  # noqa: PLR2004
    return Problem(413, "too-large", f"Тело запроса больше {shown}.")


def _header(scope: dict[str, Any] | Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return None
