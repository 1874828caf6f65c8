"""A query parameter that a door does not have is refused at every door of every service, by name."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from deploy.api_documents import app_of
from shared.messaging.topology import SERVICES
from shared.roles import ROLES
from tests.kit import PUBLIC_KEY, token

EVERYBODY = token(*(ROLES - {"integration"}))
"""Whoever opens every door."""
OTHERS_COME_HERE = re.compile(
    r"/health/.*|/v1/calls/(generic|mango|megafon|uis|zadarma).*|/v1/emails/mailgun.*|/v1/answers/.*"
)
"""What telephonies, mail programs and monitoring call: they may hang parameters of their own on the address."""


def doors(app: FastAPI) -> Iterator[tuple[str, str, set[str]]]:
    """Each operation of the OpenAPI document: method, path, the query parameters it has."""
    operations: Mapping[str, Mapping[str, Any]] = app.openapi()["paths"]
    for path, methods in operations.items():
        for method, operation in methods.items():
            there = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"}
            yield method.upper(), re.sub(r"\{.*?\}", "1", path), there


@pytest.mark.parametrize("service", SERVICES)
async def test_a_slip_of_the_pen_is_refused_with_what_there_is(service: str) -> None:
    app = app_of(service, PUBLIC_KEY)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://svoy.test") as client:
        for method, path, there in doors(app):
            if OTHERS_COME_HERE.fullmatch(path):
                continue
            answer = await client.request(method, path, params={"stauts": "open"}, headers=EVERYBODY)
            said, asked = answer.json(), f"{method} {path}"
            assert (answer.status_code, said["type"].rpartition("/")[2]) == (422, "unknown-parameter"), asked
            assert (said["unknown"], set(said["known"])) == (["stauts"], there)
            assert "stauts" in said["detail"]


async def test_a_provider_may_hang_on_what_it_likes() -> None:
    app = app_of("intake", PUBLIC_KEY)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://svoy.test") as client:
        answer = await client.get("/v1/calls/zadarma", params={"zd_echo": "echo", "stauts": "open"})
        refused = await client.post("/v1/calls/generic", params={"stauts": "open"})
    assert (answer.status_code, answer.text) == (200, "echo")
    assert not refused.json()["type"].endswith("unknown-parameter")
