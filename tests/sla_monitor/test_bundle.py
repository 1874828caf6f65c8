"""What a person is told at once, in which order, and that nothing is in two bundles."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

from services.sla_monitor.domain.bundle import MOST, QUIET, Inbox, Notice, choose, put, sent
from services.sla_monitor.domain.escalation import Escalation
from services.sla_monitor.domain.facts import Kind
from services.sla_monitor.domain.said import SAID
from services.sla_monitor.notify.notifier import delivery_id
from services.sla_monitor.notify.wording import hook, letter
from shared.contracts.base import Priority
from tests.sla_monitor.climbing import Climbing, escalation
from tests.sla_monitor.telling import NOON, minute

VERA = "vera@svoy.example"


def raised(key: str, *, priority: Priority | None = "urgent", due: float = 0, promise: bool = False) -> Escalation:
    """An escalation that has just called its manager."""
    more = {"promise_broken": promise, "due": minute(due)}
    return Climbing(escalation(escalation_id=key, priority=priority, **more)).until(0).state


def keys(notices: tuple[Notice, ...]) -> list[str]:
    """Which escalations they are of."""
    return [notice.escalation_id for notice in notices]


def test_the_most_urgent_comes_first_and_of_those_the_longest_overdue() -> None:
    found = [
        raised("routine", priority="routine", due=-90),
        raised("urgent", due=-1),
        raised("important", priority="important", due=-60),
        raised("call", priority=None, due=-2),
        raised("older", due=-5),
    ]
    assert keys(choose(found, quiet=False)) == ["older", "urgent", "call", "important", "routine"]


def test_broken_promises_outrank_everything_and_wait_for_nobody() -> None:
    found = [raised("urgent", due=-100), raised("promise", priority="routine", promise=True)]
    assert keys(choose(found, quiet=False)) == keys(choose(found, quiet=True)) == ["promise"]


def test_what_comes_right_after_a_bundle_waits_to_be_bundled() -> None:
    assert choose([raised("urgent")], quiet=True) == ()
    inbox = put(None, person_id="m1", seen=0, notices=choose([raised("a")], quiet=False), now=NOON).state
    assert inbox.waits(NOON)
    assert inbox.waits(NOON + QUIET - timedelta(milliseconds=1))
    assert not inbox.waits(NOON + QUIET)
    assert not inbox.waits(NOON - timedelta(days=1)), "a clock that was moved back silences nobody"


def test_a_bundle_has_an_end() -> None:
    assert len(choose([raised(f"{number:04}") for number in range(MOST + 1)], quiet=False)) == MOST


def test_who_has_not_seen_the_last_bundle_puts_none() -> None:
    one, other = choose([raised("a")], quiet=False), choose([raised("b")], quiet=False)
    first = put(None, person_id="m1", seen=0, notices=one, now=NOON).state
    assert (first.number, keys(first.standing)) == (1, ["a"])
    assert put(first, person_id="m1", seen=1, notices=other, now=NOON).state is first, "one stands already"
    gone = sent(first, person_id="m1", number=1).state
    assert gone.standing == ()
    assert put(gone, person_id="m1", seen=0, notices=one, now=NOON).state is gone, "it was read before the first"
    assert put(gone, person_id="m1", seen=1, notices=other, now=NOON).state.number == 2


def test_only_the_bundle_that_stands_is_sent() -> None:
    inbox = Inbox(person_id="m1", number=2, standing=choose([raised("a")], quiet=False))
    assert sent(inbox, person_id="m1", number=1).state is inbox


def test_a_delivery_is_named_the_same_for_ever_in_plain_letters() -> None:
    inbox = Inbox(person_id="Вера Павловна", number=7)
    assert delivery_id(inbox, "letter") == delivery_id(inbox, "letter")
    assert delivery_id(inbox, "letter").isascii()
    assert delivery_id(inbox, "letter") != delivery_id(Inbox(person_id="Вера", number=7), "letter")


def test_a_letter_says_what_is_broken_since_when_and_what_to_do() -> None:
    (notice,) = choose([raised("a", promise=True)], quiet=False)
    written = letter(VERA, [notice], "Asia/Krasnoyarsk")
    assert written.subject == "Нарушено обещание: заявка № 100 245: специалист не начал"
    assert "Срок был 23.11.2026 12:00:00\n" in written.text
    assert "Ступень 1: менеджер" in written.text
    assert "Возьмите на себя" in written.text
    assert written.headers["Auto-Submitted"] == "auto-generated"


def test_a_letter_names_the_zone_only_of_a_client_whose_clocks_are_others() -> None:
    (notice,) = choose([raised("a")], quiet=False)
    abroad = replace(notice, zone="Europe/Moscow")
    assert "Срок был 23.11.2026 08:00:00 (МСК)\n" in letter(VERA, [abroad], "Asia/Krasnoyarsk").text
    neighbour = replace(notice, zone="Asia/Novosibirsk")
    assert "Срок был 23.11.2026 12:00:00\n" in letter(VERA, [neighbour], "Asia/Krasnoyarsk").text


def test_a_letter_about_many_says_how_many() -> None:
    notices = choose([raised(f"{number}") for number in range(3)], quiet=False)
    written = letter(VERA, notices, "Asia/Krasnoyarsk")
    assert written.subject == "Нарушены сроки: 3"
    assert all(f"{number}. заявка" in written.text for number in (1, 2, 3))


def test_a_webhook_names_each_call() -> None:
    (notice,) = choose([raised("a")], quiet=False)
    posted = hook("https://svoy.example/hook", "m1", [notice])
    assert posted.type == "escalation.raised"
    assert posted.payload["person_id"] == "m1"
    assert posted.payload["escalations"] == [
        {
            "escalation_id": "a",
            "call": 1,
            "step": 1,
            "role": "manager",
            "about": "request",
            "about_id": "r1",
            "clock": "start",
            "priority": "urgent",
            "number": "100 245",
            "client": None,
            "promise_broken": False,
            "due": NOON.isoformat(),
        }
    ]


def test_every_fact_has_words_for_people() -> None:
    assert set(SAID) == set(get_args(Kind))
