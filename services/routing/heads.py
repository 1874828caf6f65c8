"""Who waits at the head of the queue, as this process knows it, so that what comes later does not slip in before them
in the moment between a place given back and the queue gone through."""

from collections.abc import Collection, Iterable

from services.routing.domain.candidates import Wish

Kind = tuple[str, str, frozenset[str]]
"""Who waits for the same: the priority, the need, and whom the accountant refused."""


class Heads:
    """The first of those who wait for the same. It may be out of date: each going through the queue puts it right."""

    def __init__(self) -> None:
        self._first: dict[Kind, Wish] = {}

    def __len__(self) -> int:
        return len(self._first)

    def join(self, wish: Wish) -> None:
        """This waits as well."""
        kind = (wish.priority, wish.need.key, wish.barred)
        first = self._first.get(kind)
        if first is None or wish.order < first.order or wish.request_id == first.request_id:
            self._first[kind] = wish

    def before(self, wish: Wish) -> list[Wish]:
        """Those who come before `wish`."""
        return [first for first in self._first.values() if first.order < wish.order]

    def known(self) -> set[str]:
        """The requests that are heads."""
        return {wish.request_id for wish in self._first.values()}

    def update(self, gone: Collection[str], still: Iterable[Wish]) -> None:
        """The queue was gone through: the requests in `gone` are heads no more, unless they wait `still`."""
        self._first = {kind: wish for kind, wish in self._first.items() if wish.request_id not in gone}
        for wish in still:
            self.join(wish)
