"""INNs in a text: ten digits of an institution, twelve of a person, whose check digits agree."""

import re

from stdnum.ru import inn

READ = 20_000
"""Characters of a text that are looked at."""
MOST = 20
_DIGITS = re.compile(r"(?<![\d.,-])(?:\d{12}|\d{10})(?![\d-])")
_NOTHING = {"0" * 10, "0" * 12}


def inns_in(text: str) -> tuple[str, ...]:
    """What could be INNs, in the order of the text, each once."""
    found = dict.fromkeys(number for number in _DIGITS.findall(text[:READ]) if number.isascii())
    return tuple(number for number in found if number not in _NOTHING and inn.is_valid(number))[:MOST]
