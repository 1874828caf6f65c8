"""The two sides of the comparison: what a phase of it needs to know of either."""

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.ids import random_id
from tests.bench.load import Body, Generator
from tests.bench.texts import subject, text


class Side(Protocol):
    """A system that takes requests in over HTTP and has work to do on each afterwards."""

    name: str
    generator: Generator

    def pids(self) -> Mapping[str, int]:
        """Its processes by name, broker and database included."""
        ...

    async def done(self) -> int:
        """How many requests everything is done for, ever."""
        ...


def bodies(phones: Sequence[str]) -> Body:
    """The n-th request as an integration posts it, from clients in turn; no other run ever posts the same."""
    run = random_id()[:12]

    def body(number: int) -> bytes:
        posted = {
            "channel": "phone",
            "contact": {"phone": phones[number % len(phones)]},
            "subject": subject(number),
            "text": text(number),
            "external_id": f"{run}-{number}",
        }
        return json.dumps(posted, ensure_ascii=False).encode()

    return body
