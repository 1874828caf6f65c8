"""Whose base a client is in now: it follows every hand-over, whatever an old request says."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.routing.domain.facts import Client
from shared.contracts.base import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClient:
    """A client as accounts told of it last."""

    client_id: str
    manager_id: str
    revision: int
    former: tuple[str, ...] = ()
    """Managers who held it before."""


def heard_of(state: KnownClient | None, client_id: str, manager_id: str, revision: int) -> Decision[KnownClient]:
    """Accounts told of a client; what is older than what is known adds nothing but a former manager."""
    if state is None:
        return Decision(KnownClient(client_id=client_id, manager_id=manager_id, revision=revision))
    newer = revision > state.revision
    current, other = (manager_id, state.manager_id) if newer else (state.manager_id, manager_id)
    former = tuple(sorted({*state.former, other, current} - {current}))
    after = KnownClient(client_id=client_id, manager_id=current, revision=max(revision, state.revision), former=former)
    return Decision(state if after == state else after)


def manager_of(client: Client | None, known: Mapping[str, KnownClient]) -> str | None:
    """Who holds the client now; None where nobody does, or nobody has said whose request it is."""
    if client is None:
        return None
    now = known.get(client.client_id)
    return client.manager_id if now is None else now.manager_id
