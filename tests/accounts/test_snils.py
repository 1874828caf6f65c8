"""A СНИЛС is one manager's; two who have one from before that was refused are shown, and keep nothing from working."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from itertools import count
from typing import Any

import pytest
import structlog

from services.accounts import conflicts
from services.accounts.domain.conflict import Conflict, Holder, seen_with
from services.accounts.domain.manager import Manager
from services.accounts.main import build_app
from services.accounts.office import Office
from services.accounts.settings import AccountsSettings
from shared.service import Service
from shared.store.codec import to_fields
from tests.accounts.conftest import DIRECTOR, HIRING, Doors
from tests.accounts.samples import AT
from tests.accounts.test_audit import linked_up, verdict
from tests.conftest import Unserved
from tests.kit import eventually, listening, serving, token

SNILS, OTHER = "11223344595", "08765430300"
MARIA = {"name": "Мария Свойская", "hired": "2026-01-12"}
HIRED = date(2026, 1, 12)
NOBODY = token("manager", subject="m1")
TWO = (Holder(manager_id="m1", name="Мария"), Holder(manager_id="m2", name="Олег"))


def card(manager_id: str, **over: Any) -> dict[str, Any]:
    """The body that registers a manager."""
    return MARIA | {"manager_id": manager_id, "snils": SNILS} | over


@pytest.fixture
async def old(settings: AccountsSettings, unserved: Unserved) -> AsyncIterator[Doors]:
    """Accounts begun on a database in which an earlier version left two managers with one СНИЛС."""
    two = [Manager(manager_id=one.manager_id, name=one.name, hired=HIRED, snils=SNILS) for one in TWO]
    collection = unserved(Service("accounts", settings)).database.managers
    await collection.insert_many([to_fields(one) | {"_id": one.manager_id, "version": 1} for one in two])
    app = build_app(settings)
    async with listening(settings.amqp_url.get_secret_value(), "manager.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, count(1))


@pytest.fixture
async def new(settings: AccountsSettings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Doors]:
    """Accounts begun on a new database, before it looked through anything."""

    async def not_yet(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(conflicts, "keep_looking", not_yet)
    app = build_app(settings)
    async with listening(settings.amqp_url.get_secret_value(), "manager.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, count(1))


async def listed(doors: Doors, who: dict[str, str] = DIRECTOR) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await doors.get("/v1/conflicts?kind=snils", who)).json()["items"]
    return found


async def test_a_snils_of_another_is_refused_and_the_other_named(doors: Doors) -> None:
    assert (await doors.post("/v1/managers", card("m1"), HIRING)).status_code == 201
    refused = await doors.post("/v1/managers", card("m2", snils="112-233-445 95"), HIRING)
    problem = refused.json()
    assert (refused.status_code, problem["type"].rpartition("/")[2]) == (409, "snils-taken")
    assert (problem["manager_id"], problem["errors"][0]["field"]) == ("m1", "snils")
    assert "«Мария Свойская» (m1)" in problem["detail"]
    assert "директор исправит прежнюю карточку (PATCH /v1/managers/m1, поле left)" in problem["detail"]
    assert (await doors.get("/v1/managers/m2")).status_code == 404
    await doors.post("/v1/managers", card("m2", snils=OTHER), HIRING)
    changed = await doors.http.patch("/v1/managers/m2", json={"snils": SNILS, "name": "Олег"}, headers=DIRECTOR)
    assert (changed.status_code, changed.json()["manager_id"]) == (409, "m1")
    kept = (await doors.get("/v1/managers/m2")).json()
    assert (kept["snils"], kept["name"]) == (OTHER, "Мария Свойская")
    assert (await doors.post("/v1/managers", card("m3"), NOBODY)).status_code == 403


async def test_whoever_has_none_or_gives_it_up_keeps_nobody_out(doors: Doors) -> None:
    for manager_id in ("m1", "m2"):
        assert (await doors.post("/v1/managers", card(manager_id, snils=None), HIRING)).status_code == 201
    for manager_id in ("m1", "m2"):
        mine = await doors.http.patch(f"/v1/managers/{manager_id}", json={"snils": SNILS}, headers=DIRECTOR)
        again = await doors.http.patch(f"/v1/managers/{manager_id}", json={"snils": SNILS}, headers=DIRECTOR)
        assert (mine.status_code, again.json()["revision"]) == (200, mine.json()["revision"])
        given_up = await doors.http.patch(f"/v1/managers/{manager_id}", json={"snils": None}, headers=DIRECTOR)
        assert given_up.json()["snils"] is None


async def test_the_same_request_again_finds_the_manager_it_registered(doors: Doors) -> None:
    body = MARIA | {"snils": SNILS}
    first, again = [await doors.post("/v1/managers", body, HIRING, key="k1") for _ in range(2)]
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())


async def test_of_many_at_once_one_gets_it(new: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []

    async def once_too_early(office: Office, snils: str, manager_id: str) -> None:
        if manager_id in checked:
            await look(office, snils, manager_id)
        checked.append(manager_id)

    look = Office.check_snils_free
    monkeypatch.setattr(Office, "check_snils_free", once_too_early)
    answers = await asyncio.gather(*(new.post("/v1/managers", card(f"m{one}"), HIRING) for one in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    (owner,) = [answer.json()["manager_id"] for answer in answers if answer.status_code == 201]
    assert {answer.json()["manager_id"] for answer in answers} == {owner}
    assert len((await new.get("/v1/managers")).json()["items"]) == 1


async def test_a_number_given_up_in_the_midst_of_it_is_free(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    for manager_id, snils in (("m1", SNILS), ("m2", OTHER)):
        assert (await doors.post("/v1/managers", card(manager_id, snils=snils), HIRING)).status_code == 201
    checks = count(1)

    async def given_up_before_the_second_look(office: Office, snils: str, manager_id: str) -> None:
        if next(checks) > 1:
            given_up = await doors.http.patch("/v1/managers/m1", json={"snils": None}, headers=DIRECTOR)
            assert given_up.status_code == 200
            await look(office, snils, manager_id)

    look = Office.check_snils_free
    monkeypatch.setattr(Office, "check_snils_free", given_up_before_the_second_look)
    taken = await doors.http.patch("/v1/managers/m2", json={"snils": SNILS}, headers=DIRECTOR)
    assert (taken.status_code, taken.json()["snils"], next(checks)) == (200, SNILS, 3)


async def test_a_manager_is_read_once_to_be_changed(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    await doors.manager("m1")
    managers, read = doors.office.store.managers, []

    async def noted(key: str) -> Manager | None:
        read.append(key)
        return await get(key)

    get = managers.get
    monkeypatch.setattr(managers, "get", noted)
    changed = await doors.http.patch("/v1/managers/m1", json={"snils": SNILS}, headers=DIRECTOR)
    assert (changed.status_code, read) == (200, ["m1"])


async def test_two_with_one_are_shown_and_keep_the_service_from_nothing(old: Doors) -> None:
    (found,) = await eventually(lambda: listed(old))
    assert [(one["manager_id"], one["name"]) for one in found["holders"]] == [("m1", "Мария"), ("m2", "Олег")]
    assert (await listed(old, NOBODY), found["parties"]) == ([], [])
    assert (await old.get(f"/v1/conflicts/{found['conflict_id']}/history", NOBODY)).status_code == 403
    assert [one["snils"] for one in (await old.get("/v1/managers")).json()["items"]] == [SNILS, SNILS]
    renamed = await old.http.patch("/v1/managers/m2", json={"name": "Олег Второй", "snils": SNILS}, headers=DIRECTOR)
    assert (renamed.status_code, renamed.json()["snils"]) == (200, SNILS)
    assert (await old.post("/v1/managers", card("m3"), HIRING)).json()["manager_id"] == "m1"


async def test_two_with_one_are_said_in_the_log_without_the_number(old: Doors) -> None:
    with structlog.testing.capture_logs() as logs:
        await conflicts.look_everywhere(old.office)
    (found,), (said, *_) = await listed(old), [one for one in logs if one.get("action") == "snils.shared"]
    assert (said["log_level"], said["conflicts"], SNILS in str(said)) == ("warning", [found["conflict_id"]], False)


async def test_what_is_shared_goes_once_a_card_is_put_right_and_comes_never_again(old: Doors) -> None:
    (found,) = await eventually(lambda: listed(old))
    word = await old.post(f"/v1/conflicts/{found['conflict_id']}/decide", {"choice": "shared"})
    assert (word.status_code, word.json()["errors"][0]["field"]) == (422, "choice")
    assert (await old.http.patch("/v1/managers/m2", json={"snils": OTHER}, headers=DIRECTOR)).status_code == 200
    assert await listed(old) == []
    assert "snils_1" in await old.office.store.managers.collection.index_information()
    path = f"/v1/conflicts/{found['conflict_id']}/history"
    assert [one["why"] for one in (await old.get(path)).json()["items"]] == ["найдено", "найдено"]
    await linked_up(old)
    faults = (await verdict(old))["faults"]
    assert [fault for fault in faults if found["conflict_id"] in str(fault)] == []


def test_a_conflict_about_a_snils_comes_and_goes_with_its_holders() -> None:
    new = Conflict(conflict_id="k", kind="snils", value=SNILS, parties=(), found_at=AT)
    known = seen_with(new, TWO, AT).state
    assert (known.state, known.holders, seen_with(known, TWO, AT).state is known) == ("open", TWO, True)
    gone = seen_with(known, TWO[:1], AT).state
    assert (gone.state, seen_with(gone, TWO, AT).state.state) == ("gone", "open")
