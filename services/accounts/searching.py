"""Clients found by what people type: words of names, an INN, a phone, an e-mail, or the beginnings of them."""

import re
from collections.abc import Mapping
from typing import Any

from services.accounts import values
from services.accounts.domain.client import search_words
from services.accounts.store import Store
from services.accounts.values import Unfit

FEW = 1_000
"""Clients one word may find and still be where the search begins."""
DIGITS_NEEDED = 3
NOTHING = {"words": ""}

Filter = dict[str, Any]


async def by_words(store: Store, text: str, besides: Mapping[str, Any]) -> Filter:
    """Clients in whose name, or whose accountants' names, something begins with each word of `text`.

    The rarest word is looked up in the index. Where even that finds many, or where `besides` names the manager, whose
    base is short, clients are gone through in order of name instead.
    """
    words = search_words(text)
    if not words:
        return NOTHING
    if "manager_id" in besides:
        return _all_looked_at(words)
    counts = [await store.count_up_to({"words": _begins(word)}, FEW) for word in words]
    fewest = min(counts)
    if fewest == FEW:
        return _all_looked_at(words)
    rarest = words.pop(counts.index(fewest))
    return {"words": _begins(rarest)} | (_all_looked_at(words) if words else {})


async def by_anything(store: Store, text: str, besides: Mapping[str, Any]) -> Filter:
    """Clients `text` may mean: an e-mail where it has an @, an INN or a phone where it is a number, words else."""
    if "@" in text:
        return {"contacts.emails": _begins(text.strip().lower())}
    digits = re.sub(r"[\s()+.-]", "", text)
    if digits.isdecimal() and digits.isascii() and len(digits) >= DIGITS_NEEDED:
        words = await by_words(store, text, besides)
        return {"$or": [{"inn": _begins(digits)}, {"contacts.phones": _begins(_number(text, digits))}, words]}
    return await by_words(store, text, besides)


def _number(text: str, digits: str) -> str:
    """As phones are kept: E.164; the beginning of one where it is not whole."""
    try:
        return values.phone(text)
    except Unfit:
        return "+" + (digits if digits.startswith("7") else "7" + digits.removeprefix("8"))


def _begins(word: str) -> Filter:
    return {"$regex": f"^{re.escape(word)}"}


def _all_looked_at(words: list[str]) -> Filter:
    # Said twice negatively, since the database would try every word in the index first.
    return {"$nor": [{"words": {"$not": _begins(word)}} for word in words]}
