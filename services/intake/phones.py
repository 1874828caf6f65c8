"""Phone numbers as people and providers write them."""

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

REGION = "RU"
"""Where a number without a country code is taken to be from."""
LONGEST = 64


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that can be called."""

    number: str
    """E.164."""
    extension: str | None = None


@lru_cache(maxsize=10_000)
def phone_in(text: str) -> Phone | None:
    """The number `text` says, or None: short, hidden and `sip:` values are no numbers."""
    if len(text) > LONGEST or "sip:" in text.lower() or "@" in text:
        return None
    try:
        parsed = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return Phone(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), parsed.extension or None)
