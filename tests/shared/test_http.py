"""What stands before every door: problems, passes, keys, limits, paging, the clock."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Annotated

import httpx
import pytest
from fastapi import Depends
from joserfc import jwt
from joserfc.jwk import OKPKey
from pydantic import BaseModel, Field

from shared.clock import machine_now
from shared.http import key_doors
from shared.http.api_keys import ApiKeys
from shared.http.auth import Principal, requires
from shared.http.edge import BODY_LIMIT
from shared.http.idempotency import IdempotencyKey
from shared.http.paging import Page, Paged
from shared.ids import random_id
from shared.messaging.envelope import Cause, current_cause
from shared.observability import HTTP_IN_FLIGHT, HTTP_REFUSED
from shared.roles import ISSUER
from shared.settings import ServiceSettings
from tests.conftest import SettingsFor
from tests.kit import FOREIGN_KEY, PRIVATE_KEY, eventually, serving, token
from tests.shared.notes import Notes, adding


class Body(BaseModel):
    """A body with a rule."""

    number: int = Field(ge=1)


class Refused(Exception):
    """Так нельзя."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed = ["start"]


class Doors(Notes):
    """A service with a few doors."""

    def __init__(self, settings: ServiceSettings) -> None:
        super().__init__(settings)
        app = self.service.app
        self.open = asyncio.Event()
        app.state.api_keys = ApiKeys(self.service.store.indexes("api_keys", []))
        app.include_router(key_doors.router(app.state.api_keys, frozenset({"notes:write", "notes:read"})))
        self.service.problems({Refused: (409, "refused")})

        @app.post("/v1/notes")
        async def post(
            body: Body,
            who: Annotated[Principal, Depends(requires("manager", "integration", scope="notes:write"))],
            key: IdempotencyKey,
        ) -> dict[str, object]:
            return {"number": body.number, "by": who.subject, "key": key}

        @app.get("/v1/numbers")
        async def numbers(page: Paged) -> Page[int]:
            start = int(page.after or 0) + 1
            return page.page(list(range(start, 8))[: page.limit + 1], str)

        @app.get("/v1/refused")
        async def refused() -> None:
            raise Refused

        @app.get("/v1/broken")
        async def broken() -> None:
            raise RuntimeError("with a secret in it")

        @app.get("/v1/slow")
        async def slow() -> dict[str, str]:
            await self.open.wait()
            return {}


@pytest.fixture
def doors(settings_for: SettingsFor) -> Doors:
    return Doors(settings_for(ServiceSettings, max_in_flight=4))


@pytest.fixture
async def client(doors: Doors) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(doors.service.app) as client:
        yield client


MANAGER = token("manager", subject="m1")
DIRECTOR = token("director", subject="d1")


async def test_a_good_request_passes_and_carries_its_correlation(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/v1/notes", json={"number": 3}, headers=MANAGER | {"Idempotency-Key": "k", "X-Correlation-ID": "c-1"}
    )
    assert answer.json() == {"number": 3, "by": "m1", "key": "k"}
    assert answer.headers["x-correlation-id"] == "c-1"


