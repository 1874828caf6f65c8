"""A client's history answers for any day who held it and what it paid (R-PAY-4, R-PAY-5)."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.accounts.domain.facts import settle
from tests.accounts.samples import AT, SINCE, client, hand_over, new_fee

DAYS = st.integers(0, 80).map(lambda days: SINCE + timedelta(days=days))
FEES = st.dictionaries(DAYS, st.integers(1, 9), max_size=8)


@given(FEES, st.data(), DAYS)
def test_the_fee_of_a_day_is_the_last_one_in_force_whatever_the_order_of_confirming(
    fees: dict[date, int], data: st.DataObject, day: date
) -> None:
    state = client(fee="100.00")
    for effective in data.draw(st.permutations(sorted(fees))):
        fee = f"{fees[effective]}{effective:%m.%d}"
        if state.stays[-1].fee_on(effective) != Decimal(fee):
            state = settle(state, new_fee(fee, f"p{effective}", effective=effective), "d1", AT).state
    in_force = [effective for effective in sorted(fees) if effective <= day]
    expected = Decimal(f"{fees[in_force[-1]]}{in_force[-1]:%m.%d}") if in_force else Decimal("100.00")
    assert state.stays[-1].fee_on(day) == expected


@given(st.dictionaries(DAYS, st.sampled_from("abc"), max_size=8), DAYS)
def test_the_manager_of_a_day_is_the_last_one_handed_to(handed: dict[date, str], day: date) -> None:
    state = client()
    for effective, to in sorted(handed.items()):
        if state.stays[-1].holder_on(effective) != to:
            state = settle(state, hand_over(to, f"p{effective}", effective=effective), "d1", AT).state
    expected = [to for effective, to in sorted(handed.items()) if effective <= day]
    assert state.stays[-1].holder_on(day) == (expected[-1] if expected else "m1")
    assert state.manager_id == (handed[max(handed)] if handed else "m1")


def test_of_two_fees_from_the_same_day_the_later_confirmed_is_in_force() -> None:
    state = settle(client(), new_fee("25000.00", "p1"), "d1", AT).state
    state = settle(state, new_fee("26000.00", "p2"), "d1", AT).state
    assert state.fee == Decimal("26000.00")
