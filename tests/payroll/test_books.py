"""Months are closed once, in order, after they have ended (R-PAY-6)."""

from datetime import UTC, date, datetime

import pytest

from services.payroll.domain.books import Books, Outlook, begin_closing, finish_closing
from services.payroll.domain.months import following, month_of, named, through
from services.payroll.domain.refusals import (
    BeforeTheBooks,
    ManagersUnknown,
    MonthAlreadyClosed,
    MonthIsClosing,
    MonthNotEnded,
    MonthOutOfOrder,
    NobodyEmployed,
)
from tests.payroll.given import Told, client_won, manager, roubles

ZONE = "Asia/Krasnoyarsk"
SEP, OCT, NOV = "2026-09", "2026-10", "2026-11"
LATER = datetime(2027, 3, 1, tzinfo=UTC)
WORKED = Outlook(first_due=OCT, employed=True)


def begin(books: Books | None, month: str, outlook: Outlook = WORKED, now: datetime = LATER) -> Books:
    return begin_closing(books, month, outlook, by="p1", now=now, zone=ZONE).state


def closed(books: Books | None, month: str) -> Books:
    return finish_closing(begin(books, month), month, statements=2, total=roubles(140000), now=LATER).state


def test_a_month_is_closing_until_every_statement_is_closed() -> None:
    books = begin(None, OCT)
    assert (books.closing is not None, books.first_open) == (True, OCT)
    books = finish_closing(books, OCT, statements=2, total=roubles(140000), now=LATER).state
    assert (books.closing, books.first_open, books.begin) == (None, NOV, OCT)
    assert finish_closing(books, OCT, statements=3, total=roubles(0), now=LATER).state is books


@pytest.mark.parametrize(
    ("moment", "ended"),
    [(datetime(2026, 10, 31, 16, 59, 59, tzinfo=UTC), False), (datetime(2026, 10, 31, 17, 0, tzinfo=UTC), True)],
    ids=["the last second in Krasnoyarsk", "midnight in Krasnoyarsk"],
)
def test_a_month_ends_at_midnight_of_the_companys_zone(moment: datetime, *, ended: bool) -> None:
    if ended:
        assert begin(None, OCT, now=moment).closing is not None
        return
    with pytest.raises(MonthNotEnded, match=r"закрыть его можно с 01\.11\.2026"):
        begin(None, OCT, now=moment)


def test_a_second_close_names_when_the_month_was_closed() -> None:
    with pytest.raises(MonthAlreadyClosed, match=r"уже закрыт 01\.03\.2027 в 07:00") as refusal:
        begin(closed(None, OCT), OCT)
    assert refusal.value.closed_at == LATER.isoformat()


def test_a_month_being_closed_is_not_closed_by_a_second_one() -> None:
    with pytest.raises(MonthIsClosing):
        begin(begin(None, OCT), OCT)


def test_months_are_closed_in_order() -> None:
    with pytest.raises(MonthOutOfOrder, match="закройте октябрь 2026"):
        begin(None, NOV)
    with pytest.raises(MonthOutOfOrder, match="закройте октябрь 2026"):
        begin(begin(None, OCT), NOV)
    with pytest.raises(MonthOutOfOrder, match="закройте ноябрь 2026"):
        begin(closed(None, OCT), "2026-12")
    assert closed(closed(None, OCT), NOV).first_open == "2026-12"


def test_the_first_month_may_be_earlier_than_the_first_due_but_not_before_anybody_worked() -> None:
    assert begin(None, SEP).begin == SEP
    with pytest.raises(NobodyEmployed):
        begin(None, SEP, Outlook(first_due=OCT, employed=False))


def test_a_month_before_the_first_closed_one_stays_as_it_is() -> None:
    with pytest.raises(BeforeTheBooks):
        begin(closed(None, OCT), SEP)


def test_facts_without_a_known_manager_hold_a_close_up() -> None:
    with pytest.raises(ManagersUnknown, match="m9: f1, f2") as refusal:
        begin(None, OCT, Outlook(first_due=OCT, employed=True, waiting={"m9": ["f1", "f2"]}))
    assert refusal.value.facts == {"m9": ["f1", "f2"]}


def test_the_first_month_due_is_that_of_the_first_word_or_of_the_first_fact() -> None:
    november = Told.of(hired="2019-03-01")
    assert november.ledger.first_due() == NOV
    november.hear(client_won(1000, SEP, source="advert"))
    assert november.ledger.first_due() == NOV
    november.hear(client_won(1000, OCT))
    assert november.ledger.first_due() == OCT
    december = Told()
    december.hear(manager(hired="2026-12-01"))
    assert december.ledger.first_due() == "2026-12"
    gone = Told.of(hired="2019-03-01", left="2020-01-01")
    assert gone.ledger.first_due() is None


def test_months_follow_one_another() -> None:
    assert list(through("2026-11", "2027-02")) == [NOV, "2026-12", "2027-01", "2027-02"]
    assert (month_of(date(2026, 2, 28)), following("2027-01"), named("2026-09")) == (
        "2026-02",
        "2027-02",
        "сентябрь 2026",
    )
