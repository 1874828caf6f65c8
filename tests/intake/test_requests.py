"""A request as the client sees it, from registration to the last word (R-REQ-1…3, R-URG-3)."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from services.intake.domain.callers import Caller, Client
from services.intake.domain.identity import Identity
from services.intake.domain.refusals import (
    ForeignRequest,
    NatureWithoutImportance,
    NotPossibleNow,
    PromiseInThePast,
    PromiseTooFar,
    TakenBySpecialist,
    UnknownRequest,
)
from services.intake.domain.requests import NEXT, Register, ServiceRequest, Step, answer, register, within
from services.intake.domain.words import claim, give_verdict, identify, promise_wait, reprioritise, withdraw
from services.intake.triaging import triage
from shared.contracts.base import Decision, Nature
from shared.contracts.intake import (
    RequestIdentified,
    RequestRegistered,
    RequestReprioritised,
    RequestWithdrawn,
    VerdictGiven,
    WaitPromised,
)

NOW = datetime(2026, 11, 2, 3, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SCHOOL = Client("c1", "Школа № 5", "Asia/Krasnoyarsk", "m1")
LYCEUM = Client("c2", "Лицей", "Asia/Krasnoyarsk", "m2")


def said(text: str = "Срочно: зарплата сегодня", nature: Nature | None = None, known: bool = True) -> Register:  # noqa: FBT001, FBT002
    """What a client said."""
    return Register(
        channel="phone",
        subject=text,
        text="",
        caller=Caller(phone="+73912223344"),
        identity=Identity(SCHOOL, "a1") if known else Identity(),
        triage=triage(text),
        nature=nature,
        by="key",
    )


def registered(command: Register | None = None) -> ServiceRequest:
    return register(None, command or said(), "r1", "100 245", NOW).state


def satisfied(
    request: ServiceRequest | None, *, yes: bool = True, specialist: bool = False
) -> Decision[ServiceRequest]:
    return give_verdict(request, satisfied=yes, words="да", by="m1", by_specialist=specialist, now=LATER)


def withdrawn(request: ServiceRequest | None, *, specialist: bool = False) -> Decision[ServiceRequest]:
    return withdraw(request, reason="сами", by="m1", by_specialist=specialist, now=LATER)


def promised(
    request: ServiceRequest | None, until: datetime = LATER + timedelta(hours=2), *, specialist: bool = False
) -> Decision[ServiceRequest]:
    return promise_wait(request, until=until, words="подожду", by="m1", by_specialist=specialist, now=LATER)


def routine(request: ServiceRequest | None) -> Decision[ServiceRequest]:
    return reprioritise(request, priority="routine", nature=None, reason="подождёт", by="m1", now=LATER)


def lyceums(request: ServiceRequest | None) -> Decision[ServiceRequest]:
    return identify(request, client=LYCEUM, contact_id=None, by="m2", now=LATER)


STEPS: dict[Step, object] = {
    "promise": promised,
    "satisfied": satisfied,
    "dissatisfied": lambda request: satisfied(request, yes=False),
    "withdraw": withdrawn,
    "reprioritise": routine,
    "identify": lyceums,
}


def test_a_registered_request_is_told_with_all_that_others_need() -> None:
    decision = register(None, said(), "r1", "100 245", NOW)
    (event,) = decision.events
    assert isinstance(event, RequestRegistered)
    assert (event.request_id, event.number, event.priority, event.at) == ("r1", "100 245", "urgent", NOW)
    assert event.client == SCHOOL.ref()
    assert event.contact_id == "a1"
    assert [reason.rule for reason in event.priority_reasons] == ["urgent_word", "pay_today"]


def test_a_request_registered_again_stays_as_it_is() -> None:
    first = registered()
    decision = register(first, said("Не важно"), "r1", "100 246", LATER)
    assert decision.state is first
    assert decision.events == ()


def test_a_caller_nobody_knows_is_registered_all_the_same() -> None:
    request = registered(said(known=False))
    assert request.client is None
    assert request.unclaimed == ("tel:+73912223344",)
    assert answer(request) == {
        "request_id": "r1",
        "number": "100 245",
        "client_id": None,
        "priority": "urgent",
        "priority_reasons": [
            {"rule": "urgent_word", "evidence": "Срочно"},
            {"rule": "pay_today", "evidence": "зарплата сегодня"},
        ],
        "identified": False,
    }


def test_only_an_important_request_is_complex_or_long() -> None:
    assert registered(said("баланс не сходится", "complex")).nature == "complex"
    with pytest.raises(NatureWithoutImportance):
        register(None, said("срочно", "long"), "r1", "100 245", NOW)
    with pytest.raises(NatureWithoutImportance):
        reprioritise(registered(), priority="routine", nature="long", reason="так", by="m1", now=LATER)


@pytest.mark.parametrize(("state", "step"), list(product(("open", "closed", "withdrawn"), STEPS)))
def test_the_table_says_what_is_possible(state: str, step: Step) -> None:
    request = {
        "open": registered(),
        "closed": satisfied(registered()).state,
        "withdrawn": withdrawn(registered()).state,
    }
    take = STEPS[step]
    assert callable(take)
    after = NEXT.get((request[state].state, step))
    if after is None:
        with pytest.raises(NotPossibleNow, match="100 245"):
            take(request[state])
    else:
        assert take(request[state]).state.state == after


@pytest.mark.parametrize("step", list(STEPS))
def test_of_an_unknown_request_nothing_can_be_said(step: Step) -> None:
    take = STEPS[step]
    assert callable(take)
    with pytest.raises(UnknownRequest):
        take(None)


def test_the_promise_to_wait_is_kept_with_its_words() -> None:
    decision = promised(registered())
    (event,) = decision.events
    assert isinstance(event, WaitPromised)
    assert (event.until, event.words, event.recorded_by) == (LATER + timedelta(hours=2), "подожду", "m1")
    assert [promise.words for promise in decision.state.promises] == ["подожду"]


@pytest.mark.parametrize("until", [LATER, NOW])
def test_nobody_promises_to_wait_until_a_moment_that_has_passed(until: datetime) -> None:
    with pytest.raises(PromiseInThePast):
        promised(registered(), until)


def test_nobody_promises_to_wait_for_more_than_ninety_days() -> None:
    assert promised(registered(), LATER + timedelta(days=90)).events
    for until in (LATER + timedelta(days=90, milliseconds=1), datetime(2099, 1, 1, tzinfo=UTC)):
        with pytest.raises(PromiseTooFar, match="90 дней"):
            promised(registered(), until)


def test_a_dissatisfied_accountant_opens_a_closed_request_again() -> None:
    decision = satisfied(satisfied(registered()).state, yes=False)
    assert decision.state.state == "open"
    (event,) = decision.events
    assert isinstance(event, VerdictGiven)
    assert not event.satisfied
    assert [verdict.satisfied for verdict in decision.state.verdicts] == [True, False]


def test_the_accountants_word_is_never_taken_by_a_specialist() -> None:
    for taken in (satisfied, withdrawn, promised):
        with pytest.raises(TakenBySpecialist):
            taken(registered(), specialist=True)


def test_a_withdrawal_keeps_its_reason() -> None:
    (event,) = withdrawn(registered()).events
    assert isinstance(event, RequestWithdrawn)
    assert (event.reason, event.taken_by) == ("сами", "m1")


def test_a_correction_is_kept_beside_what_the_words_said() -> None:
    decision = routine(registered())
    (event,) = decision.events
    assert isinstance(event, RequestReprioritised)
    assert decision.state.priority == "routine"
    assert decision.state.triage.priority == "urgent"
    assert answer(decision.state)["priority"] == "urgent"
    assert routine(decision.state).events == ()


def test_an_identified_request_is_the_clients_and_its_answer_stays() -> None:
    decision = lyceums(registered(said(known=False)))
    (event,) = decision.events
    assert isinstance(event, RequestIdentified)
    assert event.client == LYCEUM.ref()
    assert decision.state.unclaimed == ()
    assert answer(decision.state)["identified"] is False
    assert lyceums(decision.state).events == ()


def test_a_wrong_identification_is_put_right() -> None:
    decision = lyceums(registered())
    assert decision.state.client == LYCEUM
    assert [found.client_id for found in decision.state.identifications] == ["c2"]


def test_only_a_request_of_nobody_is_claimed() -> None:
    unknown = registered(said(known=False))
    assert claim(unknown, Identity(SCHOOL, "a1"), LATER).state.client == SCHOOL
    assert claim(unknown, Identity(candidates=("c1", "c2")), LATER).events == ()
    assert claim(registered(), Identity(LYCEUM), LATER).events == ()


def test_a_manager_sees_their_own_base_and_what_is_nobodys() -> None:
    own, nobodys = registered(), registered(said(known=False))
    assert within(own, frozenset({"c1"})) is own
    assert within(nobodys, frozenset()) is nobodys
    assert within(own, None) is own
    with pytest.raises(ForeignRequest):
        within(own, frozenset({"c2"}))
