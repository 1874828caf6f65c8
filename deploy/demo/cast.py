"""Who plays: made-up institutions and people, the same in every performance but for their INN and telephones, which
belong to one performance (`seed`), so that the demo can be played again on the same data."""

import csv
import io
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from stdnum.ru import inn as inn_number

CLIENTS = 100
LEAVING_FEE = Decimal("20000.00")
NEWCOMERS: tuple[tuple[str, Decimal], ...] = (
    ("Детская школа искусств № 2", Decimal("20000.00")),
    ("Станция скорой помощи", Decimal("30000.00")),
    ("Краевая научная библиотека", Decimal("50000.00")),
)
"""Won by referral, with their fees (R-PAY-1)."""
KINDS = ("Школа", "Детский сад", "Поликлиника", "Музыкальная школа", "Библиотека", "Музей", "Лицей", "Больница")
NAMES = ("Анна", "Мария", "Елена", "Ольга", "Наталья", "Татьяна", "Ирина", "Светлана", "Галина", "Людмила")
PATRONYMICS = ("Ивановна", "Петровна", "Сергеевна", "Николаевна", "Андреевна", "Михайловна", "Павловна")
SPECIALISTS = (
    ("Пётр Настройкин", {"1С:ЗГУ": 5, "1С:БГУ": 4}),
    ("Иван Отчётов", {"1С:БГУ": 5, "1С:ЗГУ": 4}),
    ("Глеб Пропадайло", {"1С:Документооборот": 5}),
    ("Юлия Надёжная", {"1С:Документооборот": 4, "1С:БГУ": 3}),
)


@dataclass(frozen=True, slots=True)
class Institution:
    """A client with its one accountant."""

    name: str
    inn: str
    fee: Decimal
    accountant: str
    phone: str
    email: str


def institutions(seed: int) -> list[Institution]:
    """The base of 100; the first pays 20 000 and will leave."""
    return [_institution(seed, number) for number in range(CLIENTS)]


def newcomer(seed: int, number: int) -> Institution:
    """One of those who come by referral."""
    name, fee = NEWCOMERS[number]
    made = _institution(seed, CLIENTS + number)
    return Institution(name, made.inn, fee, made.accountant, made.phone, made.email)


def base_csv(base: list[Institution], since: date) -> bytes:
    """The base as the company would hand it over: a table with a row an accountant."""
    out = io.StringIO()
    table = csv.writer(out, delimiter=";")
    table.writerow(
        ["ИНН", "Наименование", "Часовой пояс", "Плата", "Клиент с", "Источник", "Бухгалтер", "Телефон", "Почта"]
    )
    for one in base:
        day = since.strftime("%d.%m.%Y")
        table.writerow(
            [one.inn, one.name, "Asia/Krasnoyarsk", one.fee, day, "opening", one.accountant, one.phone, one.email]
        )
    return out.getvalue().encode()


def _institution(seed: int, number: int) -> Institution:
    kind = KINDS[number % len(KINDS)]
    fee = LEAVING_FEE if number == 0 else Decimal(6900 + 350 * (number % 60)).quantize(Decimal("0.01"))
    return Institution(
        name=f"{kind} № {number // len(KINDS) + 1}",
        inn=_inn(seed, number),
        fee=fee,
        accountant=f"{NAMES[number % len(NAMES)]} {PATRONYMICS[number % len(PATRONYMICS)]}",
        phone=f"+7913{seed % 10_000:04d}{number:03d}",
        email=f"buh{number}@uchr{seed}.example",
    )


def _inn(seed: int, number: int) -> str:
    body = f"24{seed % 10_000:04d}{number:03d}"
    return body + str(inn_number.calc_company_check_digit(body))
