"""Who is paid for which month, and what becomes of facts about others."""

from datetime import timedelta

import pytest

from services.payroll.domain.doubts import unsure_of_work
from services.payroll.domain.recording import record
from services.payroll.domain.refusals import BadFact
from services.payroll.domain.wording import formula, reason
from shared.contracts.accounts import ClientHandedOver, ClientLost, ManagerChanged
from shared.money import ZERO
from tests.payroll.given import (
    AT,
    BASE,
    POLICIES,
    Told,
    client_lost,
    client_won,
    fact_of,
    handed,
    manager,
    reversed_fact,
    roubles,
)

SEP, OCT, NOV, DEC = "2026-09", "2026-10", "2026-11", "2026-12"


@pytest.mark.parametrize(
    ("month", "total"), [(SEP, None), (OCT, "70000.00"), (NOV, "70000.00"), (DEC, None)], ids=[SEP, OCT, NOV, DEC]
)
def test_every_month_with_a_day_of_work_pays_the_whole_base(month: str, total: str | None) -> None:
    told = Told.of(hired="2026-10-31", left="2026-11-01")
    found = told.maybe(month)
    assert (None if found is None else str(found.total)) == total


def test_a_manager_who_changed_is_as_the_highest_revision_says() -> None:
    later = ManagerChanged(**dict(manager(revision=3, left="2026-10-31")))
    told = Told()
    for news in (later, manager(revision=1), ManagerChanged(**dict(manager(revision=2)))):
        told.hear(news)
    assert told.maybe(NOV) is None
    assert told.maybe(OCT) is not None


def test_facts_about_a_manager_nobody_told_of_are_kept_and_wait() -> None:
    told = Told()
    told.hear(client_lost(5000, NOV, fact_id="l"), client_won(9000, DEC), client_won(1, OCT, source="advert"))
    assert told.maybe(NOV) is None
    assert told.ledger.waiting(NOV, told.policies) == ["l"]
    told.hear(manager())
    assert told.ledger.waiting(NOV, told.policies) == []
    assert told.statement(NOV).growth == roubles(-5000)


def test_a_manager_told_of_after_the_month_was_closed_gets_it_with_the_next() -> None:
    told = Told()
    told.hear(client_won(20000, SEP), client_lost(50000, SEP))
    assert told.close(SEP) is None
    assert told.close(OCT) is None
    told.hear(manager(hired="2026-09-15"))
    assert told.maybe(SEP) is None
    november = told.close(NOV)
    assert november is not None
    assert [(line.month, line.amount) for line in november.adjustments] == [
        (SEP, roubles(70000)),
        (SEP, roubles(20000)),
        (SEP, roubles(-20000)),
        (OCT, roubles(70000)),
    ]
    assert november.total == roubles(210000)
    assert told.dismissals() == [SEP]
    assert "стало известно, что менеджер тогда работал" in reason(november.adjustments[0])


def test_a_manager_first_told_of_while_a_month_is_closed_is_owed_it_without_a_doubt() -> None:
    told = Told(closing=NOV)
    told.hear(manager(hired="2026-11-02"))
    assert told.close(NOV) is None
    assert unsure_of_work(told.ledger, DEC, NOV, lambda _: AT.date()) == {}
    assert told.statement(DEC).total == 2 * BASE
    later = Told(closing=NOV)
    later.hear(manager(hired="2026-12-01"), manager(hired="2026-11-02", revision=2))
    assert later.close(NOV) is None
    assert unsure_of_work(later.ledger, DEC, NOV, lambda _: AT.date()) == {}


def test_a_manager_known_before_whose_days_change_while_a_month_is_closed_is_asked_about() -> None:
    known = Told()
    known.hear(manager(hired="2026-12-01"))
    known.closing = NOV
    known.hear(manager(hired="2026-11-02", revision=2))
    assert known.close(NOV) is None
    assert list(unsure_of_work(known.ledger, DEC, NOV, lambda _: AT.date())) == ["m1:2026-11"]


def test_a_month_that_turns_out_not_to_be_worked_is_taken_back_and_carried_where_it_does_not_fit() -> None:
    told = Told.of(client_won(30000, OCT))
    told.close(SEP)
    told.close(OCT)
    told.hear(manager(left="2026-09-30", revision=2))
    november = told.close(NOV)
    assert november is not None
    (line,) = november.adjustments
    assert (line.month, line.base, line.amount) == (OCT, ZERO, roubles(-100000))
    assert reason(line).replace("\u00a0", " ").endswith("тогда не работал: заплачено 100 000, возвращается.")
    assert (november.total, november.carried, told.ledger.paid_months()) == (ZERO, roubles(-100000), (SEP,))
    assert told.close(DEC) is None


def test_a_month_taken_back_is_paid_again_where_it_was_worked_after_all() -> None:
    told = Told.of(client_won(30000, SEP), client_won(40000, OCT))
    told.close(SEP)
    told.hear(manager(hired="2026-10-01", revision=2))
    october = told.close(OCT)
    assert october is not None
    assert (october.total, october.carried) == (roubles(70000), roubles(-60000))
    told.hear(manager(hired="2026-09-30", revision=3), client_lost(10000, SEP))
    november = told.statement(NOV)
    assert [line.amount for line in november.adjustments] == [roubles(100000), roubles(-10000)]
    assert november.total == roubles(100000)
    assert october.total + november.total + roubles(100000) == sum(map(roubles, (90000, 110000, 70000)))


