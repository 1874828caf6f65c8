"""One message, one document, one write: on the real database and broker."""

import asyncio
from dataclasses import make_dataclass
from datetime import timedelta

import pytest
from pydantic import SecretStr
from pymongo import IndexModel
from pymongo.errors import AutoReconnect

from shared.clock import machine_now
from shared.contracts.base import Decision
from shared.observability import OUTBOX, OUTBOX_AGE
from shared.settings import ServiceSettings
from shared.store import Documents, DuplicateKey, database
from shared.store.commit import SEEN_KEPT
from shared.store.documents import Unreadable
from shared.store.outbox import LEFT_AFTER
from tests.conftest import Unserved
from tests.kit import eventually, listening
from tests.shared.notes import Note, Notes, adding, outgoing, registered


async def test_a_step_is_written_with_its_events_and_these_are_published_and_cleared(
    settings: ServiceSettings, kept: Notes
) -> None:
    notes = Notes(settings)
    async with listening(settings.amqp_url.get_secret_value(), "request.#") as heard, notes.running():
        stepped = await notes.documents.step("n1", adding("один", "r1"))
        assert stepped.written
        await eventually(lambda: [event.subject for event in heard.events] == ["r1"])
        await eventually(lambda: notes.all_told("n1"))
    assert await kept.lines("n1") == ("один",)


async def test_a_message_seen_before_does_nothing(settings: ServiceSettings, kept: Notes) -> None:
    notes = Notes(settings)
    async with notes.running():
        await asyncio.gather(*(notes.documents.step("n1", adding("раз"), once="m1") for _ in range(20)))
        stepped = await kept.documents.step("n1", adding("раз"), once="m1")
        assert (stepped.written, stepped.state.lines) == (False, ("раз",))


async def test_two_replicas_on_one_document_lose_nothing(settings: ServiceSettings) -> None:
    one, two = Notes(settings), Notes(settings)
    async with one.running(), two.running():
        steps = [notes.documents.step("n1", adding(f"{i}")) for i in range(40) for notes in (one, two)]
        await asyncio.gather(*steps)
        assert sorted(await one.lines("n1")) == sorted(f"{i}" for i in range(40) for _ in "12")


async def test_of_large_documents_few_are_kept_in_memory(settings: ServiceSettings) -> None:
    notes = Notes(settings)
    few: Documents[Note] = notes.service.documents("few", Note, cached=2)
    async with notes.running():
        for number in range(5):
            await few.step(f"n{number}", adding("a"))
        assert list(few._cache) == ["n3", "n4"]
        assert (await few.step("n0", adding("b"))).state.lines == ("a", "b")


async def test_a_stale_memory_of_a_document_is_noticed_before_a_refusal(settings: ServiceSettings) -> None:
    one, two = Notes(settings), Notes(settings)
    async with one.running(), two.running():
        await one.documents.step("n1", adding("a"))
        await two.documents.step("n1", adding("b"))

        def refuses_unless_b_is_there(note: Note | None) -> Decision[Note]:
            if note is None or "b" not in note.lines:
                raise LookupError
            return Decision(note)

        assert (await one.documents.step("n1", refuses_unless_b_is_there)).state.lines == ("a", "b")


@pytest.mark.parametrize("name", ["version", "seen", "outbox", "write_id"])
def test_a_state_with_a_field_of_the_stores_own_is_refused(settings: ServiceSettings, name: str) -> None:
    with pytest.raises(TypeError, match=f"State.{name}"):
        Notes(settings).service.documents("states", make_dataclass("State", [(name, int)]))


@pytest.mark.parametrize("bad", ["x" * 17_000_000, "\ud800"], ids=["too-large", "no-unicode"])
async def test_many_writes_at_once_go_together_and_a_bad_one_falls_alone(settings: ServiceSettings, bad: str) -> None:
    notes = Notes(settings)
    async with notes.running():
        lines = [bad if i == 3 else f"{i}" for i in range(8)]
        results = await asyncio.gather(
            *(notes.documents.step(f"n{i}", adding(line)) for i, line in enumerate(lines)), return_exceptions=True
        )
        failed = [i for i, result in enumerate(results) if isinstance(result, BaseException)]
        assert failed == [3]
        assert await notes.documents.count({}) == 7


async def test_another_unique_index_is_told_apart_from_a_conflict(kept: Notes) -> None:
    await kept.documents.collection.create_indexes([IndexModel("lines", unique=True)])
    await kept.documents.step("n1", adding("x"))
    with pytest.raises(DuplicateKey, match="lines"):
        await kept.documents.step("n2", adding("x"))


async def test_a_cancelled_caller_neither_loses_the_write_nor_its_events(settings: ServiceSettings) -> None:
    notes = Notes(settings)
    async with listening(settings.amqp_url.get_secret_value(), "request.#") as heard, notes.running():
        step = asyncio.create_task(notes.documents.step("n1", adding("один", "r1")))
        await eventually(lambda: notes.documents._commit._batches._round is not None or step.done())
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)
        await eventually(lambda: len(heard.events) == 1)
        assert await notes.lines("n1") == ("один",)


