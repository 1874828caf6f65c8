"""Requests are found by their words and channel, and leave as a table."""

from tests.intake.conftest import OTHER_MANAGER, SPECIALIST, Doors
from tests.intake.samples import PHONE


async def test_requests_are_found_by_words_number_and_channel(doors: Doors) -> None:
    first = await doors.registered(subject="Не сходится БАЛАНС", text="Форма 0503130 (годовая)")
    await doors.registered(subject="Отпускные", channel="portal")
    cases = [
        ({"text": "баланс"}, 1),
        ({"text": "0503130 (год"}, 1),
        ({"text": ".*"}, 0),
        ({"text": first["number"]}, 1),
        ({"channel": "portal"}, 1),
        ({"channel": "email"}, 0),
        ({}, 2),
    ]
    for query, count in cases:
        assert len((await doors.get("/v1/requests", **query)).json()["items"]) == count, query
    assert (await doors.get("/v1/requests", channel="smoke")).status_code == 422
    assert (await doors.get("/v1/requests", text="x" * 101)).status_code == 422


async def test_the_table_holds_what_one_may_see_and_no_formulas(doors: Doors) -> None:
    await doors.client()
    await doors.registered(contact={"phone": PHONE}, subject="=HYPERLINK(1); срочно")
    answer = await doors.get("/v1/requests/export.csv")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert '"\'=HYPERLINK(1); срочно"' in answer.text
    assert "Школа № c1" in answer.text
    assert "HYPERLINK" not in (await doors.get("/v1/requests/export.csv", OTHER_MANAGER)).text
    assert (await doors.get("/v1/requests/export.csv", SPECIALIST)).status_code == 403
