"""Which request a letter speaks of: our Message-ID, the number in the subject, earlier letters, the same subject."""

import re
from dataclasses import dataclass
from datetime import timedelta

WITHIN = timedelta(days=14)
"""How long an answer with the same subject from the same sender belongs to the request."""
_OURS = re.compile(r"<(?:ack|closing)-([0-9a-f]{32})(?:-\d+)?@[^>]*>")
_NUMBER = re.compile(r"[\[(](?:Заявка|№)\s*№?\s*(\d{3}[\s\u00a0]?\d{3,})[\])]", re.IGNORECASE)
_PLUS = re.compile(r"\+(\d{6,12})@")
_PREFIX = re.compile(r"^\s*(?:(?:re|fwd?|отв(?:ет)?|на|пересл?|ha)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_GRATITUDE = re.compile(
    r"(?:\W|\b(?:большое|огромное|вам|вас|всем|за|помощь|спасибо|спс|благодарю|благодарим|благодарна|ок|ok|хорошо|"
    r"понятно|получил[аио]?сь|получили?|принято|вс[её]|(?:за)?работа(?:ет|ло)|отлично|супер|вопрос|реш[её]н[ао]?|"
    r"помогло|добрый|день|здравствуйте|оперативность|очень|thanks|thank|you)\b)+",
    re.IGNORECASE,
)
_THANKS = re.compile(r"спасибо|спс|благодар|thank|\bок\b|принято|понятно|хорошо", re.IGNORECASE)
THANKS_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Thread:
    """What a letter says about where it belongs."""

    ours: tuple[str, ...]
    """Ids of requests whose letters of ours it answers: nobody else can know them."""
    number: str | None
    """The number of a request, as people write it: believed of its own client or sender alone."""
    references: tuple[str, ...]
    """Message-IDs of letters it answers."""
    subject: str
    """Without «Re:» and our number."""
    answers: bool
    """Whether it says of itself that it answers something."""


def thread(subject: str, references: tuple[str, ...], recipients: str) -> Thread:
    """Where a letter belongs, by what it says."""
    ours = tuple(dict.fromkeys(found for one in references for found in _OURS.findall(one)))
    number = _NUMBER.search(subject) or _PLUS.search(recipients)
    bare = _PREFIX.sub("", _NUMBER.sub("", subject)).strip()
    digits = None if number is None else re.sub(r"\D", "", number[1])
    return Thread(
        ours=ours,
        number=None if digits is None else f"{int(digits):,}".replace(",", " "),
        references=references,
        subject=bare,
        answers=bool(references) or _PREFIX.match(subject) is not None,
    )


def only_thanks(said: str) -> bool:
    """«Спасибо», and nothing else: opens nothing and reopens nothing."""
    short = len(said) <= THANKS_LENGTH and _THANKS.search(said) is not None
    return short and _GRATITUDE.fullmatch(said) is not None
