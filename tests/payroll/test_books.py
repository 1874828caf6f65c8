"""Months are closed once, in order, after they have ended (R-PAY-6)."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from services.payroll.domain.asking import (
    ANSWERABLE,
    Doubts,
    Outlook,
    begin_closing,
    end_review,
    request_close,
    review_month,
    withdraw_request,
)
from services.payroll.domain.books import Books, Review, export_month, finish_closing, set_policy
from services.payroll.domain.months import following, month_of, named, through
from services.payroll.domain.policy import Policy
from services.payroll.domain.refusals import (
    NAMED,
    BeforeTheBooks,
    CloseNotRequested,
    CloseRequestedAlready,
    ConfirmedByTheSame,
    ExportedAlready,
    FactsInDoubt,
    FactsWaiting,
    ManagersUnknown,
    MonthAlreadyClosed,
    MonthIsClosing,
    MonthNotClosed,
    MonthNotEnded,
    MonthOutOfOrder,
    NobodyEmployed,
    PolicyTooLate,
    ReviewFirst,
    ReviewNotFinished,
    ReviewOvertaken,
)
from tests.payroll.given import BASE, roubles

ZONE = "Asia/Krasnoyarsk"
SEP, OCT, NOV = "2026-09", "2026-10", "2026-11"
LATER = datetime(2027, 3, 1, tzinfo=UTC)
WORKED = Outlook(first_due=OCT, employed=True)
SOUND = Doubts()


def begin(books: Books | None, month: str, outlook: Outlook = WORKED, now: datetime = LATER) -> Books:
    return confirmed(asked(looked(books, month, outlook, now=now), month), month)


def looking(books: Books | None, month: str, outlook: Outlook = WORKED, now: datetime = LATER) -> Books:
    return review_month(books, month, outlook, by="p2", now=now, zone=ZONE).state


def looked(books: Books | None, month: str, outlook: Outlook = WORKED, now: datetime = LATER) -> Books:
    begun = looking(books, month, outlook, now)
    return end_review(begun, month, begun.looks).state


def asked(books: Books, month: str, doubts: Doubts = SOUND, by: str = "p2") -> Books:
    return request_close(books, month, replace(doubts, look=books.looks), by=by, now=LATER, zone=ZONE).state


def confirmed(books: Books, month: str, doubts: Doubts = SOUND, by: str = "p1") -> Books:
    doubts = replace(doubts, look=books.looks)
    return begin_closing(books, month, doubts, usual=Policy(BASE), by=by, now=LATER, zone=ZONE).state


def closed(books: Books | None, month: str) -> Books:
    return finish_closing(begin(books, month), month, statements=2, total=roubles(140000), seal="s", now=LATER).state


def test_a_month_is_closing_until_every_statement_is_closed() -> None:
    books = begin(None, OCT)
    assert (books.closing is not None, books.first_open) == (True, OCT)
    books = finish_closing(books, OCT, statements=2, total=roubles(140000), seal="s", now=LATER).state
    assert (books.closing, books.first_open, books.begin) == (None, NOV, OCT)
    assert finish_closing(books, OCT, statements=3, total=roubles(0), seal="s", now=LATER).state is books


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
    with pytest.raises(MonthAlreadyClosed, match=r"уже закрыт 01\.03\.2027 07:00 и больше") as refusal:
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
        asked(looked(None, OCT), OCT, Doubts(waiting={"m9": ["f1", "f2"]}))
    assert refusal.value.facts == {"m9": ["f1", "f2"]}


def test_who_asks_once_more_is_told_who_has_asked() -> None:
    with pytest.raises(CloseRequestedAlready, match="уже просит p2; другой человек подтверждает"):
        asked(asked(looked(None, OCT), OCT), OCT, by="p3")


def test_a_month_is_looked_through_before_it_is_asked_for_and_asked_for_before_it_is_confirmed() -> None:
    with pytest.raises(ReviewFirst, match="/v1/months/2026-10/review"):
        asked(Books(), OCT)
    with pytest.raises(CloseNotRequested, match="никто не просил"):
        confirmed(looked(None, OCT), OCT)
    assert confirmed(asked(looked(None, OCT), OCT), OCT).months[0].requested_by == "p2"


def test_who_asks_does_not_confirm() -> None:
    with pytest.raises(ConfirmedByTheSame, match="просил p2"):
        confirmed(asked(looked(None, OCT), OCT), OCT, by="p2")


def test_what_was_asked_can_be_taken_back_and_ends_with_another_look() -> None:
    books = asked(looked(None, OCT), OCT)
    for again in (withdraw_request(books, OCT, ZONE).state, looked(books, OCT)):
        assert again.state(OCT) == "in_review"
        with pytest.raises(CloseNotRequested):
            confirmed(again, OCT)
    with pytest.raises(CloseNotRequested):
        withdraw_request(looked(None, OCT), OCT, ZONE)


def test_facts_in_doubt_are_answered_for_by_who_asks_and_later_ones_are_not() -> None:
    doubts = Doubts(found={"f1": "пришёл второй раз"})
    with pytest.raises(FactsInDoubt, match="f1: пришёл второй раз"):
        asked(looked(None, OCT), OCT, doubts)
    answered = asked(looked(None, OCT), OCT, replace(doubts, accepted="звонил, всё верно", shown=["f1"]))
    assert confirmed(answered, OCT, doubts).months[0].doubts_accepted == "звонил, всё верно"
    with pytest.raises(FactsInDoubt):
        confirmed(asked(looked(None, OCT), OCT), OCT, doubts)
    with pytest.raises(FactsInDoubt) as refusal:
        confirmed(answered, OCT, Doubts(found={"f1": "пришёл второй раз", "f2": "потерян второй раз"}))
    assert refusal.value.doubts == {"f2": "потерян второй раз"}
    taken_back = withdraw_request(answered, OCT, ZONE).state
    with pytest.raises(FactsInDoubt):
        confirmed(asked(taken_back, OCT), OCT, doubts)


def test_more_doubts_than_anybody_looks_at_are_not_answered_for() -> None:
    many = {f"f{number:03}": "пришёл второй раз" for number in range(ANSWERABLE + 1)}
    with pytest.raises(FactsInDoubt, match="и ещё 1") as refusal:
        asked(looked(None, OCT), OCT, Doubts(found=many, accepted="всё верно", shown=many))
    assert len(refusal.value.doubts) == ANSWERABLE
    many.popitem()
    all_of_them = Doubts(found=many, accepted="всё верно", shown=many)
    assert asked(looked(None, OCT), OCT, all_of_them).state(OCT) == "requested"


def test_words_about_facts_in_doubt_are_about_those_that_were_shown() -> None:
    doubts = Doubts(found={"f1": "пришёл второй раз", "f2": "потерян второй раз"}, accepted="верно", shown=["f1", "f9"])
    with pytest.raises(FactsInDoubt) as refusal:
        asked(looked(None, OCT), OCT, doubts)
    assert refusal.value.doubts == {"f2": "потерян второй раз"}


def test_what_would_be_paid_otherwise_than_was_seen_is_looked_through_again() -> None:
    many = Doubts(moved=[f"m{number:03}" for number in range(NAMED + 7)])
    with pytest.raises(ReviewOvertaken, match=r"m000, .* и ещё 7\. Посмотрите месяц ещё раз") as refusal:
        asked(looked(None, OCT), OCT, many)
    assert len(refusal.value.managers) == NAMED
    books = asked(looked(None, OCT), OCT)
    with pytest.raises(ReviewOvertaken, match="m1"):
        confirmed(books, OCT, Doubts(moved=["m1"]))
    assert looked(books, OCT).state(OCT) == "in_review"


def test_nobody_asks_before_the_look_is_finished_nor_by_the_preview_of_another() -> None:
    begun = looking(None, OCT)
    with pytest.raises(ReviewNotFinished, match="ещё просматривается"):
        asked(begun, OCT)
    assert looking(begun, OCT) is begun
    assert end_review(begun, OCT, begun.looks + 1).state is begun
    assert end_review(begun, NOV, begun.looks).state is begun
    with pytest.raises(ReviewFirst):
        request_close(looked(None, OCT), OCT, Doubts(look=7), by="p2", now=LATER, zone=ZONE)
    of_before = Books(review=Review(month=OCT, state="in_review", by="p2", at=LATER))
    with pytest.raises(ReviewFirst):
        request_close(of_before, OCT, Doubts(look=None), by="p2", now=LATER, zone=ZONE)


def test_a_look_has_the_number_of_no_other_whatever_comes_between() -> None:
    first = looked(None, OCT)
    changed = set_policy(first, Policy(BASE, effective=NOV)).state
    assert end_review(set_policy(looking(first, OCT), Policy(BASE, effective=NOV)).state, OCT, 2).state.review is None
    elsewhere = looked(changed, SEP)
    assert [books.review.look for books in (first, elsewhere, looked(elsewhere, OCT)) if books.review] == [1, 2, 3]


def test_a_reversal_whose_fact_has_not_come_holds_a_close_up() -> None:
    with pytest.raises(FactsWaiting, match="u1"):
        asked(looked(None, OCT), OCT, Doubts(reversals=("u1",)))


def test_a_month_is_exported_once_and_again_only_for_a_reason() -> None:
    with pytest.raises(MonthNotClosed):
        export_month(begin(None, OCT), OCT, by="p1", now=LATER, zone=ZONE, reason=None)
    once = export_month(closed(None, OCT), OCT, by="p1", now=LATER, zone=ZONE, reason=None).state
    assert (once.state(OCT), once.months[0].exports[0].number) == ("exported", 1)
    with pytest.raises(ExportedAlready, match=r"уже выгружен 01\.03\.2027 07:00\. Чтобы"):
        export_month(once, OCT, by="p1", now=LATER, zone=ZONE, reason=None)
    twice = export_month(once, OCT, by="p1", now=LATER, zone=ZONE, reason="файл потеряли").state
    assert [(each.number, each.reason) for each in twice.months[0].exports] == [(1, None), (2, "файл потеряли")]


def test_a_policy_is_for_months_to_come_and_closed_months_keep_theirs() -> None:
    richer = replace(Policy(BASE), base=roubles(80000), effective=NOV)
    books = set_policy(closed(None, OCT), richer).state
    assert (books.policies[0].version, books.in_force(Policy(BASE)).of(NOV).base) == (1, roubles(80000))
    assert books.in_force(Policy(roubles(1))).of(OCT).base == BASE
    for late in (OCT, SEP):
        with pytest.raises(PolicyTooLate, match="с месяца ноябрь 2026"):
            set_policy(books, replace(richer, effective=late))
    with pytest.raises(PolicyTooLate, match="с месяца декабрь 2026"):
        set_policy(begin(books, NOV), richer)


def test_a_new_policy_takes_back_what_was_asked() -> None:
    books = set_policy(asked(looked(None, OCT), OCT), Policy(BASE, effective=OCT)).state
    assert books.state(OCT) == "open"


def test_of_two_versions_for_a_month_the_newer_counts_and_later_months_have_their_own() -> None:
    first, second, third = (
        replace(Policy(BASE), base=roubles(n), effective=m) for n, m in ((1, SEP), (2, NOV), (3, SEP))
    )
    books = set_policy(set_policy(set_policy(None, first).state, second).state, third).state
    in_force = books.in_force(Policy(BASE))
    assert [in_force.of(month).base for month in ("2026-08", SEP, OCT, NOV)] == [BASE, *map(roubles, (3, 3, 2))]


def test_months_follow_one_another() -> None:
    assert list(through("2026-11", "2027-02")) == [NOV, "2026-12", "2027-01", "2027-02"]
    assert (month_of(date(2026, 2, 28)), following("2027-01"), named("2026-09")) == (
        "2026-02",
        "2027-02",
        "сентябрь 2026",
    )
