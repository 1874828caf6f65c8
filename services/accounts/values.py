"""What people and files write, brought into one form: INN, phones, e-mails, zones, fees, days.

Each function raises `Unfit` with what is wrong and what to do, in Russian.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from zoneinfo import available_timezones

import phonenumbers
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.ru import inn as ru_inn

from shared.contracts.accounts import Source
from shared.money import NotRoubles, exact_roubles

HOME_REGION = "RU"
EARLIEST = date(1990, 1, 1)
TEXT_LIMIT = 500
EMAIL_LIMIT = 254
CODE_LIMIT = 50
KPP_LENGTH = 9
REGION_LENGTH = 2
SNILS_LENGTH = 11

MOSCOW_TIME: Mapping[int, str] = {
    -1: "Europe/Kaliningrad",
    0: "Europe/Moscow",
    1: "Europe/Samara",
    2: "Asia/Yekaterinburg",
    3: "Asia/Omsk",
    4: "Asia/Krasnoyarsk",
    5: "Asia/Irkutsk",
    6: "Asia/Yakutsk",
    7: "Asia/Vladivostok",
    8: "Asia/Magadan",
    9: "Asia/Kamchatka",
}
"""Russia's zones as people name them: hours from Moscow."""

SOURCES: Mapping[str, Source] = {
    "opening": "opening",
    "передан": "opening",
    "база": "opening",
    "referral": "referral",
    "рекомендация": "referral",
    "advert": "advert",
    "реклама": "advert",
    "tender": "tender",
    "тендер": "tender",
    "other": "other",
    "другое": "other",
}

_MOSCOW = re.compile(r"(?:мск|msk)\s*(?:([+-])\s*(\d{1,2}))?", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s,;:<>()\"]+@[^@\s,;:<>()\".]+(?:\.[^@\s,;:<>()\".]+)+")
_RUSSIAN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_ROUBLES = re.compile(r"-?[0-9]+(?:\.[0-9]{1,2})?")
_KPP = re.compile(r"\d{4}[0-9A-Z]{2}\d{3}")
_CURRENCY = re.compile(r"(?:₽|руб\.?|р\.?|rub)$", re.IGNORECASE)


class Unfit(ValueError):
    """The value cannot be used: what is wrong with it, and what to do."""

    def __init__(self, wrong: str, advice: str) -> None:
        super().__init__(f"{wrong}; {advice}")
        self.wrong = wrong
        self.advice = advice


def text(value: str) -> str:
    """One line of text without idle white space."""
    line = " ".join(value.split())
    if not line:
        raise Unfit("пусто", "напишите значение")
    if len(line) > TEXT_LIMIT:
        raise Unfit(f"длиннее {TEXT_LIMIT} знаков", "сократите")
    if not line.isprintable():
        raise Unfit("есть непечатные знаки", "уберите их")
    return line


def code(value: str) -> str:
    """A short text without white space around: a tariff, a personnel number."""
    short = text(value)
    if len(short) > CODE_LIMIT:
        raise Unfit(f"длиннее {CODE_LIMIT} знаков", "сократите")
    return short


def inn(value: str) -> str:
    """An INN of 10 or 12 digits whose check digits agree."""
    try:
        number = str(ru_inn.validate(value))
    except InvalidChecksum:
        raise Unfit("контрольная цифра ИНН не сходится", "проверьте ИНН по карточке учреждения") from None
    except ValidationError:
        raise Unfit("это не ИНН", "нужны 10 или 12 цифр") from None
    if not number.strip("0"):
        raise Unfit("ИНН из одних нулей", "напишите настоящий ИНН")
    return number


def written_inn(value: str) -> str:
    """An INN as a table has it: a spreadsheet takes it for a number and drops the zero it begins with."""
    digits = value.strip()
    return inn(f"0{digits}" if digits.isdecimal() and len(digits) in {9, 11} else digits)


def kpp(value: str) -> str:
    """A KPP: four digits, two signs, three digits."""
    code = value.strip().upper()
    if code.isdecimal() and len(code) == KPP_LENGTH - 1:
        code = f"0{code}"
    if not _KPP.fullmatch(code):
        raise Unfit("это не КПП", "нужны девять знаков: 246601001")
    return code


