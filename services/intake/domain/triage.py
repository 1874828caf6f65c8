"""How pressing a request is, judged by the accountant's own words (R-REQ-1), and why.

Each rule is a pattern over words as accountants write them, in any case and form. A word inside a negation
(«не срочно», «без срочности») does not count. What an integration says itself wins over the words.
"""

import re
from dataclasses import dataclass

from shared.contracts.base import Priority
from shared.contracts.intake import PriorityReason

READ = 20_000
"""Characters of a text that are looked at."""
EVIDENCE = 120
"""Characters of evidence kept."""
GIVEN = "given"
"""The rule's name where somebody gave the priority."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request has its priority."""

    rule: str
    evidence: str

    def contract(self) -> PriorityReason:
        """The reason as events carry it."""
        return PriorityReason(rule=self.rule, evidence=self.evidence)


@dataclass(frozen=True, slots=True)
class Triage:
    """A priority and the reasons for it."""

    priority: Priority
    reasons: tuple[Reason, ...] = ()


_GAP = r"(?:[\s,]+[\w./-]+){0,3}?[\s,]+"
_TODAY = r"(?:сегодня|сейчас|до\s+конца\s+дня)"
_SOON = r"(?:завтра|послезавтра)"
_PAY = r"(?:зарплат\w*|заработн\w+|з/п|аванс\w*|отпускны\w+|увольнени\w+)"
_REPORT = r"(?:отч[её]т\w*|деклараци\w+|баланс\w*|расч[её]т\w*|рсв|ефс(?:-1)?|6-?ндфл|сзв\w*|сведени\w+|форм[уы])"
_SEND = r"(?:сдать|подать|отправить|сформировать|выгрузить)"
_STUCK = r"не\s+(?:сда[её]тся|сдаются|отправля\w+|уход\w+|проход\w+|формиру\w+|выгружа\w+)"
_CANNOT = r"(?:не\s+(?:можем|могу|может|могут|получается|получилось|уда[её]тся|выходит)|невозможно)"
_PAY_OUT = r"(?:выплатить|выдать|начислить|рассчитать|перечислить|посчитать)"
_LAST_DAY = r"(?:последн|крайн)\w+\s+(?:день|срок)"
_BROKEN = r"(?:вообще\s+|совсем\s+)?не\s+(?:запускается|открывается|работает)"
_PROGRAM = r"(?:1[сc]|программа|база)"
_URGENT = r"(?:срочн|неотложн|безотлагательн)\w+|немедленно|как\s+можно\s+(?:скорее|быстрее)|горит|горим"
_IMPORTANT = r"важн(?:о|ый|ая|ое|ые|ого|ой|ому|ую|ым|ых)|обязательно\s+(?:нужно|надо)"
_WRONG = r"не\s+(?:сходится|сходятся|считает|начисляет)|неправильно\s+(?:считает|начисл\w+|рассчит\w+)"


def _beside(one: str, other: str) -> str:
    """The two in either order, at most three words between them."""
    return f"{one}{_GAP}{other}|{other}{_GAP}{one}"


RULES: tuple[tuple[str, Priority, str], ...] = (
    ("urgent_word", "urgent", _URGENT),
    ("cannot_send_report", "urgent", rf"{_CANNOT}{_GAP}(?:{_SEND}{_GAP}{_REPORT}|{_REPORT}\s+{_SEND}|отчитаться)"),
    ("report_cannot_be_sent", "urgent", rf"{_REPORT}{_GAP}{_CANNOT}{_GAP}{_SEND}"),
    ("report_stuck", "urgent", _beside(_REPORT, _STUCK)),
    ("pay_today", "urgent", _beside(_PAY, _TODAY)),
    ("cannot_pay", "urgent", rf"{_CANNOT}{_GAP}(?:{_PAY_OUT}{_GAP}{_PAY}|{_PAY}\s+{_PAY_OUT})"),
    ("last_day", "urgent", _beside(_LAST_DAY, _TODAY)),
    ("work_stopped", "urgent", r"(?:работа|вс[её])\s+(?:встал\w*|стоит|остановил\w+)"),
    ("program_down", "urgent", rf"{_PROGRAM}\s+{_BROKEN}|{_BROKEN}\s+{_PROGRAM}"),
    ("important_word", "important", _IMPORTANT),
    ("wrong_figures", "important", _WRONG),
    ("pay_soon", "important", _beside(_PAY, _SOON)),
)
"""(stable name, priority, pattern): one line a rule."""

_SOFT = r"(?:очень|так|слишком|особо|особенно|совсем|сильно|настолько|столь|уж|это|то\s+чтобы)"
_DENIALS = (
    rf"не\s+(?:{_SOFT}\s+){{0,2}}(?:срочн|важн|неотложн|горит)\w*",
    r"(?:ничего|никакой|без|нет)\s+(?:особ\w+\s+)?(?:срочно(?:го|сти)|важно(?:го|сти))",
    r"(?:срочности|важности)\s+(?:никакой\s+)?нет",
    r"срочн\w+\s+(?:трудов\w+\s+)?(?:договор|контракт|служб)\w*",
)
"""Where a pressing word does not press; the last is the fixed-term contract of personnel work."""

_ANY = re.compile("|".join(rf"\b(?P<{name}>{pattern})\b" for name, _, pattern in RULES), re.IGNORECASE)
_DENIED = re.compile("|".join(rf"\b(?:{denial})\b" for denial in _DENIALS), re.IGNORECASE)
_PRIORITY: dict[str, Priority] = {name: priority for name, priority, _ in RULES}
_RANK: dict[Priority, int] = {"urgent": 0, "important": 1, "routine": 2}
_ROUTINE: Priority = "routine"


def triage(text: str, given: Priority | None = None) -> Triage:
    """The priority of a request with this `text`; `given` by the integration or a person, it wins."""
    reasons = _reasons(text[:READ])
    if given is not None:
        return Triage(given, (Reason(GIVEN, given), *reasons))
    found = min((_PRIORITY[reason.rule] for reason in reasons), key=_RANK.__getitem__, default=_ROUTINE)
    return Triage(found, reasons)


def _reasons(text: str) -> tuple[Reason, ...]:
    denied = [match.span() for match in _DENIED.finditer(text)]
    found: dict[str, Reason] = {}
    for match in _ANY.finditer(text):
        if not any(start <= match.start() < end for start, end in denied):
            rule = match.lastgroup or ""
            found.setdefault(rule, Reason(rule, " ".join(match.group().split())[:EVIDENCE]))
    return tuple(sorted(found.values(), key=lambda reason: _RANK[_PRIORITY[reason.rule]]))
