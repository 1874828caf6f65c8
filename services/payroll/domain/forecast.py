"""What this month would pay if it ended otherwise than it stands (R-PAY-8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from services.payroll.domain.clients import Client
from services.payroll.domain.policy import Policy
from services.payroll.domain.prospects import AT_TRIAL, OVER, Prospect, Stage
from services.payroll.domain.refusals import NotYourClients
from services.payroll.domain.statement import Statement, total_of
from shared.money import ZERO, rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """A client that may be lost, or a prospect that may be won."""

    subject_id: str
    name: str
    amount: Decimal
    """What it would add to the growth, in roubles; minus for a loss."""
    probability: float
    """0…1."""
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A month that ended so."""

    growth: Decimal
    total: Decimal
    carried: Decimal
    dismissal_proposed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The month so far, and the span of what may come of it."""

    so_far: Statement
    at_risk: tuple[Chance, ...]
    at_trial: tuple[Chance, ...]
    worst: Outcome
    """Every client at risk is lost, no prospect comes."""
    expected: Outcome
    """What the chances are worth by their probabilities."""
    best: Outcome
    """No client is lost, every prospect at trial comes."""


def forecast(
    so_far: Statement, clients: Iterable[Client], prospects: Iterable[Prospect], odds: dict[Stage, float]
) -> Forecast:
    """The forecast of a manager with these clients and prospects; `odds`: how often a trial at that stage is won."""
    at_risk = tuple(chance for client in clients if (chance := _at_risk(client)) is not None)
    at_trial = tuple(
        chance for prospect in prospects if (chance := _at_trial(prospect, so_far.policy, odds)) is not None
    )
    every = (*at_risk, *at_trial)
    expected = rounded(total_of(chance.amount * Decimal(str(chance.probability)) for chance in every))
    return Forecast(
        so_far=so_far,
        at_risk=_ordered(at_risk),
        at_trial=_ordered(at_trial),
        worst=outcome(so_far, total_of(chance.amount for chance in at_risk)),
        expected=outcome(so_far, expected),
        best=outcome(so_far, total_of(chance.amount for chance in at_trial)),
    )


def what_if(
    so_far: Statement,
    clients: dict[str, Client],
    prospects: dict[str, Prospect],
    lost: Iterable[str],
    won: Iterable[str],
) -> Outcome:
    """The month if these clients were lost and these prospects won. Raises `NotYourClients` for others than the
    manager's own, and for prospects that were won or dropped."""
    lost, won = set(lost), set(won)
    still_out = {prospect_id for prospect_id, each in prospects.items() if each.stage not in OVER}
    unknown = sorted((lost - clients.keys()) | (won - still_out))
    if unknown:
        raise NotYourClients(unknown)
    fees = [-_fee(clients[client_id]) for client_id in lost]
    pays = "referral" in so_far.policy.paying
    fees += [prospects[prospect_id].expected_fee or ZERO for prospect_id in won] if pays else []
    return outcome(so_far, total_of(fees))


def outcome(so_far: Statement, more: Decimal) -> Outcome:
    """The month with `more` growth."""
    policy = so_far.policy
    growth = so_far.growth + more
    full = so_far.base + policy.bonus(growth) + so_far.adjusted + so_far.carried_in
    total = max(full, so_far.base)
    carried = full - total if policy.carries else ZERO
    return Outcome(growth=growth, total=total, carried=carried, dismissal_proposed=growth < ZERO)


def _at_risk(client: Client) -> Chance | None:
    if client.risk is None or client.card is None or client.risk.band == "calm":
        return None
    return Chance(
        subject_id=client.client_id,
        name=client.card.name,
        amount=-_fee(client),
        probability=client.risk.probability,
        reasons=client.risk.reasons,
    )


def _at_trial(prospect: Prospect, policy: Policy, odds: dict[Stage, float]) -> Chance | None:
    if prospect.stage not in AT_TRIAL:
        return None
    known = "" if prospect.expected_fee is not None else "; сколько будет платить, не записано"
    pays = prospect.expected_fee is not None and "referral" in policy.paying
    return Chance(
        subject_id=prospect.prospect_id,
        name=prospect.name,
        amount=prospect.expected_fee if pays and prospect.expected_fee is not None else ZERO,
        probability=odds[prospect.stage],
        reasons=(AT_TRIAL[prospect.stage] + known,),
    )


def _fee(client: Client) -> Decimal:
    return ZERO if client.card is None else client.card.fee


def _ordered(chances: tuple[Chance, ...]) -> tuple[Chance, ...]:
    """What weighs most first."""
    return tuple(
        sorted(chances, key=lambda each: (-abs(each.amount) * Decimal(str(each.probability)), each.subject_id))
    )
