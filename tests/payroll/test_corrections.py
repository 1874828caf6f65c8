"""Facts that were wrong, facts that do not fit, and whatever the policy: the same money by an independent sum."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payroll.domain.adjustments import forgiven
from services.payroll.domain.doubts import doubtful
from services.payroll.domain.facts import Fact
from services.payroll.domain.policy import Policies, Policy
from services.payroll.domain.refusals import BadFact
from services.payroll.domain.statement import Statement
from services.payroll.domain.wording import formula, reason
from services.payroll.papers.lines import lines
from shared.contracts.accounts import ClientLost, ClientWon
from shared.money import ZERO
from tests.payroll.given import (
    BASE,
    POLICIES,
    Told,
    client_lost,
    client_won,
    fact_of,
    manager,
    reversed_fact,
    roubles,
)

SEP, OCT, NOV, DEC = "2026-09", "2026-10", "2026-11", "2026-12"
MONTHS = (SEP, OCT, NOV)
AFTER = (*MONTHS, DEC, "2027-01")
CLOSE = "close"


@dataclass(frozen=True)
class Given:
    """A fact as drawn: nothing of ours is in it."""

    month: str
    kind: str
    kopecks: int
    undone: bool


def event(number: int, drawn: Given) -> ClientWon | ClientLost:
    fee = f"{Decimal(drawn.kopecks) / 100}"
    if drawn.kind == "lost":
        return client_lost(fee, drawn.month, fact_id=f"f{number}", day=1 + number)
    return client_won(fee, drawn.month, fact_id=f"f{number}", day=1 + number, source=drawn.kind)  # type: ignore[arg-type]


def naive_kopecks(facts: list[Given], month: str, percent: int, paying: set[str]) -> int:
    """What a month pays, in whole kopecks, from what was drawn: R-PAY-1, R-PAY-2, R-PAY-4 and the policy."""
    growth = 0
    for each in facts:
        if each.month != month or each.undone:
            continue
        if each.kind == "lost":
            growth -= each.kopecks
        elif each.kind in paying:
            growth += each.kopecks
    if growth <= 0:
        return 7_000_000
    return 7_000_000 + int((Decimal(growth) * percent / 100).quantize(Decimal(1), ROUND_HALF_UP))


DRAWN = st.lists(
    st.builds(
        Given,
        month=st.sampled_from(MONTHS),
        kind=st.sampled_from(["referral", "lost", "advert"]),
        kopecks=st.integers(0, 25_000_000),
        undone=st.booleans(),
    ),
    max_size=8,
)


@given(
    facts=DRAWN,
    closes=st.integers(0, 3),
    percent=st.sampled_from([100, 50, 33]),
    adverts=st.booleans(),
    data=st.data(),
)
def test_the_sum_of_all_statements_is_the_naive_sum_whatever_is_reversed_and_whenever_months_are_closed(
    facts: list[Given],
    closes: int,
    percent: int,
    adverts: bool,  # noqa: FBT001 - given by name
    data: st.DataObject,
) -> None:
    paying = ("advert", "referral") if adverts else ("referral",)
    events = [event(number, each) for number, each in enumerate(facts)]
    undoing = [reversed_fact(f"f{number}") for number, each in enumerate(facts) if each.undone]
    story: list[object] = [*events, *undoing, *undoing, manager(hired="2026-09-01"), *[CLOSE] * closes]
    told = Told(policies=Policies(Policy(BASE, Decimal(percent), paying)))  # type: ignore[arg-type]
    statements = _play(told, data.draw(st.permutations(story)))
    paid = sum((each.total for each in statements), ZERO) + statements[-1].carried
    assert int(paid * 100) == sum(naive_kopecks(facts, month, percent, set(paying)) for month in AFTER)
    settled = [fact_id for each in statements for fact_id in each.fact_ids]
    assert sorted(settled) == sorted(each.fact_id for each in (*events, *undoing))


@given(DRAWN, st.data())
def test_the_order_of_facts_and_their_reversals_does_not_matter(facts: list[Given], data: st.DataObject) -> None:
    events = [event(number, each) for number, each in enumerate(facts)]
    undoing = [reversed_fact(f"f{number}") for number, each in enumerate(facts) if each.undone]
    usual: list[object] = [manager(hired="2026-09-01"), *events, *undoing]
    one, other = Told(), Told()
    _play(one, usual)
    _play(other, data.draw(st.permutations([*usual, *undoing, *events])))
    assert other.ledger == one.ledger
    assert other.ledger.reversals == ()


def _play(told: Told, story: list[object]) -> list[Statement]:
    left = list(MONTHS)
    for each in story:
        if each == CLOSE:
            told.close(left.pop(0))
        else:
            told.hear(each)  # type: ignore[arg-type]
    found = [told.maybe(month) for month in AFTER]
    return [statement for statement in found if statement is not None]


def test_a_reversal_of_a_closed_month_is_an_adjustment_that_says_what_was_undone() -> None:
    told = Told.of(client_won(30000, SEP, fact_id="w"))
    told.close(SEP)
    told.hear(reversed_fact("w"))
    (line,) = told.statement(OCT).adjustments
    assert (line.month, line.amount) == (SEP, roubles(-30000))
    assert "отменён факт w («Школа w», 30 000): записан по ошибке" in reason(line).replace("\u00a0", " ")


def test_a_reversal_of_a_reversal_restores_the_fact() -> None:
    told = Told.of(client_won(30000, NOV, fact_id="w"))
    told.hear(reversed_fact("undo-w", by_id="redo"), reversed_fact("w", by_id="undo-w"))
    assert told.statement(NOV).total == roubles(100000)
    assert [fact.sign for fact in told.statement(NOV).reversed] == [1, -1]


def test_nobody_reverses_facts_of_their_own_pay_and_no_fact_reverses_itself() -> None:
    told = Told.of(client_won(30000, NOV, fact_id="w"))
    for bad in (reversed_fact("w", confirmed_by="m1"), reversed_fact("w", by_id="w")):
        with pytest.raises(BadFact):
            told.hear(bad)
    told.hear(reversed_fact("w"))
    with pytest.raises(BadFact, match="с другим содержанием"):
        told.hear(reversed_fact("other", by_id="undo-w"))
    with pytest.raises(BadFact, match="с другим содержанием"):
        told.hear(client_won(1, NOV, fact_id="undo-w"))


@pytest.mark.parametrize("day", ["1999-12-31", "0001-01-01", "2027-11-25", "9999-12-31"])
def test_a_day_that_cannot_be_is_refused(day: str) -> None:
    with pytest.raises(BadFact, match="бывает не раньше"):
        fact_of(client_won(1, NOV).model_copy(update={"effective": date.fromisoformat(day)}))


def fact(kind: str, day: int, fact_id: str, client_id: str = "c") -> Fact:
    made = (
        client_lost(1, NOV, fact_id=fact_id, day=day)
        if kind == "lost"
        else client_won(1, NOV, fact_id=fact_id, day=day)
    )
    return replace(fact_of(made), client_id=client_id)


def undone(first: Fact, fact_id: str) -> Fact:
    return replace(first, fact_id=fact_id, kind="reversed", reverses_fact_id=first.fact_id, sign=-1)


W1, W2, L1, L2 = fact("won", 1, "w1"), fact("won", 5, "w2"), fact("lost", 3, "l1"), fact("lost", 9, "l2")


@pytest.mark.parametrize(
    ("facts", "ours_since", "found"),
    [
        ([W1, L1, W2, L2], None, []),
        ([W1, W2], None, ["w2"]),
        ([W1, W2, undone(W1, "u")], None, []),
        ([W1, W2, undone(W1, "u"), undone(W1, "v")], None, ["v"]),
        ([W1, L1, L2], None, ["l2"]),
        ([L1], None, ["l1"]),
        ([L1], date(2026, 11, 1), []),
        ([L1], date(2026, 11, 4), ["l1"]),
        ([L1, fact("won", 3, "same day")], date(2026, 1, 1), []),
        ([W1, fact("lost", 5, "l"), W2], None, []),
        ([W1, fact("won", 5, "other", client_id="d")], None, []),
    ],
)
def test_won_and_lost_take_turns(facts: list[Fact], ours_since: date | None, found: list[str]) -> None:
    since = {} if ours_since is None else {"c": ours_since}
    assert list(doubtful(facts, since)) == found
    assert list(doubtful(reversed(facts), since)) == found


@pytest.mark.parametrize(
    ("policy", "total", "said"),
    [
        (Policy(BASE, Decimal(80)), 94000, "70 000 + 80 % от (0 − 20 000 + 50 000 = 30 000) = 94 000"),
        (Policy(BASE, Decimal("33.33")), 79999, "70 000 + 33,33 % от (0 − 20 000 + 50 000 = 30 000) = 79 999"),
        (Policy(roubles(80000), paying=("referral", "advert")), 119000, "80 000 − 20 000 + 50 000 + 9 000 = 119 000"),
        (Policy(BASE, Decimal(0)), 70000, "70 000 + 0 % от (0 − 20 000 + 50 000 = 30 000) = 70 000"),
    ],
)
def test_the_policy_says_what_counts_and_how_much_of_it(policy: Policy, total: int, said: str) -> None:
    told = Told.of(
        client_lost(20000, NOV, day=2), client_won(50000, NOV, day=3), client_won(9000, NOV, day=4, source="advert")
    )
    told.policies = Policies(policy)
    statement = told.statement(NOV)
    assert (statement.total, formula(statement).replace("\u00a0", " ")) == (roubles(total), said)


def test_what_is_not_carried_is_forgiven() -> None:
    told = Told.of(client_won(50000, SEP, fact_id="w"))
    told.policies = Policies(Policy(BASE, carries=False))
    told.close(SEP)
    told.hear(client_lost(50000, SEP))
    october = told.close(OCT)
    assert october is not None
    assert (october.total, october.carried, told.statement(NOV).total) == (BASE, ZERO, BASE)
    assert formula(october).replace("\u00a0", " ").endswith("меньше оклада, платится 70 000, прощается −50 000")
    assert (october.forgiven, sum(line.amount for line in lines(october))) == (roubles(-50000), BASE)


def test_what_was_forgiven_is_not_paid_once_more_when_it_turns_out_wrong() -> None:
    told = Told.of(client_won(50000, SEP))
    told.policies = Policies(Policy(BASE, carries=False))
    told.close(SEP)
    told.hear(client_lost(50000, SEP, fact_id="l"), client_won(20000, OCT))
    assert [each.total for each in (told.close(OCT),) if each] == [BASE]
    told.hear(reversed_fact("l"), client_won(4000, SEP))
    november = told.close(NOV)
    assert november is not None
    assert [(line.amount, line.forgiven) for line in november.adjustments] == [
        (ZERO, roubles(4000)),
        (roubles(24000), roubles(26000)),
    ]
    told.hear(client_lost(1000, SEP), client_won(3000, SEP))
    assert [line.amount for line in told.statement("2026-12").adjustments] == [roubles(3000), roubles(-1000)]


def test_what_is_forgiven_is_not_asked_for_by_the_next_fact() -> None:
    told = Told.of(client_won(50000, SEP))
    told.policies = Policies(Policy(BASE, carries=False))
    told.close(SEP)
    told.hear(client_lost(50000, SEP))
    told.close(OCT)
    told.hear(client_won(30000, SEP), client_won(30000, SEP, source="advert"), client_won(9000, NOV))
    assert ([line.amount for line in told.statement(NOV).adjustments], told.statement(NOV).total) == (
        [ZERO, ZERO],
        roubles(79000),
    )


def test_what_was_carried_and_then_forgiven_is_of_the_month_that_was_not_made_up_for() -> None:
    told = Told.of(client_won(50000, SEP), client_won(60000, OCT))
    told.policies = Policies(Policy(BASE), (Policy(BASE, carries=False, effective="2026-12", version=1),))
    told.close(SEP)
    told.close(OCT)
    told.hear(client_lost(50000, SEP, fact_id="s"), client_lost(60000, OCT, fact_id="o"))
    told.close(NOV)
    told.hear(reversed_fact("o"))
    told.close("2026-12")
    assert forgiven(told.ledger.closed) == {SEP: roubles(50000), OCT: ZERO}


def test_a_late_fact_is_settled_by_the_policy_its_month_was_closed_by() -> None:
    told = Told.of()
    told.close(SEP)
    richer = Policy(roubles(90000), Decimal(10), effective=OCT, version=1)
    told.policies = Policies(POLICIES.usual, (richer,), {SEP: POLICIES.usual})
    told.hear(client_won(30000, SEP), client_won(30000, OCT))
    october = told.statement(OCT)
    assert ([line.amount for line in october.adjustments], october.total) == ([roubles(30000)], roubles(123000))


def test_a_reversal_waits_for_its_fact_in_a_ledger_nobody_told_of() -> None:
    told = Told()
    told.hear(reversed_fact("w"))
    assert [word.fact_id for word in told.ledger.reversals] == ["undo-w"]
    told.hear(client_won(5000, NOV, fact_id="w"), manager())
    assert (told.ledger.reversals, told.statement(NOV).total) == ((), BASE)
