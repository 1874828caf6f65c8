"""Who is kept away from whom (R-COI-3). An exclusion stands in the specialist's own document, where places are taken:
so no assignment passes it, a manual one included, whatever another replica has heard of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.routing.domain.refusals import BadExclusion, UnknownExclusion

EXCLUSIONS_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """This specialist is not given this client's work."""

    exclusion_id: str
    client_id: str
    reason: str
    since: datetime
    until: datetime | None
    """None: until it is lifted."""
    by: str

    def stands(self, now: datetime) -> bool:
        """Whether it is in force."""
        return self.until is None or now < self.until


def excluded(exclusions: Sequence[Exclusion], client_id: str | None, now: datetime) -> Exclusion | None:
    """The one that keeps the specialist away from this client, if one does."""
    return next((one for one in exclusions if one.client_id == client_id and one.stands(now)), None)


def with_one_more(exclusions: Sequence[Exclusion], new: Exclusion) -> tuple[Exclusion, ...]:
    """`exclusions` with `new`; those over are forgotten. Raises `BadExclusion`."""
    if new.until is not None and new.until <= new.since:
        raise BadExclusion("Запрет кончается в прошлом: until должен быть позже, чем сейчас.")
    standing = [one for one in exclusions if one.stands(new.since)]
    if any(one.client_id == new.client_id for one in standing):
        raise BadExclusion("Такой запрет уже действует; снимите его, если нужен другой срок.")
    if len(standing) >= EXCLUSIONS_KEPT:
        raise BadExclusion(f"У специалиста уже {EXCLUSIONS_KEPT} запретов: снимите признак active.")
    return (*standing, new)


def without(
    exclusions: Sequence[Exclusion], exclusion_id: str, client_id: str
) -> tuple[Exclusion, tuple[Exclusion, ...]]:
    """The one lifted, and those left. Raises `UnknownExclusion`."""
    for one in exclusions:
        if (one.exclusion_id, one.client_id) == (exclusion_id, client_id):
            return one, tuple(other for other in exclusions if other is not one)
    raise UnknownExclusion
