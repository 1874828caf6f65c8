"""Who is asking, and what they may: short-lived signed tokens for people and services, API keys for integrations."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwk import OKPKey
from joserfc.jwt import JWTClaimsRegistry

from shared.clock import machine_now
from shared.http.api_keys import ApiKeys
from shared.http.problems import Problem
from shared.http.query import only_known_parameters
from shared.roles import ISSUER, NAMES, ROLES

CACHED = 2_000


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who proved who they are. `subject` is the id of the manager, the specialist, another person, or the
    name of the integration."""

    subject: str
    roles: frozenset[str]
    scopes: frozenset[str] = frozenset()

    def has(self, *roles: str) -> bool:
        """Whether they have one of `roles`."""
        return not self.roles.isdisjoint(roles)


class Tokens:
    """Checks tokens signed with the company's Ed25519 key. A token once checked is remembered until it expires."""

    def __init__(self, public_key: str) -> None:
        self._key = OKPKey.import_key(json.loads(public_key))
        self._claims = JWTClaimsRegistry(
            now=lambda: int(machine_now().timestamp()),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": ISSUER},
            sub={"essential": True},
            exp={"essential": True},
        )
        self._checked: dict[str, tuple[int, Principal]] = {}

    def principal(self, token: str) -> Principal:
        """Raises `Problem` 401 for a token that is expired, foreign or no token at all."""
        known = self._checked.get(token)
        if known is not None and known[0] > machine_now().timestamp():
            return known[1]
        try:
            claims = jwt.decode(token, self._key, algorithms=["Ed25519", "EdDSA"]).claims
            self._claims.validate(claims)
            principal = Principal(str(claims["sub"]), frozenset(map(str, claims.get("roles", ()))) & ROLES)
        except (JoseError, ValueError, TypeError) as error:
            raise Problem(401, "bad-token", f"Пропуск не принят: {_reason(error)}.") from None
        if len(self._checked) >= CACHED:
            self._checked.clear()
        self._checked[token] = (int(claims["exp"]), principal)
        return principal


def requires(*roles: str, scope: str | None = None) -> Callable[..., Awaitable[Principal]]:
    """A FastAPI dependency: somebody with one of `roles`; an integration needs `scope` as well. What they ask with is
    looked at then: a query parameter the door does not have is refused."""

    async def check(request: Request) -> Principal:
        # Read here: as parameters of the door they would be validated on every path, and be in no document.
        headers = request.headers
        principal = await _who(request.app.state, headers.get("authorization"), headers.get("x-api-key"))
        if not principal.has(*roles):
            raise Problem(403, "forbidden", f"Это может только {' или '.join(NAMES[role] for role in roles)}.")
        if "integration" in principal.roles and scope is not None and scope not in principal.scopes:
            raise Problem(403, "forbidden", f"Ключу не дано право {scope}.")
        await only_known_parameters(request)
        return principal

    return check


async def _who(state: Any, authorization: str | None, api_key: str | None) -> Principal:
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Problem(401, "bad-token", "Заголовок Authorization: Bearer <пропуск>.")
        tokens: Tokens = state.tokens
        return tokens.principal(token.strip())
    keys: ApiKeys | None = getattr(state, "api_keys", None)
    if api_key is not None and keys is not None:
        holder = await keys.holder(api_key)
        if holder is None:
            raise Problem(401, "bad-key", "Ключ неизвестен, отозван или просрочен.")
        return Principal(holder.name, frozenset({"integration"}), holder.scopes)
    raise Problem(401, "no-token", "Нужен заголовок Authorization: Bearer" + (" или X-API-Key." if keys else "."))


def _reason(error: Exception) -> str:
    if isinstance(error, ExpiredTokenError):
        return "срок истёк, возьмите новый"
    if isinstance(error, ClaimError):
        return f"в нём неверно поле {error.claim}"
    return "он не наш или испорчен, возьмите новый"


Anybody = Annotated[Principal, Depends(requires(*ROLES))]
