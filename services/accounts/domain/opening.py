"""The base handed over at the start, taken from a list (R-BASE-1): new clients come in, known ones are completed.

A list describes clients and their accountants. It never changes what moves money: a fee, a manager or a date other
than the recorded one is refused and has to be proposed (R-BASE-3). What a list leaves out stays as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar

from services.accounts.domain.client import Client, begin, describe, register
from services.accounts.domain.contacts import Given, joined
from services.accounts.domain.refusals import AccountsError
from services.accounts.domain.stay import handed_to
from shared.contracts.accounts import Source
from shared.contracts.base import STANDARD_TARIFF, Decision
from shared.money import roubles_text

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A client as a list names it."""

    inn: str
    name: str | None = None
    zone: str | None = None
    kpp: str | None = None
    region: str | None = None
    tariff: str | None = None
    manager_id: str | None = None
    fee: Decimal | None = None
    since: date | None = None
    source: Source | None = None
    contacts: tuple[Given, ...] = ()


class NotTaken(AccountsError):
    """Строку списка принять нельзя."""

    def __init__(self, field: str, wrong: str, advice: str) -> None:
        super().__init__(f"{wrong}; {advice}")
        self.field = field
        self.wrong = wrong
        self.advice = advice


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """What is needed to take clients from a list: ids, the moment, the company's day and zone, who works that day."""

    new_id: Callable[[], str]
    at: datetime
    today: date
    zone: str
    working: Mapping[str, date]
    """Who works that day, and since when."""
    unusual_fees: bool = False
    """Fees out of the usual are meant."""

    def take(self, client: Client | None, listed: Listed, client_id: str) -> Decision[Client]:
        """The listed client on our books; the same again changes nothing. Raises `NotTaken` naming the field."""
        if client is None:
            new = self._begun(listed, client_id)
            return register(None, new, self.at, self.today, unusual_fee=self.unusual_fees)
        if client.inn != listed.inn:
            raise NotTaken("inn", f"клиенту «{client.name}» с тех пор исправили ИНН", "исправьте ИНН в файле")
        _check_money(client, listed)
        _check_branch(client, listed)
        described = replace(
            client,
            name=listed.name or client.name,
            zone=listed.zone or client.zone,
            kpp=listed.kpp or client.kpp,
            region=listed.region or client.region,
            tariff=listed.tariff or client.tariff,
            contacts=joined(client.contacts, listed.contacts, self.new_id),
        )
        return describe(client, described, self.at)

    def _begun(self, listed: Listed, client_id: str) -> Client:
        manager_id = _needed(listed.manager_id, "manager")
        if manager_id not in self.working:
            raise NotTaken("manager", "этот менеджер сейчас не работает", "назовите того, кто примет клиента")
        since, source = _needed(listed.since, "since"), listed.source or "opening"
        wrong = too_early(self.working[manager_id], since, source)
        if wrong is not None:
            raise NotTaken("since", wrong, "исправьте дату, а переданному из базы поставьте источник «передан»")
        stay = handed_to(manager_id, since=since, fee=_needed(listed.fee, "fee"), source=source)
        return begin(
            client_id=client_id,
            name=_needed(listed.name, "name"),
            inn=listed.inn,
            zone=listed.zone or self.zone,
            contacts=joined((), listed.contacts, self.new_id),
            stay=stay,
            kpp=listed.kpp,
            region=listed.region,
            tariff=listed.tariff or STANDARD_TARIFF,
        )


def too_early(hired: date, since: date, source: Source) -> str | None:
    """What is wrong with a client held `since` a day by somebody `hired` on another, in Russian; None where nothing is.

    A base handed over was ours before its manager came (R-BASE-1): the day is how long the client has been with us, it
    pays nobody, and no loss is taken of a day before the manager's first (R-PAY-5). Any other client came to somebody,
    who worked that day.
    """
    if source == "opening" or since >= hired:
        return None
    return f"клиент записан с {since:%d.%m.%Y}, а его менеджер работает с {hired:%d.%m.%Y}"


def _needed(value: T | None, field: str) -> T:
    if value is None:
        raise NotTaken(field, "значение не указано", "для нового клиента оно обязательно")
    return value


def _check_branch(client: Client, listed: Listed) -> None:
    """Raises `NotTaken` where the list may mean another client: a person decides whether it does."""
    if listed.kpp not in {None, client.kpp} and client.kpp is not None:
        wrong = f"под этим ИНН записан «{client.name}» с КПП {client.kpp}"
        raise NotTaken("kpp", wrong, "исправьте КПП или заведите филиал отдельно (POST /v1/clients, apart)")


def _check_money(client: Client, listed: Listed) -> None:
    """Raises `NotTaken` where the list contradicts the record in what only a proposal may change."""
    if not client.active:
        raise NotTaken("inn", "клиент с этим ИНН потерян", "предложите его возвращение (won)")
    if listed.fee not in {None, client.fee}:
        raise NotTaken("fee", f"записана плата {roubles_text(client.fee)} ₽", "предложите смену платы (fee)")
    if listed.manager_id not in {None, client.manager_id}:
        raise NotTaken("manager", "клиента ведёт другой менеджер", "предложите передачу (handed_over)")
    if listed.since not in {None, client.since}:
        raise NotTaken("since", f"записано {client.since:%d.%m.%Y}", "исправьте дату в файле")
    if listed.source not in {None, client.source}:
        raise NotTaken("source", f"записано {client.source}", "исправьте источник в файле")
