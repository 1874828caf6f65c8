"""The table of pay, row by row (R-PAY-1…4, R-PAY-6)."""

from decimal import Decimal

import pytest

from services.payroll.domain.wording import formula, reason
from shared.contracts.accounts import ClientLost, ClientWon
from shared.contracts.payroll import DismissalProposed, StatementClosed
from shared.money import ZERO
from tests.payroll.given import AT, BASE, Told, client_lost, client_won, reversed_fact, roubles

SEP, OCT, NOV = "2026-09", "2026-10", "2026-11"
Facts = list[ClientWon | ClientLost]

CASES: list[tuple[str, Facts, str, bool]] = [
    (
        "the seed's own",
        [client_lost(20000, NOV), client_won(20000, NOV), client_won(30000, NOV), client_won(50000, NOV)],
        "150000.00",
        False,
    ),
    ("nothing happened", [], "70000.00", False),
    ("balance", [client_won(25000, NOV), client_lost(25000, NOV)], "70000.00", False),
    ("negative by one kopeck", [client_won("24999.99", NOV), client_lost(25000, NOV)], "70000.00", True),
    ("only losses", [client_lost(250000, NOV), client_lost(6900, NOV)], "70000.00", True),
    ("won elsewhere", [client_won(50000, NOV, source="advert")], "70000.00", False),
    (
        "won and lost within the month",
        [client_won(30000, NOV, fact_id="here"), client_lost(30000, NOV, fact_id="gone")],
        "70000.00",
        False,
    ),
]


