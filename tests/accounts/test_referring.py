"""Fans, the ask gate and prospects, as tables (R-REF-1 to R-REF-4)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.accounts.domain import fans, prospects
from services.accounts.domain.care_refusals import ContactInThePast, MayNotAsk, TrialNotFlawless, WrongMove
from services.accounts.domain.fans import Ask, Brief, History
from services.accounts.domain.prospects import MOVES, Drop, Talk, Trial, Winning
from tests.accounts.care_samples import NOON, PARTY, POLICY, brief, fact, prospect

NOW = NOON + timedelta(days=10)
ZONE = "Asia/Krasnoyarsk"


def closed(flawless: str) -> tuple[Brief, ...]:
    """Closed requests, the latest first: `f` flawless, `-` not."""
    spoilt = fact("breached", 1, ref="o")
    return tuple(
        brief(*(() if each == "f" else (spoilt,)), fact("satisfied", 2), request_id=f"r{n}")
        for n, each in enumerate(flawless)
    )


@pytest.mark.parametrize(
    ("history", "fan", "near", "streak"),
    [
        (closed(""), False, False, 0),
        (closed("ff"), False, True, 2),
        (closed("fff"), True, False, 3),
        (closed("fff-"), True, False, 3),
        (closed("-fff"), False, False, 0),
        (closed("ff-ff"), False, True, 2),
    ],
)
def test_three_flawless_in_a_row_make_a_fan(history: tuple[Brief, ...], *, fan: bool, near: bool, streak: int) -> None:
    found = fans.fan(POLICY.fans, History(closed=history), NOW, ZONE)
    assert (found.fan, found.near, found.streak) == (fan, near, streak)
    assert bool(found.missing) is not fan


def test_an_unhappy_verdict_counts_for_ninety_days() -> None:
    unhappy = brief(fact("refused"), request_id="bad")
    history = History(closed=closed("fff"), unhappy=(unhappy,))
    assert [reason.request_id for reason in fans.fan(POLICY.fans, history, NOW, ZONE).missing] == ["bad"]
    (reason,) = fans.fan(POLICY.fans, history, NOW, ZONE).missing
    assert reason.why == f"Недовольный вердикт по заявке 7 {NOON:%d.%m.%Y}: должно пройти дней: 90"
    assert fans.fan(POLICY.fans, history, NOON + timedelta(days=90), ZONE).fan


def test_days_are_said_by_the_clocks_of_the_company() -> None:
    late = NOON + timedelta(hours=13)  # 1 o'clock of the next day in Krasnoyarsk, the same day in UTC
    asked = fans.ask(None, Ask(ask_id="1", at=late, contact_id="a1", by="m1"), party=PARTY, against=(),
                     policy=POLICY.fans, zone=ZONE)  # fmt: skip
    again = Ask(ask_id="2", at=late + timedelta(days=1), contact_id="a1", by="m1")
    with pytest.raises(MayNotAsk, match=r"Уже просили 24\.11\.2026: снова можно с 22\.02\.2027"):
        fans.ask(asked.state, again, party=PARTY, against=(), policy=POLICY.fans, zone=ZONE)


def test_numbers_are_said_so_that_any_of_them_fits() -> None:
    policy = replace(POLICY.fans, in_a_row=1, quiet_days=1)
    poor = fans.fan(policy, History(closed=closed("-")), NOW, ZONE)
    assert poor.missing[0].why.startswith("Безупречных срочных или важных заявок подряд нужно: 1, есть: 0")
    assert "Недовольных вердиктов нет (за последние дни: 1)" in poor.why


def test_asking_is_refused_request_by_request_and_once_in_ninety_days() -> None:
    waiting = brief(request_id="open", number="12")
    policy = POLICY.fans
    against = fans.may_ask(policy, History(closed=closed("f-"), open=(waiting,)), None, NOW, ZONE)
    assert [reason.request_id for reason in against] == ["open", "r1"]
    first = Ask(ask_id="1", at=NOW, contact_id="a1", by="m1")
    with pytest.raises(MayNotAsk, match="Открыта заявка 12"):
        fans.ask(None, first, party=PARTY, against=against, policy=policy, zone=ZONE)
    asked = fans.ask(None, first, party=PARTY, against=(), policy=policy, zone=ZONE)
    assert [event.TYPE for event in asked.events] == ["referral.asked"]
    assert fans.ask(asked.state, first, party=PARTY, against=(), policy=policy, zone=ZONE).events == ()
    for days, allowed in ((89, False), (90, True)):
        later = Ask(ask_id="2", at=NOW + timedelta(days=days), contact_id="a1", by="m1")
        if allowed:
            assert fans.ask(asked.state, later, party=PARTY, against=(), policy=policy, zone=ZONE).events
        else:
            with pytest.raises(MayNotAsk, match="Уже просили"):
                fans.ask(asked.state, later, party=PARTY, against=(), policy=policy, zone=ZONE)


def trial(request_id: str = "t1") -> Trial:
    """A request their vendor failed."""
    return Trial(request_id=request_id, at=NOON, by="m1", subject="Отчёт", priority="urgent", failed_by="не смогли")


def winning(proposal_id: str = "w1") -> Winning:
    """A win proposed."""
    return Winning(proposal_id=proposal_id, at=NOON, by="m1", effective=date(2026, 11, 23))


def test_a_prospect_always_has_a_next_contact_until_it_is_won_or_dropped() -> None:
    with pytest.raises(ContactInThePast):
        prospects.register(None, prospect(next_contact=NOON))
    new = prospects.register(None, prospect())
    assert [event.TYPE for event in new.events] == ["prospect.registered"]
    talk = Talk(at=NOON, by="m1", words="да", next_contact=NOON + timedelta(days=9))
    talked = prospects.contact(new.state, talk)
    assert (talked.state.next_contact, talked.state.revision) == (talk.next_contact, 2)
    with pytest.raises(ContactInThePast):
        prospects.contact(new.state, Talk(at=NOON, by="m1", words="да", next_contact=NOON))
    gone = prospects.drop(talked.state, Drop(at=NOON, by="m1", reason="нет денег"))
    assert gone.state.next_contact is None
    with pytest.raises(WrongMove):
        prospects.contact(gone.state, Talk(at=NOON, by="m1", words="ещё", next_contact=NOON + timedelta(days=9)))


def test_only_a_flawless_trial_wins_unless_a_director_says_why() -> None:
    with pytest.raises(WrongMove):
        prospects.check_win(prospect(), director=True, reason="хочу")
    on_trial = prospects.open_trial(prospect(), trial(), "", ()).state
    with pytest.raises(WrongMove):
        prospects.check_win(on_trial, director=True, reason="хочу")
    ended = prospects.end_trial(on_trial, "t1", NOON, flawless=False).state
    with pytest.raises(TrialNotFlawless):
        prospects.check_win(ended, director=False, reason="хочу")
    with pytest.raises(TrialNotFlawless):
        prospects.check_win(ended, director=True, reason="")
    assert prospects.check_win(ended, director=True, reason="довольны").request_id == "t1"
    turned = prospects.end_trial(ended, "t1", NOON, flawless=True)
    assert [event.TYPE for event in turned.events] == ["prospect.trial_ended"]
    assert prospects.check_win(turned.state, director=False, reason="").flawless
    again = prospects.end_trial(turned.state, "t1", None, flawless=False).state
    assert again.state == "trial"
    waiting = prospects.win(turned.state, winning()).state
    reopened = prospects.end_trial(waiting, "t1", None, flawless=False).state
    assert (reopened.state, reopened.trials[-1].ended_at) == ("winning", None), "the director sees that it is open"


def test_a_win_waits_for_the_director_and_a_refusal_leaves_the_prospect_as_it_was() -> None:
    on_trial = prospects.open_trial(prospect(), trial(), "", ()).state
    ended = prospects.end_trial(on_trial, "t1", NOON, flawless=True).state
    waiting = prospects.win(ended, winning()).state
    assert prospects.reopen(waiting, "w1").state.state == "tried"
    assert prospects.settle(waiting, "other", "c9", NOON).state is waiting
    won = prospects.settle(waiting, "w1", "c9", NOON)
    assert (won.state.state, won.state.client_id, won.state.next_contact) == ("won", "c9", None)
    assert [event.TYPE for event in won.events] == ["prospect.won"]
    assert prospects.settle(won.state, "w1", "c9", NOON).events == ()


def test_no_move_leads_out_of_the_end_but_taking_a_wrong_win_back() -> None:
    assert [place for place in MOVES if place[0] in {"won", "dropped"}] == [("won", "take_back")]


def test_a_win_taken_back_leaves_the_prospect_as_after_its_trial_with_a_contact_ahead() -> None:
    on_trial = prospects.open_trial(prospect(), trial(), "", ()).state
    waiting = prospects.win(prospects.end_trial(on_trial, "t1", NOON, flawless=True).state, winning()).state
    won = prospects.settle(waiting, "w1", "c9", NOON).state
    assert prospects.take_back(won, "other", NOW).state is won
    back = prospects.take_back(won, "w1", NOW)
    assert (back.state.state, back.state.client_id, back.state.next_contact) == ("tried", None, NOW + timedelta(days=1))
    assert [event.TYPE for event in back.events] == ["prospect.trial_ended"]
    assert prospects.take_back(back.state, "w1", NOW).state is back.state
    assert prospects.drop(back.state, Drop(at=NOW, by="m1", reason="нет")).state.state == "dropped"
    again = prospects.settle(prospects.win(back.state, winning("w2")).state, "w2", "c9", NOW).state
    assert (again.state, again.client_id, [each.taken_back_at for each in again.wins]) == ("won", "c9", [NOW, None])
