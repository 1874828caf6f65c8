"""Phrases as a company writes them, found in a text. No regular expressions: a phrase cannot be slow.

    слово     any form of it        =слово    exactly so        слово*   what begins so
    {group}   any of its phrases    ~         up to three words
    A <> B    both, in either order, up to three words between

Matching is bounded by tokens × phrases that can begin there × their length.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

Stem = Callable[[str], str]
"""The stem of a word in lower case; pure."""
GAP = 3
"""Words that `~` may stand for."""
WORD_LENGTH = 40
TYPO_FROM = 7
"""Letters from which a word with one wrong letter is still known."""
_WORD = re.compile(r"\w+(?:[./-]\w+)*")
_ELEMENT = re.compile(r"=?\w+(?:[./-]\w+)*\*?|\{\w+\}|~")
_STOPS = frozenset(".!?;()[]…")


class BadPhrase(ValueError):
    """A phrase nobody can understand."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text."""

    text: str
    """Lower case, ё as е."""
    stem: str
    start: int
    end: int
    after_stop: bool
    """Whether a sentence ended before it."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a phrase."""

    kind: Literal["stem", "exact", "prefix"]
    text: str

    def fits(self, token: Token) -> bool:
        """Whether the token is it."""
        if self.kind == "prefix":
            return token.text.startswith(self.text)
        return self.text == (token.stem if self.kind == "stem" else token.text)


Words = tuple[Word, ...]
Sequence = tuple[tuple[Words, ...] | None, ...]
"""Elements one after another: alternatives, or None for a gap."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a phrase of `name` stands, in tokens."""

    name: str
    start: int
    end: int


class Book:
    """Phrases under names, indexed by how they can begin."""

    def __init__(self, phrases: Mapping[str, Iterable[str]], groups: Mapping[str, Iterable[str]], stem: Stem) -> None:
        """Raises `BadPhrase`."""
        known = {name: tuple(_plain(one, stem) for one in group) for name, group in groups.items()}
        self._begins: dict[Word, list[tuple[str, Sequence]]] = {}
        self._lengths: set[int] = set()
        for name, several in phrases.items():
            for phrase in several:
                for sequence in _sequences(phrase, known, stem):
                    self._enter(name, sequence)

    def found(self, tokens: list[Token]) -> Iterator[Found]:
        """Every place where a phrase begins, with its shortest end, in the order of the text."""
        for at, token in enumerate(tokens):
            for name, sequence in self._beginning(token):
                if (end := _end(sequence, tokens, at)) is not None:
                    yield Found(name, at, end)

    def stems(self) -> frozenset[str]:
        """Every stem its phrases have."""
        sequences = (sequence for entries in self._begins.values() for _, sequence in entries)
        words = (word for sequence in sequences for element in sequence for one in element or () for word in one)
        return frozenset(word.text for word in words if word.kind == "stem")

    def _enter(self, name: str, sequence: Sequence) -> None:
        for first in dict.fromkeys(words[0] for words in sequence[0] or ()):
            self._begins.setdefault(first, []).append((name, sequence))
            if first.kind == "prefix":
                self._lengths.add(len(first.text))

    def _beginning(self, token: Token) -> Iterator[tuple[str, Sequence]]:
        yield from self._begins.get(Word("exact", token.text), ())
        yield from self._begins.get(Word("stem", token.stem), ())
        for length in self._lengths:
            yield from self._begins.get(Word("prefix", token.text[:length]), ())


class Typos:
    """Stems as they are meant: one letter missing, doubled, wrong or swapped in a long word."""

    def __init__(self, stems: Iterable[str]) -> None:
        self._known = frozenset(stems)
        self._near = {short: stem for stem in sorted(self._known) if len(stem) >= TYPO_FROM for short in _shorter(stem)}

    def corrected(self, token: Token) -> Token:
        """The token with the stem it was to have."""
        stem = token.stem
        if stem in self._known or not TYPO_FROM - 1 <= len(stem) <= WORD_LENGTH:
            return token
        meant = next((self._near[short] for short in (stem, *_shorter(stem)) if short in self._near), None)
        return token if meant is None else replace(token, stem=meant)


