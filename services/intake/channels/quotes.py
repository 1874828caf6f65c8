"""A letter's text folded for reading: what is said, what is quoted, the signature. Nothing is taken away: the blocks,
one after another, are the whole text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Literal

Kind = Literal["said", "quote", "signature", "forwarded"]
_QUOTED = re.compile(r"\s*>")
_FORWARDED = re.compile(
    r"\s*-{2,}\s*(?:пересылаемое|пересланное|forwarded|начало переадресованного)\b.*|"
    r"\s*начало переадресованного сообщения:?\s*$",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"\s*[-_]{2,}\s*(?:исходное|оригинальное|original|первоначальное)\s+(?:сообщение|message|письмо).*|_{20,}\s*$",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"(?=.{0,300}$)(?=.*(?:\d{1,2}[./:]\d{2}|20\d\d|@)).*\b(?:пишет|писал(?:а|\(а\))?|написал(?:а|\(а\))?|wrote)\s*:?\s*$",
    re.IGNORECASE,
)
_HEADER = re.compile(r"\s*\*?(?:от|from|отправитель)\*?\s*:\*?\s*\S.*", re.IGNORECASE)
_NEXT_HEADER = re.compile(r"\s*\*?(?:отправлено|дата|кому|тема|sent|date|to|subject)\*?\s*:\*?\s*.*", re.IGNORECASE)
_SIGNATURE = re.compile(
    r"(?:-- ?|—\s*|\s*с (?:глубоким |искренним )?уважением\b.{0,80}|\s*(?:best |kind )?regards\b.{0,40}|"
    r"\s*отправлено (?:с|из|со) .{1,60}|\s*sent from .{1,60}|\s*с наилучшими пожеланиями.{0,40})\s*$",
    re.IGNORECASE,
)
SIGNATURE_LINES = 12
LINE_LOOKED_AT = 400
LINES = 20_000
"""Lines that are looked at: millions, each folded, take the machine from everybody else. The rest is as the last."""


@dataclass(frozen=True, slots=True)
class Block:
    """A run of lines of one kind."""

    kind: Kind
    text: str


def folded(text: str) -> tuple[Block, ...]:
    """The text as blocks; joined they are the text again."""
    lines = text.splitlines(keepends=True)
    runs = groupby(_lines(lines[:LINES]), key=itemgetter(0))
    blocks = [Block(kind, "".join(line for _, line in run)) for kind, run in runs]
    if len(lines) > LINES:
        blocks[-1] = Block(blocks[-1].kind, blocks[-1].text + "".join(lines[LINES:]))
    return tuple(blocks)


def said(text: str) -> str:
    """What the letter itself says: without quotes and signature, with what it passes on."""
    own = "".join(block.text for block in folded(text) if block.kind in {"said", "forwarded"})
    return own.strip()


def _lines(lines: list[str]) -> Iterator[tuple[Kind, str]]:
    until: Kind = "said"
    for number, line in enumerate(lines):
        until = _kind(until, line[:LINE_LOOKED_AT].rstrip("\r\n"), lines, number)
        yield "quote" if until in {"said", "signature"} and _QUOTED.match(line) else until, line


def _kind(before: Kind, line: str, lines: list[str], number: int) -> Kind:
    """What a line belongs to, unless it is marked as quoted itself."""
    if before in {"quote", "forwarded"}:
        return before
    if _FORWARDED.match(line):
        return "forwarded"
    if _ORIGINAL.match(line) or _WROTE.match(line) or _begins_headers(line, lines, number):
        return "quote"
    if before == "said" and _SIGNATURE.match(line) and _ends_soon(lines, number):
        return "signature"
    return before


def _begins_headers(line: str, lines: list[str], number: int) -> bool:
    following = lines[number + 1 : number + 3]
    return bool(_HEADER.match(line) and any(_NEXT_HEADER.match(one[:LINE_LOOKED_AT]) for one in following))


def _ends_soon(lines: list[str], number: int) -> bool:
    """Whether a signature that begins here is short: followed by a quote or by the end."""
    for ahead, line in enumerate(lines[number + 1 : number + 2 + SIGNATURE_LINES]):
        if _QUOTED.match(line) or _ORIGINAL.match(line[:LINE_LOOKED_AT]) or _WROTE.match(line[:LINE_LOOKED_AT]):
            return True
        if ahead >= SIGNATURE_LINES:
            return False
    return True