@pytest.mark.parametrize(("facts", "total", "dismissal"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_table_of_pay(facts: Facts, total: str, *, dismissal: bool) -> None:
    told = Told.of(*facts)
    so_far = told.statement(NOV)
    assert (str(so_far.total), so_far.dismissal_proposed, so_far.status) == (total, dismissal, "open")
    assert told.events == []
    closed = told.close(NOV)
    assert closed is not None
    assert (str(closed.total), closed.dismissal_proposed, closed.status) == (total, dismissal, "closed")
    assert told.dismissals() == ([NOV] if dismissal else [])


def test_septembers_loss_known_after_september_closed() -> None:
    told = Told.of(client_won(30000, SEP))
    closed = told.close(SEP)
    assert closed is not None
    assert closed.total == roubles(100000)
    told.hear(client_won(40000, OCT), client_lost(10000, SEP))
    october = told.statement(OCT)
    assert [line.amount for line in october.adjustments] == [roubles(-10000)]
    assert october.adjustments[0].month == SEP
    assert (october.total, october.carried, october.dismissal_proposed) == (roubles(100000), ZERO, False)
    assert told.dismissals() == []
    assert told.statement(SEP) == closed


def test_an_adjustment_against_a_month_already_negative_is_nothing_and_still_shown() -> None:
    told = Told.of(client_lost(15000, SEP))
    told.close(SEP)
    told.hear(client_won(40000, OCT), client_lost(10000, SEP, fact_id="late"))
    october = told.statement(OCT)
    assert [(line.amount, line.dismissal_proposed) for line in october.adjustments] == [(ZERO, False)]
    assert reason(october.adjustments[0]) == (
        "Сентябрь 2026: потерян «Школа late», 10\u00a0000; прирост не выше нуля, оклад 70\u00a0000 уже заплачен."
    )
    assert (october.total, october.dismissal_proposed) == (roubles(110000), False)
    assert told.dismissals() == [SEP]


def test_a_loss_that_turns_a_closed_month_negative() -> None:
    told = Told.of(client_won(30000, SEP, fact_id="w"))
    told.close(SEP)
    told.hear(client_won(10000, OCT), client_lost(50000, SEP, fact_id="l"))
    october = told.statement(OCT)
    assert [line.amount for line in october.adjustments] == [roubles(-30000)]
    assert october.adjustments[0].dismissal_proposed
    assert (october.total, october.carried) == (roubles(70000), roubles(-20000))
    assert not october.dismissal_proposed
    proposed = [event for event in told.events if isinstance(event, DismissalProposed)]
    assert proposed == [
        DismissalProposed(at=AT, manager_id="m1", month=SEP, growth=roubles(-20000), fact_ids=("w", "l"))
    ]
    told.close(OCT)
    assert told.dismissals() == [SEP]


def test_what_does_not_fit_is_carried_until_it_does() -> None:
    told = Told.of(client_won(100000, SEP))
    told.close(SEP)
    told.hear(client_lost(100000, SEP), client_won(30000, OCT), client_lost(5000, NOV), client_won(75000, "2026-12"))
    months = [told.statement(month) for month in (OCT, NOV, "2026-12", "2027-01")]
    assert [each.total for each in months] == [roubles(n) for n in (70000, 70000, 75000, 70000)]
    assert [each.carried_in for each in months] == [roubles(n) for n in (0, -70000, -70000, 0)]
    assert [each.carried for each in months] == [roubles(n) for n in (-70000, -70000, 0, 0)]
    assert [each.dismissal_proposed for each in months] == [False, True, False, False]
    for month, so_far in zip((OCT, NOV, "2026-12", "2027-01"), months, strict=True):
        closed = told.close(month)
        assert closed is not None
        assert (closed.total, closed.carried) == (so_far.total, so_far.carried)


def test_a_late_win_is_paid_and_a_second_one_for_the_same_month_counts_the_first() -> None:
    told = Told.of(client_lost(10000, SEP))
    told.close(SEP)
    told.hear(client_won(4000, SEP, day=20), client_won(30000, SEP, day=21), client_won(1000, SEP, day=22))
    october = told.close(OCT)
    assert october is not None
    assert [line.amount for line in october.adjustments] == [ZERO, roubles(24000), roubles(1000)]
    told.hear(client_lost(5000, SEP, day=23))
    assert [line.amount for line in told.statement(NOV).adjustments] == [roubles(-5000)]


def test_a_month_whose_dismissal_was_proposed_is_not_proposed_again() -> None:
    told = Told.of(client_lost(10000, SEP))
    told.close(SEP)
    told.hear(client_won(30000, SEP), client_lost(40000, SEP), client_lost(1000, SEP))
    told.close(OCT)
    assert told.dismissals() == [SEP]


def test_a_line_says_that_a_dismissal_is_proposed_only_where_it_is() -> None:
    told = Told.of(client_won(30000, SEP))
    told.close(SEP)
    told.hear(client_won(60000, SEP, day=20), client_lost(50000, SEP, day=2))
    assert [line.dismissal_proposed for line in told.statement(OCT).adjustments] == [False, False]
    assert told.dismissals() == []


def test_what_a_statement_said_of_a_dismissal_is_not_said_again() -> None:
    told = Told.of(client_lost(10000, SEP))
    told.close(SEP)
    told.hear(client_won(30000, SEP, day=20), client_lost(40000, SEP, day=21))
    assert [line.dismissal_proposed for line in told.statement(OCT).adjustments] == [False, False]


def test_a_month_moved_by_late_facts_over_several_months_ends_at_what_it_should_have_paid() -> None:
    told = Told.of(client_won(30000, SEP))
    told.close(SEP)
    told.hear(client_lost(50000, SEP), client_won(10000, OCT))
    assert _closed(told, OCT) == (roubles(70000), roubles(-20000))
    told.hear(client_won(25000, SEP))
    assert [line.amount for line in told.statement(NOV).adjustments] == [roubles(5000)]
    assert _closed(told, NOV) == (roubles(70000), roubles(-15000))
    told.hear(client_won(8000, "2026-12"), client_lost(1000, OCT), client_lost(3000, NOV))
    assert [line.amount for line in told.statement("2026-12").adjustments] == [roubles(-1000), ZERO]
    assert _closed(told, "2026-12") == (roubles(70000), roubles(-8000))
    assert told.dismissals() == [SEP, NOV]


def _closed(told: Told, month: str) -> tuple[Decimal, Decimal]:
    closed = told.close(month)
    assert closed is not None
    return closed.total, closed.carried


def test_the_next_month_follows_a_statement_closed_while_the_company_is_still_closing() -> None:
    told = Told.of(client_won(20000, SEP), client_won(10000, OCT))
    told.close(SEP)
    told.hear(client_lost(20000, SEP))
    told.close(OCT)
    before = told.statement(NOV)
    told.first_open = OCT
    assert told.statement(NOV) == before
    assert before.carried_in == roubles(-10000)


def test_a_closed_statement_is_told_once() -> None:
    told = Told.of(client_won(20000, NOV))
    told.close(NOV)
    told.close(NOV)
    assert told.events == [
        StatementClosed(
            at=AT, statement_id="m1:2026-11", manager_id="m1", month=NOV, total=roubles(90000), growth=roubles(20000)
        )
    ]


def test_every_line_names_its_fact_and_what_is_behind_it() -> None:
    statement = Told.of(client_won(20000, NOV, fact_id="w"), client_lost(5000, NOV, fact_id="l")).statement(NOV)
    (line,) = statement.won
    assert (line.fact_id, line.client_name, line.fee, f"{line.effective}") == (
        "w",
        "Школа w",
        roubles(20000),
        "2026-11-15",
    )
    assert (line.vouched_by_client_id, line.request_id) == ("fan", "r-w")
    (gone,) = statement.lost
    assert (gone.fact_id, gone.request_id, gone.reason) == ("l", "r-l", "заявку решил конкурент")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (CASES[0][1], "70 000 − 20 000 + 20 000 + 30 000 + 50 000 = 150 000"),
        ([], "70 000"),
        (CASES[3][1], "70 000 − 25 000 + 24 999,99 = 69 999,99: прирост отрицательный, платится оклад 70 000"),
    ],
)
def test_the_formula_reads_as_the_seed_writes_it(facts: Facts, said: str) -> None:
    assert formula(Told.of(*facts).statement(NOV)).replace("\u00a0", " ") == said


def test_the_formula_shows_adjustments_and_what_is_carried() -> None:
    told = Told.of(client_won(30000, SEP))
    told.close(SEP)
    told.hear(client_won(10000, OCT), client_lost(50000, SEP), client_lost(1000, NOV))
    october, november = (formula(told.statement(month)).replace("\u00a0", " ") for month in (OCT, NOV))
    carried = "меньше оклада, платится 70 000, переносится −20 000"
    assert october == f"70 000 + 10 000 − 30 000 (поправка за сентябрь 2026) = 50 000: {carried}"
    negative = "70 000 − 1 000 = 69 000: прирост отрицательный, платится оклад 70 000"
    assert november == f"{negative}; 70 000 − 20 000 (перенесено) = 50 000: {carried}"


def test_the_formula_leaves_out_what_moves_nothing() -> None:
    told = Told.of(client_won(9000, NOV, source="advert", fact_id="w"), client_lost(0, NOV), client_won(1000, NOV))
    told.hear(reversed_fact("w"))
    assert formula(told.statement(NOV)).replace("\u00a0", " ") == "70 000 + 1 000 = 71 000"


def test_the_base_is_the_policys() -> None:
    assert Told.of().statement(NOV).base == BASE