def tokens_of(text: str, stem: Stem) -> list[Token]:
    """The words of a text."""
    found: list[Token] = []
    end = 0
    for match in _WORD.finditer(text):
        word = _lower(match.group()[:WORD_LENGTH])
        stop = not _STOPS.isdisjoint(text[end : match.start()])
        end = match.end()
        found.append(Token(word, stem(word), match.start(), end, stop))
    return found


def _end(sequence: Sequence, tokens: list[Token], at: int) -> int | None:
    """Where the sequence that begins at `at` ends soonest."""
    places = {at}
    for element in sequence:
        if element is None:
            places = {place + more for place in places for more in range(GAP + 1)}
        else:
            places = {end for place in places for words in element if (end := _after(words, tokens, place, at))}
        if not places:
            return None
    return min(places)


def _after(words: Words, tokens: list[Token], place: int, begun: int) -> int | None:
    """The end of `words` where they stand at `place` in the sentence that began at `begun`."""
    end = place + len(words)
    if end > len(tokens) or any(token.after_stop for token in tokens[begun + 1 : end]):
        return None
    return end if all(word.fits(token) for word, token in zip(words, tokens[place:end], strict=True)) else None


def _sequences(phrase: str, groups: Mapping[str, tuple[Words, ...]], stem: Stem) -> list[Sequence]:
    sides = [_sequence(side, groups, stem) for side in phrase.split("<>")]
    if len(sides) == 1:
        return sides
    if len(sides) > 2:  # noqa: PLR2004
        raise BadPhrase(f"«{phrase}»: знак <> в фразе бывает один.")
    one, other = sides
    return [(*one, None, *other), (*other, None, *one)]


def _sequence(text: str, groups: Mapping[str, tuple[Words, ...]], stem: Stem) -> Sequence:
    elements = text.split()
    if not elements or elements[0] == "~" or elements[-1] == "~":
        raise BadPhrase(f"«{text}»: фраза начинается и кончается словом или {{группой}}.")
    return tuple(_element(one, text, groups, stem) for one in elements)


def _element(text: str, phrase: str, groups: Mapping[str, tuple[Words, ...]], stem: Stem) -> tuple[Words, ...] | None:
    if not _ELEMENT.fullmatch(text):
        raise BadPhrase(f"«{phrase}»: «{text}» не слово. Бывают: слово, =слово, слово*, {{группа}}, ~.")
    if text == "~":
        return None
    if text.startswith("{"):
        group = groups.get(text[1:-1])
        if not group:
            raise BadPhrase(f"«{phrase}»: группы {text} нет или она пуста.")
        return group
    return ((_word(text, stem),),)


def _plain(phrase: str, stem: Stem) -> Words:
    """A phrase of a group: words alone."""
    words = phrase.split()
    if not words or any(not _ELEMENT.fullmatch(word) or word[0] in "{~" for word in words):
        raise BadPhrase(f"«{phrase}»: в группе стоят только слова: слово, =слово, слово*.")
    return tuple(_word(word, stem) for word in words)


def _word(text: str, stem: Stem) -> Word:
    lower = _lower(text.strip("=*"))
    if len(lower) > WORD_LENGTH:
        raise BadPhrase(f"«{text}»: слово длиннее {WORD_LENGTH} букв.")
    if text.endswith("*"):
        return Word("prefix", lower)
    return Word("exact", lower) if text.startswith("=") else Word("stem", stem(lower))


def _lower(text: str) -> str:
    return text.lower().replace("ё", "е")


def _shorter(stem: str) -> tuple[str, ...]:
    return tuple(stem[:at] + stem[at + 1 :] for at in range(1, len(stem)))
