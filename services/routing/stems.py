"""The words of a subject by their stems, so that «не считает зарплату» and «зарплата не считается» are alike."""

import re
from functools import lru_cache

from snowballstemmer import stemmer

WORD = re.compile(r"[а-яa-z0-9]{2,}")
_EMPTY = """
не ни на по за из от до во со же ли бы то что как это этот для при или но да мы вы он она они нас нам вас вам опять
снова очень уже еще пожалуйста здравствуйте добрый день помогите срочно 1с
"""
EMPTY = frozenset(_EMPTY.split())
"""Words that say nothing of the matter."""
_RUSSIAN = stemmer("russian")


@lru_cache(maxsize=4096)
def stems(text: str) -> frozenset[str]:
    """The stems of a text's words."""
    words = WORD.findall(text.casefold().replace("ё", "е"))
    return frozenset(_stem(word) for word in words if word not in EMPTY)


@lru_cache(maxsize=16384)
def _stem(word: str) -> str:
    return str(_RUSSIAN.stemWord(word))
