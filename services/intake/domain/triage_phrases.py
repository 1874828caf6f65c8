"""Phrases as a company writes them, found in a text. No regular expressions: a phrase cannot be slow.

    слово     any form of it        =слово    exactly so        слово*   what begins so
    {group}   any of its phrases    ~         up to three words
    A <> B    both, in either order, up to three words between

Matching is bounded by tokens × phrases that can begin there × their length. What a word is to a book is worked out
once a word, not once a text: nearly every word of a text is nothing to it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

Stem = Callable[[str], str]
"""The stem of a word in lower case; pure."""
GAP = 3
"""Words that `~` may stand for."""
WORD_LENGTH = 40
TYPO_FROM = 7
"""Letters from which a word with one wrong letter is still known."""
REMEMBERED = 20_000
"""Words of texts a book remembers."""
_WORD = re.compile(r"\w+(?:[./-]\w+)*")
_ELEMENT = re.compile(r"=?\w+(?:[./-]\w+)*\*?|\{\w+\}|~")
_STOPS = frozenset(".!?;()[]…")


class BadPhrase(ValueError):
    """A phrase nobody can understand."""


class Token(NamedTuple):
    """A word of a text."""

    text: str
    """Lower case, ё as е."""
    stem: str
    start: int
    end: int
    after_stop: bool
    """Whether a sentence ended before it."""


class Word(NamedTuple):
    """One word of a phrase."""

    kind: Literal["stem", "exact", "prefix"]
    text: str


Words = tuple[Word, ...]


Element = Mapping[Word, tuple[Words, ...]]
"""One element of a phrase: its alternatives, each of one word or several, by their first word."""
Sequence = tuple[Element | None, ...]
"""Elements one after another; None stands for a gap."""
Name = tuple[str, str]
"""What a phrase is for, and which of those it belongs to."""
Meaning = tuple[frozenset[Word], tuple[tuple[Name, Sequence], ...]]
"""What a word of a text is to a book: the words of phrases that fit it, and the phrases that can begin with it."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a phrase of `name` stands, in tokens."""

    name: str
    start: int
    end: int


class Book:
    """Phrases under names, indexed by how they can begin."""

    def __init__(self, phrases: Mapping[Name, Iterable[str]], groups: Mapping[str, Iterable[str]], stem: Stem) -> None:
        """Raises `BadPhrase`."""
        known = {name: tuple(_plain(one, stem) for one in group) for name, group in groups.items()}
        self._begins: dict[Word, list[tuple[Name, Sequence]]] = {}
        """Every word of the phrases, with those that can begin with it."""
        for name, several in phrases.items():
            for phrase in several:
                for sequence in _sequences(phrase, known, stem):
                    self._enter(name, sequence)
        self._lengths = sorted({len(word.text) for word in self._begins if word.kind == "prefix"})
        self._meaning = lru_cache(maxsize=REMEMBERED)(self._look_up)

    def found(self, tokens: list[Token]) -> dict[str, list[Found]]:
        """Every place where a phrase begins, with its shortest end, by what it is for, in the order of the text."""
        found: defaultdict[str, list[Found]] = defaultdict(list)
        meanings = [self._meaning(token.text, token.stem) for token in tokens]
        fitting = [fits for fits, _ in meanings]
        present = frozenset[Word]().union(*fitting)
        for at, (_, begun) in enumerate(meanings):
            if begun:
                sentence = fitting[: _sentence_end(tokens, at)]
                for (use, name), sequence in begun:
                    if _possible(sequence, present) and (end := _end(sequence, sentence, at)) is not None:
                        found[use].append(Found(name, at, end))
        return found

    def stems(self) -> frozenset[str]:
        """Every stem its phrases have."""
        return frozenset(word.text for word in self._begins if word.kind == "stem")

    def _enter(self, name: Name, sequence: Sequence) -> None:
        for element in sequence:
            for word in (word for several in (element or {}).values() for words in several for word in words):
                self._begins.setdefault(word, [])
        for first in sequence[0] or ():
            self._begins[first].append((name, sequence))

    def _look_up(self, text: str, stem: str) -> Meaning:
        candidates = [Word("exact", text), Word("stem", stem)]
        candidates += [Word("prefix", text[:length]) for length in self._lengths if length <= len(text)]
        fits = [word for word in candidates if word in self._begins]
        return frozenset(fits), tuple(entry for word in fits for entry in self._begins[word])


class Typos:
    """Stems as they are meant: one letter missing, doubled, wrong or swapped in a long word."""

    def __init__(self, stems: Iterable[str]) -> None:
        self._known = frozenset(stems)
        self._near = {short: stem for stem in sorted(self._known) if len(stem) >= TYPO_FROM for short in _shorter(stem)}

        self._meant = lru_cache(maxsize=REMEMBERED)(self._look_up)

    def corrected(self, token: Token) -> Token:
        """The token with the stem it was to have."""
        meant = self._meant(token.stem)
        return token if meant is None else token._replace(stem=meant)

    def _look_up(self, stem: str) -> str | None:
        if stem in self._known or not TYPO_FROM - 1 <= len(stem) <= WORD_LENGTH:
            return None
        return next((self._near[short] for short in (stem, *_shorter(stem)) if short in self._near), None)


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


def _sentence_end(tokens: list[Token], at: int) -> int:
    """Where the sentence ends that the token `at` stands in."""
    return next((end for end in range(at + 1, len(tokens)) if tokens[end].after_stop), len(tokens))


def _possible(sequence: Sequence, present: frozenset[Word]) -> bool:
    """Whether each element of the sequence can begin somewhere in the text."""
    return all(element is None or not present.isdisjoint(element) for element in sequence)


def _end(sequence: Sequence, fitting: list[frozenset[Word]], at: int) -> int | None:
    """Where the sequence that begins at `at` ends soonest; `fitting` are the words that fit each token, up to the end
    of its sentence."""
    places = {at}
    for element in sequence:
        if element is None:
            places = {place + more for place in places for more in range(GAP + 1)}
        else:
            places = {end for place in places for end in _ends(element, fitting, place)}
        if not places:
            return None
    return min(places)


def _ends(element: Element, fitting: list[frozenset[Word]], place: int) -> Iterator[int]:
    """Every end of the element where it stands at `place`."""
    if place < len(fitting):
        for first in fitting[place]:
            for words in element.get(first, ()):
                if len(words) == 1 or _stand(words, fitting[place : place + len(words)]):
                    yield place + len(words)


def _stand(words: Words, fitting: list[frozenset[Word]]) -> bool:
    return len(words) == len(fitting) and all(word in fits for word, fits in zip(words, fitting, strict=True))


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


def _element(text: str, phrase: str, groups: Mapping[str, tuple[Words, ...]], stem: Stem) -> Element | None:
    if not _ELEMENT.fullmatch(text):
        raise BadPhrase(f"«{phrase}»: «{text}» не слово. Бывают: слово, =слово, слово*, {{группа}}, ~.")
    if text == "~":
        return None
    if text.startswith("{"):
        group = groups.get(text[1:-1])
        if not group:
            raise BadPhrase(f"«{phrase}»: группы {text} нет или она пуста.")
        return _alternatives(group)
    return _alternatives(((_word(text, stem),),))


def _alternatives(several: tuple[Words, ...]) -> Element:
    return {first: tuple(words for words in several if words[0] == first) for first, *_ in several}


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
