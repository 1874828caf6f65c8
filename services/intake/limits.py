"""How often somebody outside may knock: so many at once, then one every so often, for each key of its own.

Of this process, like the gates of providers. The keys that have been quiet longest are forgotten first, so that a flood
of ever new keys takes no more memory than `KEYS` of them.
"""

from collections import OrderedDict

KEYS = 20_000


class Allowance:
    """`burst` at once, and one more every `every` seconds."""

    def __init__(self, burst: int, every: float, keys: int = KEYS) -> None:
        self._every = every
        self._ahead = burst * every
        self._keys = keys
        self._paid_until: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """0 where `key` may come in now, which is counted; else the seconds it has to wait, and nothing is counted."""
        paid = max(self._paid_until.get(key, now), now) + self._every
        over = paid - now - self._ahead
        if over > 0:
            return over
        self._paid_until[key] = paid
        self._paid_until.move_to_end(key)
        if len(self._paid_until) > self._keys:
            self._paid_until.popitem(last=False)
        return 0.0
