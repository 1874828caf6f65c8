"""Identifiers. Nothing else in the project makes one, so that tests and replays can know them beforehand."""

import uuid
from typing import Protocol

NAMESPACE = uuid.UUID("5d0e1c3a-9b1f-5c53-8f0b-7d1e5a60c1f4")


class NewId(Protocol):
    """Makes an id nobody has seen before."""

    def __call__(self) -> str: ...


def random_id() -> str:
    """A fresh random id (32 hex digits)."""
    return uuid.uuid4().hex


def derived_id(*parts: str) -> str:
    """The id that belongs to these parts: the same for the same parts, on every machine.

    What arrives from outside gets its id this way, from its own key, so that a repeat finds the first.
    """
    return uuid.uuid5(NAMESPACE, "\x1f".join(parts)).hex
