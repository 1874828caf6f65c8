"""Whatever the order of messages, however often they come, whenever months are closed: the same money (R-PAY-6)."""

from collections import Counter
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

from services.payroll.domain.policy import Policies, Policy
from services.payroll.domain.statement import Statement
from services.payroll.papers.lines import lines
from shared.contracts.accounts import ClientLost, ClientWon, ManagerRegistered
from shared.money import ZERO
from tests.payroll.given import BASE, POLICIES, Told, client_lost, client_won, manager, opened

MONTHS = ("2026-09", "2026-10", "2026-11", "2026-12")
LAST = "2027-02"
AFTER = (*MONTHS, "2027-01", LAST)
CLOSE = "close"
"""A close begins; the next one in the story is its end."""
Fact = ClientWon | ClientLost
Story = list[Fact | ManagerRegistered | str]


def _fact(number: int, month: str, kind: str, kopecks: int) -> Fact:
    fee = Decimal(kopecks) / 100
    if kind == "lost":
        return client_lost(f"{fee}", month, fact_id=f"f{number}", day=1 + number)
    return client_won(f"{fee}", month, fact_id=f"f{number}", day=1 + number, source=kind)  # type: ignore[arg-type]


KINDS = st.sampled_from(["referral", "referral", "lost", "lost", "advert"])
FEES = st.one_of(st.integers(0, 25_000_000), st.sampled_from([690_000, 2_000_000, 2_500_000, 2_499_999]))
FACTS: SearchStrategy[list[Fact]] = st.lists(st.tuples(st.sampled_from(MONTHS), KINDS, FEES), max_size=9).map(
    lambda drawn: [_fact(number, *each) for number, each in enumerate(drawn)]
)


SOME_POLICY = st.builds(
    Policy,
    st.sampled_from([BASE, Decimal("80000.50")]),
    st.sampled_from([Decimal(100), Decimal(80), Decimal("33.33"), Decimal(0)]),
    st.sampled_from([("referral",), ("referral", "advert")]),
    st.booleans(),
)
POLICIES_OF = st.builds(
    lambda usual, later, month: Policies(usual, (replace(later, effective=month, version=1),)),
    SOME_POLICY,
    SOME_POLICY,
    st.sampled_from(AFTER),
)


def naive_pay(facts: list[Fact], month: str, policy: Policy) -> Decimal:
    """What one month pays, by the rule's own words and nothing of ours."""
    of_month = [fact for fact in facts if fact.effective.isoformat().startswith(month)]
    won = sum((f.fee for f in of_month if isinstance(f, ClientWon) and f.source in policy.paying), ZERO)
    lost = sum((f.fee for f in of_month if isinstance(f, ClientLost)), ZERO)
    bonus = (max(won - lost, ZERO) * policy.bonus_percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return policy.base + bonus


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Fact], Story]:
    """Facts in any order, some of them twice, the manager's word somewhere, months closed in between, some of it
    while a month is being closed."""
    facts = draw(FACTS)
    repeated = draw(st.lists(st.sampled_from(facts), max_size=4)) if facts else []
    closes = [CLOSE, CLOSE] * draw(st.integers(0, len(MONTHS)))
    story: Story = [*facts, *repeated, manager(hired="2026-09-10"), *closes]
    return facts, draw(st.permutations(story))


def play(story: Story, policies: Policies = POLICIES) -> tuple[Told, list[Statement]]:
    """The ledger after the story, and every statement up to the last month, those still open as they stand."""
    told = Told(policies=policies)
    still_open = list(MONTHS)
    for each in story:
        if not isinstance(each, str):
            told.hear(each)
        elif told.closing is None:
            told.closing = still_open.pop(0)
        else:
            told.close(told.closing)
    found = [told.maybe(month) for month in AFTER]
    return told, [statement for statement in found if statement is not None]


@given(stories(), POLICIES_OF)
def test_whenever_months_are_closed_the_same_is_paid_in_the_end(
    story: tuple[list[Fact], Story], policies: Policies
) -> None:
    facts, told = story
    _, statements = play(told, policies)
    paid = sum((each.total for each in statements), ZERO)
    let_off = sum((each.forgiven for each in statements), ZERO)
    counted = sum((line.forgiven for each in statements for line in each.adjustments), ZERO)
    naive = sum((naive_pay(facts, month, policies.of(month)) for month in AFTER), ZERO)
    assert paid + statements[-1].carried + let_off + counted == naive
    assert ZERO <= counted <= -let_off


@given(stories(), POLICIES_OF)
def test_the_lines_of_every_statement_add_up(story: tuple[list[Fact], Story], policies: Policies) -> None:
    for each in play(story[1], policies)[1]:
        assert sum((line.amount for line in lines(each)), ZERO) == each.total


@given(stories())
def test_each_fact_stands_in_exactly_one_statement(story: tuple[list[Fact], Story]) -> None:
    facts, told = story
    _, statements = play(told)
    settled = Counter(fact_id for each in statements for fact_id in each.fact_ids)
    assert settled == Counter(fact.fact_id for fact in facts)


