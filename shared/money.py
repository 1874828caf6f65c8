"""Money: `Decimal` roubles with two places, rounded half up; never a float (R-PAY-7)."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

KOPECK = Decimal("0.01")
ZERO = Decimal("0.00")
LIMIT = Decimal(1000000000000)
EXAMPLE = '"20000.00"'


class NotRoubles(ValueError):
    """The value is no exact amount in roubles: a whole number or a string like "20000.00" is wanted. The text, in
    Russian, says why: people read it in the answers of doors and in settings."""


def rounded(amount: Decimal) -> Decimal:
    """`amount` in roubles to the kopeck, half up (R-PAY-7)."""
    return amount.quantize(KOPECK, ROUND_HALF_UP)


def exact_roubles(value: object) -> Decimal:
    """The amount `value` says, with two places; nothing is rounded away.

    Raises `NotRoubles` for floats, for more than two decimal places, for what is no finite number
    or is above a trillion.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise NotRoubles(f"сумма пишется в рублях строкой, например {EXAMPLE}")
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise NotRoubles(f"это не сумма в рублях; нужна строка, например {EXAMPLE}") from None
    if not amount.is_finite() or abs(amount) > LIMIT:
        raise NotRoubles(f"такой суммы никто не платит; нужна не больше триллиона рублей, например {EXAMPLE}")
    if amount != rounded(amount):
        raise NotRoubles(f"в сумме больше двух знаков после точки; пишут до копейки, например {EXAMPLE}")
    return rounded(amount)


def roubles_text(amount: Decimal) -> str:
    """`amount` as a person of the company reads it: `150 000,00` with no-break spaces."""
    return f"{rounded(amount):,.2f}".replace(",", "\u00a0").replace(".", ",")
