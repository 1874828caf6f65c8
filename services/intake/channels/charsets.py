"""Bytes into Russian text, whatever the letter claims they are.

Senders name charsets in ways no library knows (`cp-1251`), name the wrong one (`us-ascii`, `iso-8859-1`), or none.
"""

import codecs
import re
from binascii import Error as NotBase64
from binascii import a2b_base64, a2b_qp
from collections.abc import Iterator

ALIASES = {
    "cp-1251": "cp1251",
    "win-1251": "cp1251",
    "win1251": "cp1251",
    "windows1251": "cp1251",
    "x-cp1251": "cp1251",
    "1251": "cp1251",
    "ansi": "cp1251",
    "koi8": "koi8-r",
    "koi-8": "koi8-r",
    "koi8r": "koi8-r",
    "koi-8-r": "koi8-r",
    "x-koi8-r": "koi8-r",
    "cp-866": "cp866",
    "ibm-866": "cp866",
    "dos-866": "cp866",
    "utf": "utf-8",
    "utf-8mb4": "utf-8",
    "x-utf-8": "utf-8",
    "unicode": "utf-8",
}
"""Names in the wild, and what they mean."""

TEXT_CODECS = ("ascii", "utf", "cp", "iso8859", "koi8", "mac", "gb", "big5", "shift", "euc", "ptcp", "kz1048")
"""How the names of codecs begin that turn bytes into text and are cheap on hostile input."""
SELDOM_TRUE = frozenset({"ascii", "iso8859-1", "cp1252"})
"""What a program writes that never thought about charsets."""

RUSSIAN = ("cp1251", "koi8-r", "cp866")
_FREQUENCY = dict(
    zip(
        "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
        (110, 85, 80, 73, 67, 63, 55, 47, 45, 44, 35, 32, 30, 28, 26, 20, 19, 17, 17, 16, 16, 14, 12, 10, 9, 7, 6,
         5, 4, 3, 3, 1, 1),
        strict=True,
    )
)  # fmt: skip
"""Occurrences in a thousand letters of Russian."""
_NO_LETTER = -60
_CASE_TURN = -60
SAMPLE = 4_000
"""Bytes that are enough to guess by."""


def decoded(data: bytes, charset: str | None) -> tuple[str, bool]:
    """The text of `data`, and whether it really was in `charset`. Never raises."""
    codec = _codec(charset)
    if codec is not None and not (codec in SELDOM_TRUE and not data.isascii()):
        try:
            return clean(data.decode(codec)), True
        except (UnicodeError, LookupError, ValueError):
            pass
    return clean(guessed(data)), data.isascii()


def guessed(data: bytes) -> str:
    """The text of `data` of an unknown charset: utf-8 if it is, else whichever reads most like Russian."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        best = max(RUSSIAN, key=lambda codec: _russian(data[:SAMPLE].decode(codec, "replace")))
        return data.decode(best, "replace")


def header_text(raw: str) -> tuple[str, bool]:
    """A header's text with its encoded words and raw 8-bit bytes read, and whether they were as announced.

    `raw` holds bytes above 127 as surrogates, as the standard library's parser leaves them. Never raises.
    """
    data = _bytes(raw)
    text = guessed(data)
    read = [decoded(piece, charset) for piece, charset in _pieces(text)]
    return " ".join("".join(words for words, _ in read).split()), data.isascii() and all(true for _, true in read)


def clean(text: str) -> str:
    """`text` without what no database keeps: lone surrogates and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")


def _bytes(raw: str) -> bytes:
    try:
        return raw.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return raw.encode("utf-8", "replace")


_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")


def _pieces(text: str) -> Iterator[tuple[bytes, str]]:
    """The runs of one charset in a header: a letter may be torn between two encoded words."""
    run, charset, after = b"", "utf-8", 0
    for word in _WORD.finditer(text):
        between = text[after : word.start()]
        theirs = word[1].partition("*")[0].lower()
        adjacent = after > 0 and not between.strip()
        if not (adjacent and theirs == charset):
            yield run, charset
            yield b"" if adjacent else between.encode(), "utf-8"
            run, charset = b"", theirs
        after = word.end()
        run += _word_bytes(word)
    yield run, charset
    yield text[after:].encode(), "utf-8"


def _word_bytes(word: re.Match[str]) -> bytes:
    payload = word[3].encode()
    try:
        return a2b_qp(payload, header=True) if word[2] in "qQ" else a2b_base64(payload + b"===") or payload
    except NotBase64:
        return payload


def _codec(charset: str | None) -> str | None:
    name = (charset or "").strip(" \t\"'").lower().replace("_", "-")
    try:
        found = codecs.lookup(ALIASES.get(name, name)).name
    except (LookupError, ValueError):
        return None
    return found if found.startswith(TEXT_CODECS) else None


def _russian(text: str) -> int:
    """How much like Russian `text` looks, beyond its ASCII."""
    score, lower_before = 0, False
    for letter in text:
        if letter.isascii():
            lower_before = False
            continue
        score += _FREQUENCY.get(letter.lower(), _NO_LETTER)
        score += _CASE_TURN if lower_before and letter.isupper() else 0
        lower_before = letter.islower()
    return score