async def test_what_a_crash_between_write_and_publish_left_is_published_by_the_relay(
    settings: ServiceSettings, kept: Notes
) -> None:
    # Not started: it can write, and has no way out, as after a kill between the two.
    await kept.documents.step("n1", adding("один", "r1"))
    assert await kept.outbox("n1") == ["request.registered"]
    notes = Notes(settings)
    async with listening(settings.amqp_url.get_secret_value(), "request.#") as heard, notes.running():
        assert heard.events == []
        long_ago = machine_now() - LEFT_AFTER - timedelta(seconds=1)
        await notes.documents.collection.update_one({"_id": "n1"}, {"$set": {"outbox.0.saved_at": long_ago}})
        await eventually(lambda: [event.subject for event in heard.events] == ["r1"])
        await eventually(lambda: notes.all_told("n1"))


async def test_what_waits_in_the_outbox_is_measured_with_the_age_of_its_oldest(kept: Notes) -> None:
    await kept.service.store.prepare()
    # Not started: it can write, and has no way out.
    for number in range(3):
        await kept.documents.step(f"n{number}", adding("один", f"r{number}"))
    minute_ago = machine_now() - timedelta(minutes=1)
    await kept.documents.collection.update_one({"_id": "n1"}, {"$set": {"outbox.0.saved_at": minute_ago}})
    await kept.documents.outbox.sweep()
    assert OUTBOX.labels(collection="notes")._value.get() == 3
    assert 60 <= OUTBOX_AGE.labels(collection="notes")._value.get() < 120


async def test_what_has_nothing_to_say_is_not_looked_at_to_find_what_has(kept: Notes) -> None:
    database = kept.service.database
    await kept.service.store.prepare()
    # Not started: it can write, and has no way out.
    await asyncio.gather(*(kept.documents.step(f"n{i}", adding("один", "r1" if i < 3 else None)) for i in range(40)))
    await database.command("profile", 2)
    await kept.documents.outbox.sweep()
    await database.command("profile", 0)
    asked = [one async for one in database["system.profile"].find({"ns": f"{database.name}.notes"})]
    assert {one["planSummary"] for one in asked} == {"IXSCAN { outbox.saved_at: 1 }"}
    assert sorted(one["docsExamined"] for one in asked) == [0, 3]


async def test_writes_to_a_database_that_is_away_are_given_up_together(
    settings: ServiceSettings, unserved: Unserved, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "SERVER_SELECTION_MS", 50)
    notes = Notes(settings.model_copy(update={"mongo_url": SecretStr("mongodb://127.0.0.1:9/nobody")}))
    unserved(notes.service)
    steps = (notes.documents.step(f"n{i}", adding("раз"), new=True) for i in range(20))
    async with asyncio.timeout(30):
        results = await asyncio.gather(*steps, return_exceptions=True)
    assert all(isinstance(result, AutoReconnect) for result in results)


async def test_a_document_remembers_so_many_messages_and_no_more(settings: ServiceSettings) -> None:
    notes = Notes(settings)
    async with notes.running():
        for number in range(SEEN_KEPT + 2):
            await notes.documents.step("n1", lambda _: Decision(Note()), once=f"m{number}")
        assert len(notes.documents._cache["n1"].seen) == SEEN_KEPT
        document = await notes.documents.collection.find_one({"_id": "n1"})
        assert document["seen"] == list(notes.documents._cache["n1"].seen)


async def test_a_document_nobody_can_read_fails_alone(settings: ServiceSettings) -> None:
    notes = Notes(settings)
    async with notes.running():
        await notes.documents.step("good", adding("x"))
        await notes.documents.collection.insert_one({"_id": "bad", "version": 1, "seen": [], "lines": 7})
        await notes.documents.collection.insert_one({"_id": "bare", "lines": []})
        asked = await asyncio.gather(*map(notes.documents.get, ("good", "bad", "bare")), return_exceptions=True)
        assert asked[0] == Note(("x",))
        assert [type(one) for one in asked[1:]] == [Unreadable, Unreadable]
        assert await notes.documents.find({}) == [Note(("x",))]


async def test_an_outbox_entry_nobody_can_read_does_not_stop_the_relay(settings: ServiceSettings) -> None:
    notes = Notes(settings)
    left = {"saved_at": machine_now() - 2 * LEFT_AFTER}
    async with listening(settings.amqp_url.get_secret_value(), "request.#") as heard, notes.running():
        stepped = await notes.documents.step("n2", adding("x", "r1"))
        assert stepped.written
        await eventually(lambda: notes.all_told("n2"))
        entry = outgoing(registered("r2"), id="m2").to_document() | left
        for key, outbox in (("n1", [left | {"id": "m1", "shape": "another"}]), ("n3", [entry])):
            await notes.documents.collection.insert_one(
                {"_id": key, "version": 1, "seen": [], "lines": [], "outbox": outbox}
            )
        await notes.documents.outbox.sweep()
        await eventually(lambda: [event.subject for event in heard.events] == ["r1", "r2"])
        await eventually(lambda: notes.all_told("n3"))
        document = await notes.documents.collection.find_one({"_id": "n1"})
        assert [kept["id"] for kept in document["outbox"]] == ["m1"]
