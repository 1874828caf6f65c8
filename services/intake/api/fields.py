"""The fields of bodies and answers, who may come in, and what they may see."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.intake.channels.gate import KeyGates
from services.intake.domain.callers import KnownClient
from services.intake.domain.refusals import UnknownClient, UnknownContact
from services.intake.phones import phone_in
from services.intake.post import PostOffice
from services.intake.reception import Reception
from shared.http.auth import Principal, requires

SEES_ALL = ("lead", "director", "service")
"""Roles that see every manager's requests; a manager sees their own base and what is nobody's yet."""
SCOPES = frozenset({"requests:write", "requests:read", "emails:write"})
"""What a key of an integration may be for; it reads the requests it registered."""


async def _reception(request: Request) -> Reception:
    reception: Reception = request.app.state.deps
    return reception


async def _office(request: Request) -> PostOffice:
    office: PostOffice = request.app.state.post
    return office


Office = Annotated[PostOffice, Depends(_office)]
Deps = Annotated[Reception, Depends(_reception)]


def _counted(scope: str) -> Callable[..., Awaitable[Principal]]:
    """Who may come with this scope; an integration only so often. Raises `TooOften`."""

    async def check(
        request: Request, who: Annotated[Principal, Depends(requires("integration", "manager", *SEES_ALL, scope=scope))]
    ) -> Principal:
        if who.has("integration"):
            gates: KeyGates = request.app.state.key_gates
            gates.count(who.subject)
        return who

    return check


Registrar = Annotated[Principal, Depends(_counted("requests:write"))]
Postman = Annotated[Principal, Depends(_counted("emails:write"))]
RequestReader = Annotated[Principal, Depends(requires("integration", "manager", *SEES_ALL, scope="requests:read"))]
Reader = Annotated[Principal, Depends(requires("manager", *SEES_ALL))]
Speaker = Annotated[Principal, Depends(requires("manager", "specialist", *SEES_ALL))]
"""A specialist gets as far as the refusal that tells why."""


def _phone(text: str) -> str:
    if phone_in(text) is None:
        raise PydanticCustomError("phone", "это не телефонный номер; пример: +7 391 222-33-44")
    return text


def _email(text: str) -> str:
    return text.lower()


Phone = Annotated[str, AfterValidator(_phone), Field(max_length=64, examples=["+7 391 222-33-44"])]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s<>\"]+@[^@\s<>\"]+$"),
    AfterValidator(_email),
    Field(examples=["buh@school5.ru"]),
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000)]
Id = Annotated[str, Field(min_length=1, max_length=200)]


class Body(BaseModel):
    """What somebody sends: fields nobody knows are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Owner(Body):
    """Whose a request or a call is."""

    client_id: Id
    contact_id: Id | None = None


class View(BaseModel):
    """What somebody is shown of a state."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


async def client_named(reception: Reception, client_id: str, contact_id: str | None) -> KnownClient:
    """A client that was registered, with that contact. Raises `UnknownClient`, `UnknownContact`."""
    known = await reception.store.clients.get(client_id)
    if known is None or not known.revision:
        raise UnknownClient
    if contact_id is not None and contact_id not in {contact.contact_id for contact in known.contacts}:
        raise UnknownContact
    return known


async def base_of(reception: Reception, who: Principal) -> frozenset[str] | None:
    """The clients whose requests `who` may see, beside what is nobody's; None for all."""
    return None if who.has(*SEES_ALL, "integration") else await reception.store.base_of(who.subject)