def region(value: str) -> str:
    """The two digits of a subject of the Federation."""
    code = value.strip()
    if not (code.isdecimal() and code.isascii() and len(code) <= REGION_LENGTH and int(code)):
        raise Unfit("это не код региона", "нужны две цифры: 24")
    return code.zfill(REGION_LENGTH)


def snils(value: str) -> str:
    """A SNILS of 11 digits whose check number agrees, written without hyphens."""
    digits = re.sub(r"[\s-]", "", value)
    if not (digits.isdecimal() and digits.isascii() and len(digits) == SNILS_LENGTH):
        raise Unfit("это не СНИЛС", "нужны 11 цифр: 112-233-445 95")
    total = sum(weight * int(digit) for weight, digit in zip(range(9, 0, -1), digits, strict=False))
    if total % 101 % 100 != int(digits[9:]):
        raise Unfit("контрольное число СНИЛС не сходится", "проверьте номер")
    return digits


def phone(value: str) -> str:
    """A number in E.164; Russian ones may be written without +7. An extension («доб. 102») is left out."""
    try:
        number = phonenumbers.parse(value, HOME_REGION)
    except phonenumbers.NumberParseException:
        raise Unfit("это не номер телефона", "напишите номер с кодом города: +7 391 200-00-00") from None
    if not phonenumbers.is_valid_number(number):
        raise Unfit("такого номера не бывает", "проверьте число цифр и код города")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email(value: str) -> str:
    """An e-mail address in lower case."""
    address = value.strip().lower()
    if len(address) > EMAIL_LIMIT or not _EMAIL.fullmatch(address):
        raise Unfit("это не адрес почты", "нужен адрес вида buh@school1.ru")
    return address


def zone(value: str) -> str:
    """An IANA zone; «МСК+4» is understood as well."""
    name = value.strip()
    moscow = _MOSCOW.fullmatch(name)
    if moscow:
        sign, hours = moscow.groups(default="0")
        name = MOSCOW_TIME.get(int(hours) * (-1 if sign == "-" else 1), name)
    if name not in _zones():
        raise Unfit("такого часового пояса нет", "напишите имя IANA (Asia/Krasnoyarsk) или МСК+4")
    return name


def fee(value: object) -> Decimal:
    """Roubles a month: more than nothing, to the kopeck."""
    try:
        amount = _roubles(value)
    except NotRoubles:
        raise Unfit(
            "это не сумма в рублях: не больше двух знаков после запятой", 'напишите сумму строкой, например "20000.00"'
        ) from None
    if amount <= 0:
        raise Unfit("абонентская плата должна быть больше нуля", "проверьте сумму")
    return amount


def _roubles(value: object) -> Decimal:
    """Raises `NotRoubles`; for `20.000` and `1e3` too, by which a thousand may be meant and who knows what."""
    if isinstance(value, str) and not _ROUBLES.fullmatch(value):
        raise NotRoubles(value)
    return exact_roubles(value)


def written_fee(value: str) -> Decimal:
    """A fee as a table has it: `20 000,00 ₽`."""
    return fee(_CURRENCY.sub("", "".join(value.split())).replace(",", "."))


def day(value: date) -> date:
    """A day that can be meant."""
    if value < EARLIEST:
        raise Unfit("такой давней даты не бывает", f"проверьте год: не раньше {EARLIEST.year}")
    return value


def written_day(value: str) -> date:
    """A day written 2026-09-01 or 01.09.2026."""
    russian = _RUSSIAN_DAY.fullmatch(value.strip())
    try:
        found = date(*map(int, reversed(russian.groups()))) if russian else date.fromisoformat(value.strip())
    except ValueError:
        raise Unfit("это не дата", "напишите её так: 01.09.2026") from None
    return day(found)


def source(value: str) -> Source:
    """How a client came, in Russian or English."""
    found = SOURCES.get(value.strip().casefold())
    if found is None:
        raise Unfit("такого источника нет", f"напишите одно из: {', '.join(SOURCES)}")
    return found


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
