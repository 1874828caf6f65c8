"""Idempotency keys: the id of what a POST creates is derived from the caller's key, so a repeat finds the first."""

from typing import Annotated

from fastapi import Depends, Header

from shared.http.problems import Problem

LIMIT = 200


async def _key(
    idempotency_key: Annotated[str | None, Header(description="The same key again finds the first answer.")] = None,
) -> str | None:
    if idempotency_key is not None and not (0 < len(idempotency_key) <= LIMIT and idempotency_key.isprintable()):
        raise Problem(422, "bad-idempotency-key", f"Idempotency-Key: от 1 до {LIMIT} печатных знаков.")
    return idempotency_key


IdempotencyKey = Annotated[str | None, Depends(_key)]
