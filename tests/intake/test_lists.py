"""A list answers within bounds, whatever is asked of it: by an index, or among so many of the newest at a time."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from services.intake.api.requests import Search
from services.intake.lists import Listing, Wanted, place
from services.intake.store import seen_with
from tests.intake.conftest import MANAGER, Doors
from tests.intake.samples import PHONE

AMONG = 4
WORDS = Search(text="баланс").wanted(None)
BASE = frozenset({"c1", "c2"})


@pytest.fixture
async def asked(doors: Doors) -> list[str]:
    """Nine requests of a client, two of which speak of the balance, the first and the fifth; the oldest first."""
    await doors.client()
    subjects = ["Баланс за год", *["Вопрос"] * 3, "Не сходится баланс", *["Вопрос"] * 4]
    made = [await doors.registered(contact={"phone": PHONE}, subject=subject) for subject in subjects]
    store = doors.reception.store
    store.listed_requests = replace(store.listed_requests, among=AMONG)
    return [one["request_id"] for one in made]


async def pages(doors: Doors, **query: Any) -> list[list[str]]:
    """The ids of each page, to the last one."""
    found: list[list[str]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await doors.get("/v1/requests", MANAGER, **query, **cursor)).json()
        found.append([card["request_id"] for card in page["items"]])
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


async def test_words_are_looked_for_among_so_many_at_a_time_and_next_goes_on(doors: Doors, asked: list[str]) -> None:
    assert await pages(doors, text="баланс") == [[], [asked[4]], [asked[0]]]
    assert await pages(doors, text="баланс", limit=1) == [[], [asked[4]], [asked[0]]]
    assert await pages(doors, channel="phone", limit=3) == [asked[:-4:-1], asked[5:2:-1], asked[2::-1]]
    assert await pages(doors, limit=200) == [asked[::-1]]


async def test_a_request_is_found_by_its_number_however_old(doors: Doors, asked: list[str]) -> None:
    for number in ("100 000", "100000", "№ 100 000"):
        assert await pages(doors, number=number) == [[asked[0]]]
    assert await pages(doors, number="сто") == [[]]
    assert await pages(doors, number="100000", client_id="c2") == [[]]


@pytest.mark.parametrize("text", ["\0", "\0\0", " б ", "б"])
async def test_nothing_is_not_looked_for(doors: Doors, text: str) -> None:
    answer = await doors.get("/v1/requests", MANAGER, text=text)
    assert (answer.status_code, "text" in answer.json()["detail"]) == (422, True)


async def test_a_table_says_where_the_search_stopped(doors: Doors, asked: list[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("services.intake.api.requests.EXPORTED_AMONG", 5)
    rows = (await doors.get("/v1/requests/export.csv", text="баланс")).content.decode("utf-8-sig").splitlines()
    assert len(asked) == 9
    assert (len(rows), "Не сходится баланс" in rows[1]) == (3, True)
    assert rows[2].startswith("Просмотрены 5 последних заявок")
    monkeypatch.setattr("services.intake.api.requests.EXPORTED_AMONG", 10)
    rows = (await doors.get("/v1/requests/export.csv", text="баланс")).content.decode("utf-8-sig").splitlines()
    assert (len(rows), "Просмотрены" in rows[2]) == (3, False)


CASES = [
    ("everybody's", Wanted((), WORDS.what)),
    ("a base's", Wanted((seen_with(BASE),), WORDS.what)),
    ("a client's", Search(client_id="c1", text="баланс").wanted(None)),
    ("nobody's, closed", Search(identified=False, state="closed").wanted(None)),
]


@pytest.mark.parametrize("wanted", [wanted for _, wanted in CASES], ids=[name for name, _ in CASES])
@pytest.mark.parametrize("later", [False, True], ids=["the first page", "a later one"])
@pytest.mark.usefixtures("asked")
async def test_no_question_looks_through_more_or_sorts(doors: Doors, wanted: Wanted, later: bool) -> None:  # noqa: FBT001
    listing = doors.reception.store.listed_requests
    (newest, *_) = (await listing.found(Wanted(), None, 1)).items
    after = place(newest.registered_at, newest.request_id) if later else None
    plan = await explained(listing, wanted, after)
    assert not stages(plan) & {"COLLSCAN", "SORT"}, plan
    assert "IXSCAN" in stages(plan)
    assert examined(plan) <= AMONG + 1


async def explained(listing: Listing[Any], wanted: Wanted, after: str | None) -> Any:
    collection = listing.documents.collection
    question = {"aggregate": collection.name, "pipeline": listing.pipeline(wanted, after, 51), "cursor": {}}
    return await collection.database.command({"explain": question, "verbosity": "executionStats"})


def dug(found: Any, name: str) -> Iterator[Any]:
    """Every value under this name, however deep."""
    if isinstance(found, dict):
        for key, value in found.items():
            if key == name:
                yield value
            elif key != "rejectedPlans":
                yield from dug(value, name)
    elif isinstance(found, list):
        for one in found:
            yield from dug(one, name)


def stages(plan: Any) -> set[str]:
    return {stage for stage in dug(plan, "stage") if isinstance(stage, str)}


def examined(plan: Any) -> int:
    return max(int(one) for one in dug(plan, "totalDocsExamined"))