def test_after_the_last_month_a_late_win_is_paid_without_a_base() -> None:
    told = Told.of(left="2026-09-30")
    told.close(SEP)
    assert told.maybe(OCT) is None
    told.hear(client_won(30000, SEP))
    october = told.close(OCT)
    assert october is not None
    assert (october.base, october.total, october.dismissal_proposed) == (ZERO, roubles(30000), False)
    assert formula(october).replace("\u00a0", " ") == "0 + 30 000 (поправка за сентябрь 2026) = 30 000"
    assert told.maybe(NOV) is None


def test_after_the_last_month_a_late_loss_takes_nothing_back_and_is_carried() -> None:
    told = Told.of(client_won(30000, SEP), left="2026-09-30")
    told.close(SEP)
    told.hear(client_lost(20000, SEP))
    october = told.close(OCT)
    assert october is not None
    assert (october.total, october.carried) == (ZERO, roubles(-20000))
    assert formula(october).endswith("меньше нуля, платится 0, переносится −20\u00a0000")


def test_a_fact_of_a_month_in_which_the_manager_did_not_work_moves_nothing() -> None:
    told = Told.of(client_lost(20000, SEP), hired="2026-10-01")
    assert told.close(SEP) is None
    october = told.close(OCT)
    assert october is not None
    assert [line.amount for line in october.adjustments] == [ZERO]
    assert reason(october.adjustments[0]).endswith("но менеджер тогда не работал.")
    assert (october.total, told.dismissals()) == (roubles(70000), [])


def test_a_month_before_the_first_one_closed_here_counts_as_paid_at_the_base() -> None:
    told = Told.of()
    told.close(OCT)
    told.hear(client_lost(20000, SEP, day=1), client_won(50000, SEP, day=2))
    november = told.statement(NOV)
    assert [line.amount for line in november.adjustments] == [ZERO, roubles(30000)]
    assert told.dismissals() == []
    assert told.maybe(SEP) is None


def test_a_fact_before_the_books_and_before_the_manager_worked_moves_nothing() -> None:
    told = Told.of(hired="2026-10-01")
    told.close(OCT)
    told.hear(client_won(50000, SEP))
    november = told.statement(NOV)
    assert ([line.amount for line in november.adjustments], november.total) == ([ZERO], roubles(70000))
    assert reason(november.adjustments[0]).endswith("но менеджер тогда не работал.")


def test_a_reversal_counts_no_earlier_than_its_fact() -> None:
    told = Told()
    told.hear(manager(), reversed_fact("w"))
    told.closing = OCT
    told.hear(client_won(30000, OCT, fact_id="w"))
    october = told.close(OCT)
    assert october is not None
    assert (october.total, october.fact_ids) == (roubles(70000), ())
    november = told.close(NOV)
    assert november is not None
    assert ([line.amount for line in november.adjustments], november.total) == (
        [ZERO, ZERO],
        roubles(70000),
    )


def test_nobody_is_said_to_be_dismissed_for_a_month_before_the_first_one_closed_here() -> None:
    told = Told.of()
    told.close(OCT)
    told.hear(client_lost(20000, SEP))
    assert [line.dismissal_proposed for line in told.statement(NOV).adjustments] == [False]
    assert told.dismissals() == []


def test_a_hand_over_stands_in_both_ledgers_and_moves_nothing() -> None:
    told = Told.of()
    told.hear(handed(NOV), handed(NOV))
    statement = told.statement(NOV)
    assert [fact.fact_id for fact in statement.without_pay] == ["h1"]
    assert (statement.growth, statement.total) == (ZERO, roubles(70000))


def test_a_loss_on_the_day_of_a_hand_over_is_borne_by_whom_the_fact_names() -> None:
    same_day = client_lost(20000, NOV, day=1).model_copy(update={"client_id": "c1"})
    stories: list[list[ClientLost | ClientHandedOver]] = [
        [handed(NOV), same_day],
        [same_day, handed(NOV), same_day, handed(NOV)],
    ]
    for story in stories:
        told = Told.of()
        told.hear(*story)
        statement = told.statement(NOV)
        assert ([fact.kind for fact in statement.own], statement.growth) == (["lost", "handed_over"], roubles(-20000))


def test_a_late_hand_over_is_shown_with_its_reason() -> None:
    told = Told.of()
    told.close(OCT)
    told.hear(handed(OCT))
    (line,) = told.statement(NOV).adjustments
    assert (line.amount, reason(line)) == (ZERO, "Октябрь 2026: клиент c1 передан (m1 → m2); на оплату не влияет.")


def test_a_fact_that_says_something_else_than_before_is_refused() -> None:
    told = Told.of(client_won(20000, NOV, fact_id="w"))
    told.hear(client_won(20000, NOV, fact_id="w").model_copy(update={"at": AT + timedelta(days=1)}))
    with pytest.raises(BadFact, match="Факт w не записан"):
        told.hear(client_won(30000, NOV, fact_id="w"))


def test_a_fee_below_zero_is_refused() -> None:
    with pytest.raises(BadFact, match="меньше нуля"):
        record(None, "m1", fact_of(client_lost(-1, NOV)), POLICIES, AT)


def test_a_closing_that_comes_late_does_not_pay_a_month_twice() -> None:
    told = Told()
    told.close(SEP)
    told.hear(manager(hired="2026-09-01"))
    told.close(OCT)
    assert told.close(SEP) is None
    assert [statement.month for statement in told.ledger.closed] == [OCT]