@given(stories())
def test_no_total_is_below_the_base_and_what_is_carried_arrives(story: tuple[list[Fact], Story]) -> None:
    _, statements = play(story[1])
    assert all(each.total >= each.base and each.carried <= ZERO for each in statements)
    assert all(after.carried_in == before.carried for before, after in pairwise(statements))
    assert all(each.total == each.base for each in statements if each.carried)


@given(stories())
def test_a_closed_statement_never_changes(story: tuple[list[Fact], Story]) -> None:
    told, closed = Told(), dict[str, Statement]()
    still_open = list(MONTHS)
    for each in story[1]:
        if not isinstance(each, str):
            told.hear(each)
        elif told.closing is None:
            told.closing = still_open.pop(0)
        else:
            month = told.closing
            statement = told.close(month)
            closed |= {} if statement is None else {month: statement}
        assert {month: told.maybe(month) for month in closed} == closed


@given(FACTS, FACTS)
def test_what_comes_while_a_month_is_closed_does_not_change_its_statement(early: list[Fact], late: list[Fact]) -> None:
    late = [fact.model_copy(update={"fact_id": f"late-{fact.fact_id}"}) for fact in late]
    begun: Story = [manager(hired="2026-09-10"), *early]
    quiet, busy = play([*begun, CLOSE, CLOSE])[0], play([*begun, CLOSE, *late, CLOSE])[0]
    assert busy.ledger.closed == quiet.ledger.closed
    assert set(quiet.dismissals()) <= set(busy.dismissals())


@given(FACTS, st.data())
def test_days_of_work_that_change_while_a_month_is_closed_do_not_change_its_statement(
    facts: list[Fact], data: DataObject
) -> None:
    begun: Story = [manager(hired="2026-09-10"), *facts]
    days = st.sampled_from(["2026-08-31", "2026-09-30", "2026-10-15", None])
    hired = st.sampled_from(["2026-07-01", "2026-09-11", "2026-10-01", "2026-12-24"])
    lefts = data.draw(st.lists(st.tuples(hired, days), min_size=1, max_size=3))
    news: Story = [manager(hired=day, left=left, revision=2 + number) for number, (day, left) in enumerate(lefts)]
    quiet = play([*begun, CLOSE, CLOSE])[0]
    busy = play([*begun, CLOSE, *data.draw(st.permutations(news)), CLOSE])[0]
    assert busy.ledger.closed == quiet.ledger.closed
    assert busy.ledger.manager is not None
    assert busy.ledger.manager.revision == 1 + len(lefts)


@given(FACTS, st.data())
def test_the_order_of_messages_and_repeats_do_not_matter(facts: list[Fact], data: DataObject) -> None:
    news = [manager(hired="2026-09-10", revision=2), manager(hired="2026-10-01", revision=1)]
    usual: Story = [*news, *facts]
    repeats: Story = data.draw(st.lists(st.sampled_from(usual), max_size=5))
    assert play(data.draw(st.permutations([*usual, *repeats])))[0].ledger == play(usual)[0].ledger


@given(FACTS, FACTS, st.data())
def test_the_order_between_two_closes_does_not_matter(early: list[Fact], late: list[Fact], data: DataObject) -> None:
    late = [fact.model_copy(update={"fact_id": f"late-{fact.fact_id}"}) for fact in late]
    begun: Story = [manager(hired="2026-09-10")]
    one = play([*begun, *early, CLOSE, CLOSE, *late, CLOSE, CLOSE])[1]
    shuffled: Story = [
        *data.draw(st.permutations(early)),
        CLOSE,
        CLOSE,
        *data.draw(st.permutations(late)),
        CLOSE,
        CLOSE,
    ]
    assert opened(play([*begun, *shuffled])[1]) == opened(one)


@given(stories())
def test_a_dismissal_is_proposed_for_every_closed_month_that_ends_negative(story: tuple[list[Fact], Story]) -> None:
    facts, play_of = story
    told, _ = play(play_of)
    negative = {month for month in told.ledger.paid_months() if _growth(facts, month) < ZERO}
    assert negative <= set(told.dismissals())
    assert len(told.dismissals()) == len(set(told.dismissals()))


@given(stories())
def test_what_a_closed_statement_says_of_a_dismissal_was_proposed_and_is_said_once(
    story: tuple[list[Fact], Story],
) -> None:
    told, _ = play(story[1])
    said = [closed.month for closed in told.ledger.closed if closed.dismissal_proposed]
    said += [line.month for closed in told.ledger.closed for line in closed.adjustments if line.dismissal_proposed]
    assert set(said) <= set(told.dismissals())
    assert len(said) == len(set(said))


def _growth(facts: list[Fact], month: str) -> Decimal:
    signed = {ClientLost: -1, ClientWon: 1}
    counted = [f for f in facts if not (isinstance(f, ClientWon) and f.source != "referral")]
    of_month = [fact for fact in counted if fact.effective.isoformat().startswith(month)]
    return sum((signed[type(fact)] * fact.fee for fact in of_month), ZERO)
