"""What a request needs of whoever takes it: 1C products, and at least a level."""

import re
from dataclasses import dataclass
from functools import lru_cache

from shared.contracts.base import Nature

COMPLEX_LEVEL = 4
"""The least level for a complex request: it needs a more competent specialist (R-REQ-1)."""
TOP_LEVEL = 5

_VENDOR = re.compile(r"^1[сc]\s*:?\s*")


@dataclass(frozen=True, slots=True)
class Need:
    """Product keys (all of them are needed; none where nobody knows yet) and the least level."""

    products: tuple[str, ...]
    level: int

    @property
    def key(self) -> str:
        """The same for equal needs: what cannot be met for one cannot for the others."""
        return f"{'|'.join(self.products)}#{self.level}"


@lru_cache(maxsize=4096)
def product_key(name: str) -> str:
    """The product's name in one spelling: `1С:ЗГУ`, `1c: згу` and `ЗГУ` are one."""
    return _VENDOR.sub("", " ".join(name.casefold().split()))


def need_of(products: tuple[str, ...], nature: Nature | None) -> Need:
    """What a request about `products` needs."""
    keys = tuple(sorted({key for product in products if (key := product_key(product))}))
    return Need(keys, COMPLEX_LEVEL if nature == "complex" else 1)
