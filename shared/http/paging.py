"""Cursor paging: `?limit=…&cursor=…`, answered with `items` and the cursor of the next page."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from shared.http.problems import Problem

T = TypeVar("T")
LIMIT = 200


class Page(BaseModel, Generic[T]):
    """One page; `next` is the cursor of the following one, absent on the last."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Paging:
    """How many are wanted, and after which key (the sort key of the last one seen)."""

    limit: int
    after: str | None

    def page(self, found: Sequence[T], key: Callable[[T], str], *, beyond: str | None = None) -> Page[T]:
        """The page made of `found`, which was asked for with one more than `limit`; `beyond` is the key to go on after
        where fewer were found, but not everything was looked through."""
        items = list(found[: self.limit])
        last = key(items[-1]) if len(found) > self.limit else beyond
        return Page(items=items, next=None if last is None else _cursor(last))


async def paging(limit: Annotated[int, Query(ge=1, le=LIMIT)] = 50, cursor: str | None = None) -> Paging:
    """The FastAPI dependency."""
    if cursor is None:
        return Paging(limit, None)
    try:
        return Paging(limit, urlsafe_b64decode(cursor.encode("ascii")).decode())
    except ValueError:
        raise bad_cursor() from None


def bad_cursor() -> Problem:
    """The refusal of a cursor that no page was answered with."""
    return Problem(422, "bad-cursor", "cursor: берите его из поля next предыдущей страницы.")


def _cursor(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode()


Paged = Annotated[Paging, Depends(paging)]
