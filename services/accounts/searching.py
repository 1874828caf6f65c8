"""Clients found by what people type: words of names, an INN, a phone, an e-mail, or the beginnings of them."""

import re
from collections.abc import Mapping
from typing import Any

from services.accounts import values
from services.accounts.domain.client import search_words
from services.accounts.store import Store
from services.accounts.values import Unfit

FEW = 12_000
"""Clients a word may find and still be where the search begins; more are gone through in order of name."""
DIGITS_NEEDED = 3
NOTHING = {"words": ""}

Filter = dict[str, Any]


async def by_words(store: Store, text: str, besides: Mapping[str, Any]) -> Filter:
    """Clients in whose name, or whose accountants' names, something begins with each word of `text`.

    The rarest word is looked up in the index. Where even that finds many, or where `besides` names the manager, whose
    base is short, clients are gone through in order of name instead.
    """
    wheres = [{"words": _begins(word)} for word in search_words(text)]
    if not wheres:
        return NOTHING
    looked_up: Filter = {}
    if "manager_id" not in besides:
        counts = [await store.count_up_to(where, FEW) for where in wheres]
        if min(counts) < FEW:
            looked_up = wheres.pop(counts.index(min(counts)))
    return {"$and": [looked_up, *map(_gone_through, wheres)]}


async def by_anything(store: Store, text: str, besides: Mapping[str, Any]) -> Filter:
    """Clients `text` may mean: an e-mail where it has an @, an INN or a phone where it is a number, words else."""
    if "@" in text:
        return {"contacts.emails": _begins(text.strip().lower())}
    digits = re.sub(r"[\s()+.-]", "", text)
    if not (digits.isdecimal() and digits.isascii() and len(digits) >= DIGITS_NEEDED):
        return await by_words(store, text, besides)
    means = {"inn": _begins(digits), "contacts.phones": _begins(_number(text, digits)), "words": _begins(digits)}
    wheres = [{field: wanted} for field, wanted in means.items()]
    counts = [await store.count_up_to(where, FEW) for where in wheres]
    return {"$or": wheres} if sum(counts) < FEW else _gone_through({"$or": wheres})


def _number(text: str, digits: str) -> str:
    """As phones are kept: E.164; the beginning of one where it is not whole."""
    try:
        return values.phone(text)
    except Unfit:
        return "+" + (digits if digits.startswith("7") else "7" + digits.removeprefix("8"))


def _begins(word: str) -> Filter:
    return {"$regex": f"^{re.escape(word)}"}


def _gone_through(where: Filter) -> Filter:
    """The same, said twice negatively: the database would try every such word in the index first."""
    return {"$nor": [{"$nor": [where]}]}