@pytest.mark.parametrize(
    ("headers", "status", "slug"),
    [
        ({}, 401, "no-token"),
        ({"Authorization": "Basic abc"}, 401, "bad-token"),
        ({"Authorization": "Bearer abc"}, 401, "bad-token"),
        (token("manager", hours=-1), 401, "bad-token"),
        (token("manager", key=FOREIGN_KEY), 401, "bad-token"),
        (token("specialist"), 403, "forbidden"),
        (token("president"), 403, "forbidden"),
        ({"X-API-Key": "svk_000000000000.none"}, 401, "bad-key"),
        ({"X-API-Key": "nonsense"}, 401, "bad-key"),
        (MANAGER | {"Idempotency-Key": "x" * 201}, 422, "bad-idempotency-key"),
    ],
)
async def test_who_may_not_is_told_why(
    client: httpx.AsyncClient, headers: dict[str, str], status: int, slug: str
) -> None:
    answer = await client.post("/v1/notes", json={"number": 1}, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["type"].endswith(f"/{slug}")


async def test_what_the_framework_refuses_is_said_in_russian(client: httpx.AsyncClient) -> None:
    nowhere, otherwise = await client.get("/v1/nowhere"), await client.delete("/v1/notes")
    assert (nowhere.status_code, nowhere.json()["detail"]) == (404, "Такого адреса нет; какие есть, сказано в /docs.")
    assert otherwise.status_code == 405
    assert "POST" in otherwise.json()["detail"]
    expired = await client.post("/v1/notes", json={"number": 1}, headers=token("manager", hours=-1))
    assert expired.json()["detail"] == "Пропуск не принят: срок истёк, возьмите новый."
    foreign = await client.post("/v1/notes", json={"number": 1}, headers=token("manager", key=FOREIGN_KEY))
    assert foreign.json()["detail"] == "Пропуск не принят: он не наш или испорчен, возьмите новый."
    other = await client.post("/v1/notes", json={"number": 1}, headers=token("specialist"))
    assert "менеджер" in other.json()["detail"]


async def test_a_pass_with_roles_that_are_none_is_refused(client: httpx.AsyncClient) -> None:
    claims = {"iss": ISSUER, "aud": ISSUER, "sub": "m1", "roles": 5, "exp": int(machine_now().timestamp()) + 60}
    bearer = jwt.encode({"alg": "Ed25519"}, claims, OKPKey.import_key(json.loads(PRIVATE_KEY)), algorithms=["Ed25519"])
    answer = await client.post("/v1/notes", json={"number": 1}, headers={"Authorization": f"Bearer {bearer}"})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (401, "bad-token")


@pytest.mark.parametrize(
    ("content", "status", "slug", "detail"),
    [
        (b"{number: 1", 400, "not-json", "JSON"),
        (b"\xff\xfe", 400, "not-json", "JSON"),
        (b"{}", 422, "invalid", "number: обязательное поле"),
        (b'{"number": 0}', 422, "invalid", "number"),
        (b'{"number": "a"}', 422, "invalid", "number"),
        (b"[]", 422, "invalid", "body"),
        (b"[" * 200_000, 400, "not-json", "JSON"),
        (b'{"number": ' + b"1" * 5000 + b"}", 400, "not-json", "JSON"),
        (b" " * (BODY_LIMIT + 1), 413, "too-large", "10"),
    ],
    ids=[
        "not-json",
        "not-text",
        "empty",
        "too-small",
        "wrong-type",
        "not-an-object",
        "deep",
        "long-number",
        "over-10-MB",
    ],
)
async def test_a_bad_body_is_answered_with_what_is_wrong(
    client: httpx.AsyncClient, content: bytes, status: int, slug: str, detail: str
) -> None:
    headers = MANAGER | {"Content-Type": "application/json"}
    answer = await client.post("/v1/notes", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["x-correlation-id"]
    assert answer.json()["type"].endswith(slug)
    assert detail in answer.json()["detail"]


async def test_a_body_that_turns_out_longer_than_it_said_is_refused(client: httpx.AsyncClient) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 1_000_000

    answer = await client.post("/v1/notes", content=stream(), headers=MANAGER | {"Content-Type": "application/json"})
    assert answer.status_code == 413


async def test_a_domain_error_shows_its_docstring_and_what_it_knows(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/refused")
    assert answer.status_code == 409
    assert answer.json() | {"title": ""} == {
        "type": "https://svoy.example/problems/refused", "title": "", "status": 409,
        "detail": "Так нельзя.", "allowed": ["start"],
    }  # fmt: skip


async def test_a_bug_is_answered_without_its_insides_and_found_in_the_log(
    client: httpx.AsyncClient, logged: Callable[[], list[dict[str, str]]]
) -> None:
    answer = await client.get("/v1/broken", headers={"X-Correlation-ID": "c-7"})
    assert (answer.status_code, answer.headers["x-correlation-id"]) == (500, "c-7")
    assert "secret" not in answer.text
    [line] = [line for line in logged() if line.get("action") == "http.unexpected"]
    assert (line["correlation_id"], line["service"]) == ("c-7", "notes")
    assert "with a secret in it" in line["exception"]
    metrics = (await client.get("/metrics")).text
    assert 'svoy_http_request_seconds_count{method="GET",route="/v1/broken",status="500"}' in metrics


@pytest.mark.parametrize("given", ["é" * 200, "x" * 201, "", "a\tb"], ids=["no-ascii", "too-long", "empty", "control"])
async def test_a_correlation_no_message_could_carry_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    answer = await client.get("/v1/numbers", headers={b"X-Correlation-ID": given.encode("latin-1")})
    assert len(answer.headers["x-correlation-id"]) == len(random_id())


@pytest.mark.parametrize(
    ("given", "kept"),
    [("00-" + "a" * 32 + "-" + "b" * 16 + "-01", True), ("x" * 200_000, False), ("00-abc", False)],
    ids=["good", "huge", "nonsense"],
)
async def test_a_trace_is_carried_on_where_it_is_one(
    client: httpx.AsyncClient, doors: Doors, given: str, *, kept: bool
) -> None:
    seen: list[Cause | None] = []

    @doors.service.app.get("/v1/cause")
    async def cause() -> None:
        seen.append(current_cause.get())

    await client.get("/v1/cause", headers={"traceparent": given})
    assert [cause and cause.traceparent for cause in seen] == [given if kept else None]


async def test_an_unknown_path_is_a_problem_as_well(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/nothing")
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


async def test_above_the_limit_of_work_in_flight_the_answer_is_503_with_retry_after(
    client: httpx.AsyncClient, doors: Doors
) -> None:
    slow = [asyncio.ensure_future(client.get("/v1/slow")) for _ in range(4)]
    await eventually(lambda: HTTP_IN_FLIGHT._value.get() == 4)
    before = HTTP_REFUSED._value.get()
    refused = await client.get("/v1/numbers", headers={"X-Correlation-ID": "c-9"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.headers["x-correlation-id"] == "c-9"
    assert HTTP_REFUSED._value.get() == before + 1
    assert (await client.get("/health/live")).status_code == 200
    doors.open.set()
    assert [answer.status_code for answer in await asyncio.gather(*slow)] == [200] * 4


async def test_while_too_many_events_wait_for_the_broker_nothing_new_is_taken_on(settings_for: SettingsFor) -> None:
    notes = Notes(settings_for(ServiceSettings))
    notes.service._unconfirmed._limit = 1
    transport = httpx.ASGITransport(app=notes.service.app)
    # Not started: it can write, and has no way out, as while the broker is away.
    await notes.documents.step("n1", adding("раз", "r1"))
    async with httpx.AsyncClient(transport=transport, base_url="http://svoy.test") as client:
        refused = await client.get("/v1/clock")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert "брокер сообщений не отвечает" in refused.json()["detail"]
        assert (await client.get("/health/live")).status_code == 200
    async with serving(notes.service.app) as client:
        await eventually(lambda: not notes.service._unconfirmed.full)
        assert (await client.get("/v1/clock")).status_code == 200


async def test_pages_follow_one_another_to_the_end(client: httpx.AsyncClient) -> None:
    seen: list[int] = []
    cursor: str | None = None
    while True:
        params: dict[str, str | int] = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/v1/numbers", params=params)).json()
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 201}, {"cursor": "ё"}, {"cursor": "A"}])
async def test_a_bad_page_is_refused(client: httpx.AsyncClient, params: dict[str, str]) -> None:
    assert (await client.get("/v1/numbers", params=params)).status_code == 422


async def test_a_parameter_the_door_does_not_have_is_refused_to_who_may_enter(client: httpx.AsyncClient) -> None:
    path, params = "/v1/notes", {"stauts": "open"}
    assert (await client.post(path, json={"number": 1}, params=params)).status_code == 401
    assert (await client.post(path, json={"number": 1}, params=params, headers=token("specialist"))).status_code == 403
    refused = await client.post(path, json={"number": 1}, params=params, headers=MANAGER)
    assert refused.status_code == 422
    assert refused.json()["detail"] == "Нет таких параметров: stauts; здесь их не бывает."


async def test_a_key_does_what_its_scopes_say_until_it_is_revoked(client: httpx.AsyncClient) -> None:
    async def made(*scopes: str) -> str:
        answer = await client.post("/v1/api-keys", json={"name": "АТС", "scopes": scopes}, headers=DIRECTOR)
        return str(answer.json()["key"])

    async def used(key: str) -> int:
        return (await client.post("/v1/notes", json={"number": 1}, headers={"X-API-Key": key})).status_code

    writes, reads = await made("notes:write"), await made("notes:read")
    assert (await used(writes), await used(reads), await used(writes + "x")) == (200, 403, 401)
    listed = (await client.get("/v1/api-keys", headers=DIRECTOR)).json()
    assert {key["prefix"] for key in listed} == {writes.split(".")[0], reads.split(".")[0]}
    assert not any("digest" in key for key in listed)
    gone = await client.delete(f"/v1/api-keys/{writes.split('.')[0]}", headers=DIRECTOR)
    assert (gone.status_code, await used(writes)) == (204, 401)


async def test_a_key_asked_for_once_more_is_not_made_twice(client: httpx.AsyncClient) -> None:
    new = {"name": "АТС", "scopes": ["notes:write"]}
    once = DIRECTOR | {"Idempotency-Key": "1"}
    made = (await client.post("/v1/api-keys", json=new, headers=once)).json()["key"]
    again = await client.post("/v1/api-keys", json=new, headers=once)
    prefix = made.partition(".")[0]
    assert (again.status_code, again.json()["prefix"]) == (409, prefix)
    assert f"отзовите его (DELETE /v1/api-keys/{prefix})" in again.json()["detail"]
    assert [key["prefix"] for key in (await client.get("/v1/api-keys", headers=DIRECTOR)).json()] == [prefix]
    assert (await client.post("/v1/notes", json={"number": 1}, headers={"X-API-Key": made})).status_code == 200
    assert (await client.post("/v1/api-keys", json=new | {"day": 5}, headers=DIRECTOR)).status_code == 422


async def test_only_a_director_makes_keys_and_only_with_scopes_there_are(client: httpx.AsyncClient) -> None:
    new = {"name": "x", "scopes": ["notes:burn"]}
    assert (await client.post("/v1/api-keys", json=new, headers=MANAGER)).status_code == 403
    assert (await client.post("/v1/api-keys", json=new, headers=DIRECTOR)).status_code == 422


async def test_the_clock_moves_in_development_at_a_directors_word(client: httpx.AsyncClient) -> None:
    before = datetime.fromisoformat((await client.get("/v1/clock")).json()["now"])
    assert (await client.put("/v1/clock", json={"offset_seconds": 86400}, headers=MANAGER)).status_code == 403
    moved = await client.put("/v1/clock", json={"offset_seconds": 86400}, headers=DIRECTOR)
    assert (datetime.fromisoformat(moved.json()["now"]) - before).days == 1


@pytest.mark.parametrize("offset", ["NaN", "Infinity", "1e400", "4e9"])
async def test_the_clock_moves_to_a_time_there_is(client: httpx.AsyncClient, offset: str) -> None:
    body = f'{{"offset_seconds": {offset}}}'.encode()
    answer = await client.put("/v1/clock", content=body, headers=DIRECTOR | {"Content-Type": "application/json"})
    assert answer.status_code == 422


async def test_the_clock_does_not_move_in_production(settings_for: SettingsFor) -> None:
    async with serving(Doors(settings_for(ServiceSettings, mode="production")).service.app) as client:
        answer = await client.put("/v1/clock", json={"offset_seconds": 1}, headers=DIRECTOR)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, "clock-fixed")
        assert (await client.get("/v1/clock")).json()["offset_seconds"] == 0


async def test_a_running_service_is_ready_and_measured(client: httpx.AsyncClient) -> None:
    ready = await client.get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "reasons": {}})
    await client.get("/v1/numbers")
    metrics = (await client.get("/metrics")).text
    assert 'svoy_http_request_seconds_count{method="GET",route="/v1/numbers",status="200"}' in metrics
    assert "svoy_outbox_oldest_age_seconds" in metrics


async def test_one_metric_can_be_asked_for_alone(client: httpx.AsyncClient) -> None:
    await client.get("/v1/numbers")
    one = (await client.get("/metrics", params={"name[]": "svoy_http_request_seconds_count"})).text
    assert 'svoy_http_request_seconds_count{method="GET",route="/v1/numbers",status="200"}' in one
    assert "svoy_outbox" not in one
    none = await client.get("/metrics", params={"name[]": ["no such", "\u0000"]})
    assert (none.status_code, none.text.strip()) == (200, "")
