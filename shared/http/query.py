"""Query parameters a door does not have: a slip of the pen must not be answered with everything there is."""

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from shared.http.problems import Problem

_known: WeakKeyDictionary[Callable[..., Any], frozenset[str]] = WeakKeyDictionary()


async def only_known_parameters(request: Request) -> None:
    """A FastAPI dependency. Raises `Problem` 422 that names the parameters this door does not have, and those it has.

    `requires` asks it: whoever comes with a pass or a key is told. Who comes without one is let be: telephonies and
    mail programs hang parameters of their own on our addresses.
    """
    if not request.scope["query_string"]:
        return
    known = _parameters(request.scope["route"])
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        there = f"есть: {', '.join(sorted(known))}" if known else "здесь их не бывает"
        said = f"Нет таких параметров: {', '.join(unknown)}; {there}."
        raise Problem(422, "unknown-parameter", said, unknown=unknown, known=sorted(known))


def _parameters(route: APIRoute) -> frozenset[str]:
    """The query parameters of a door, looked for once."""
    known = _known.get(route.endpoint)
    if known is None:
        known = _known[route.endpoint] = frozenset(_names(route.dependant))
    return known


def _names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (inner.alias or name for name, inner in kind.model_fields.items())
        else:
            yield field.alias
    for inner in dependant.dependencies:
        yield from _names(inner)
