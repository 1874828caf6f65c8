"""`/v1/api-keys`: a director makes, lists and revokes the keys of integrations."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from shared.http.api_keys import ApiKeys, MadeBefore
from shared.http.auth import Principal, requires
from shared.http.idempotency import IdempotencyKey
from shared.http.problems import Problem
from shared.ids import derived_id

DAYS_LIMIT = 3660
Director = Annotated[Principal, Depends(requires("director"))]


class NewKey(BaseModel, extra="forbid"):
    """What a key is for, what it may do, and for how many days."""

    name: str = Field(min_length=1, max_length=200)
    scopes: list[str] = Field(min_length=1, max_length=20)
    days: int = Field(default=365, ge=1, le=DAYS_LIMIT)


def router(keys: ApiKeys, scopes: frozenset[str]) -> APIRouter:
    """`/v1/api-keys` for a director: make, list, revoke. `scopes` are those this service knows."""
    routes = APIRouter(prefix="/v1/api-keys", tags=["api-keys"], dependencies=[Depends(requires("director"))])

    @routes.post("", status_code=201)
    async def create(new: NewKey, who: Director, key: IdempotencyKey) -> dict[str, str]:
        unknown = sorted(set(new.scopes) - scopes)
        if unknown:
            raise Problem(
                422, "unknown-scope", f"Нет таких прав: {', '.join(unknown)}. Есть: {', '.join(sorted(scopes))}."
            )
        asked_as = None if key is None else derived_id("api-key", who.subject, key)
        try:
            return {"key": await keys.create(new.name, sorted(new.scopes), new.days, asked_as=asked_as)}
        except MadeBefore as before:
            raise Problem(409, "key-made-before", _made_before(before.prefix), prefix=before.prefix) from None

    @routes.get("")
    async def listed() -> list[dict[str, Any]]:
        return await keys.listed()

    @routes.delete("/{prefix}", status_code=204)
    async def revoke(prefix: str) -> None:
        if not await keys.revoke(prefix):
            raise Problem(404, "unknown-key", "Такого ключа нет.")

    return routes


def _made_before(prefix: str) -> str:
    return (
        f"Под этим Idempotency-Key уже сделан ключ {prefix}, а целиком ключ показывают один раз. Если он потерян, "
        f"отзовите его (DELETE /v1/api-keys/{prefix}) и сделайте новый под другим Idempotency-Key."
    )
