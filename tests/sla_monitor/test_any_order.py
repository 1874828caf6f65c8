"""Nothing hangs on the order of arrival: any permutation and duplication of the same facts, with any firing between,
comes to the same obligations, and each is told of at most once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.sla_monitor.domain.obligations import Obligation
from services.sla_monitor.domain.timeline import Timeline
from shared.contracts import intake
from shared.contracts.base import ClientRef, Event
from shared.contracts.sla_monitor import SlaEvent, SlaMet, SlaMetWithdrawn, SlaWarned
from tests.sla_monitor.telling import (
    ANSWERED,
    CANCEL_ASKED,
    CLIENT,
    DISPLACED,
    MERGED,
    MISSED,
    RANG,
    REFUSED,
    RETURNED,
    SATISFIED,
    UNMERGED,
    WITHDRAWN,
    At,
    Telling,
    assigned,
    finished,
    forced,
    minute,
    postponed,
    progressed,
    promised,
    registered,
    reopened,
    replaced,
    reprioritised,
    request,
    started,
)

END = 60 * 24 * 60
"""Minutes after noon by which everything is over."""
STORY: tuple[tuple[float, At], ...] = (
    (0, registered()),
    (2, promised(30)),
    (3, assigned()),
    (31, replaced("s2")),
    (40, started("s2")),
    (65, progressed()),
    (200, finished()),
    (230, REFUSED),
    (230.001, reopened()),
    (230.002, assigned("s3", 2)),
    (240, started("s3", 2)),
    (260, finished(2)),
    (300, SATISFIED),
)
FROM_INTAKE: tuple[At, ...] = (
    registered(), registered("routine"), promised(15), promised(400), reprioritised("urgent"),
    reprioritised("important"), REFUSED, SATISFIED, WITHDRAWN, MERGED, UNMERGED,
)  # fmt: skip
FROM_ROUTING: tuple[At, ...] = (
    assigned(), assigned("s2", 2), replaced(), replaced("s3", 2), started(), started("s2", 2), progressed(),
    progressed(2), postponed(900), CANCEL_ASKED, finished(), finished(2), forced(), reopened(), DISPLACED,
)  # fmt: skip
ANYTHING = (*FROM_INTAKE, *FROM_ROUTING)
CALLS: tuple[At, ...] = (RANG, ANSWERED, MISSED, RETURNED)
minutes = st.one_of(st.integers(0, 600), st.sampled_from([0, 0.0005, 15, 230]))


def events_of(told: Sequence[tuple[float, At]]) -> list[Event]:
    return [event(minute(number)) for number, event in told]


@st.composite
def shuffled(draw: st.DrawFn, told: Sequence[tuple[float, At]]) -> list[Event]:
    """The same events in any order, some of them again and again."""
    events = events_of(told)
    again = draw(st.lists(st.sampled_from(events), max_size=6)) if events else []
    return draw(st.permutations([*events, *again]))


def stories(kinds: Sequence[At]) -> st.SearchStrategy[list[tuple[float, At]]]:
    return st.lists(st.tuples(minutes, st.sampled_from(kinds)), min_size=1, max_size=14)


def heard_at_the_end(events: Sequence[Event]) -> Telling:
    telling = Telling()
    telling.clock.moment = minute(END)
    for event in events:
        telling.take(event)
    return telling


def but_for_what_was_said(telling: Telling) -> Timeline:
    """What was known at the time was said; only that may differ."""
    return replace(telling.state, announced=())


def heard_while_time_passes(events: Sequence[Event], steps: Sequence[float]) -> Telling:
    """Each event is heard when it comes to it, never before it happened, and whatever is due by then is fired."""
    telling = Telling()
    for event, step in zip(events, steps, strict=True):
        if event.at > telling.clock.now():
            telling.until((event.at - minute(0)).total_seconds() / 60)
        telling.take(event)
        telling.until((telling.clock.now() - minute(0)).total_seconds() / 60 + step)
    return telling.until(END)


@given(st.data(), st.one_of(stories(ANYTHING), stories(CALLS)))
def test_any_order_and_repetition_comes_to_the_same_document(
    data: st.DataObject, story: list[tuple[float, At]]
) -> None:
    events = data.draw(shuffled(story))
    in_order, mixed = heard_at_the_end(events_of(story)), heard_at_the_end(events)
    assert but_for_what_was_said(mixed) == but_for_what_was_said(in_order)
    mixed.fire()
    in_order.fire()
    assert but_for_what_was_said(mixed) == but_for_what_was_said(in_order)


@given(st.data(), st.one_of(st.just(list(STORY)), stories(ANYTHING), stories(CALLS)))
def test_whatever_fires_between_the_obligations_are_the_same(
    data: st.DataObject, story: list[tuple[float, At]]
) -> None:
    events = data.draw(shuffled(story))
    steps = data.draw(st.lists(st.integers(0, 120), min_size=len(events), max_size=len(events)))
    telling = heard_while_time_passes(events, steps)
    assert telling.state.obligations == heard_at_the_end(events_of(story)).state.obligations
    assert telling.state.facts == heard_at_the_end(events_of(story)).state.facts


@given(st.data(), st.one_of(st.just(list(STORY)), stories(ANYTHING), stories(CALLS)))
def test_each_obligation_is_told_of_once_and_none_is_forgotten(
    data: st.DataObject, story: list[tuple[float, At]]
) -> None:
    events = data.draw(shuffled(story))
    steps = data.draw(st.lists(st.integers(0, 120), min_size=len(events), max_size=len(events)))
    telling = heard_while_time_passes(events, steps)
    said = Counter((event.TYPE, event.obligation_id) for event in telling.said if isinstance(event, SlaEvent))
    withdrawn = Counter({("sla.breached", key): n for (kind, key), n in said.items() if kind == "sla.breach_withdrawn"})
    assert all(n == 1 for (kind, _), n in (said - withdrawn).items() if kind == "sla.breached")
    warned = Counter((event.obligation_id, event.at) for event in telling.said if isinstance(event, SlaWarned))
    assert all(n == 1 for n in warned.values())  # once for each due time it had
    stands = what_stands_as_met(telling.said)
    broken = {key for (kind, key), n in (said - withdrawn).items() if kind == "sla.breached" and n == 1}
    assert broken == {one.id for one in telling.state.obligations if is_broken(one)}
    assert stands == {one.id: one.ended_late for one in telling.state.obligations if one.ending == "met"}


def what_stands_as_met(said: Sequence[Event]) -> dict[str, bool]:
    """Whether in time or late, of what was told as met and not taken back; each is told once at a time, and taken back
    as it was told."""
    stands: dict[str, bool] = {}
    for event in said:
        if isinstance(event, SlaMet):
            assert event.obligation_id not in stands
            stands[event.obligation_id] = event.late
        if isinstance(event, SlaMetWithdrawn):
            assert stands.pop(event.obligation_id) is event.late
    return stands


def test_facts_that_differ_in_the_client_or_the_number_alone_have_one_order() -> None:
    gold = CLIENT.model_copy(update={"tariff": "gold"})
    first = heard_at_the_end([registered()(minute(0)), *(said(one) for one in (CLIENT, gold))])
    other = heard_at_the_end([registered()(minute(0)), *(said(one) for one in (gold, CLIENT))])
    assert first.state == other.state
    numbers = [registered(number=number)(minute(0)) for number in ("1", "2")]
    assert heard_at_the_end(numbers).state.facts == heard_at_the_end(numbers[::-1]).state.facts


def said(client: ClientRef) -> Event:
    return request(intake.RequestIdentified, client=client, by="m1")(minute(1))


def is_broken(one: Obligation) -> bool:
    return one.ended_late or (one.ending is None and one.due < minute(END))


def test_the_story_itself_comes_out_as_told() -> None:
    telling = heard_at_the_end(events_of(STORY))
    assert [(one.id.removeprefix("r1:"), one.ending, one.ended_late) for one in telling.state.obligations] == [
        ("assign:1", "met", False),
        ("wait_promise:1", "met", False),
        ("start:1", "cancelled", True),
        ("start:1.1795411860000", "met", False),
        ("progress:1", "met", False),
        ("finish:1", "met", False),
        ("progress:1.1795413900000", "met", True),
        ("verdict:1", "cancelled", False),
        ("assign:2", "met", False),
        ("finish:2", "met", False),
        ("start:2", "met", False),
        ("progress:2", "met", False),
        ("verdict:2", "met", False),
    ]
