"""Requests nobody thought of, made from intake's own OpenAPI document, to the real app on the real servers: none breaks
it, and each answer is what the document says."""

import asyncio
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.failures import Failure
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from tests.conftest import SettingsFor
from tests.intake.conftest import MANGO_KEY, MANGO_SALT, SECRET
from tests.kit import token

pytestmark = pytest.mark.timeout(300)
"""Hundreds of requests go through real doors."""

EXAMPLES = 6
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EVERYTHING = token("director", "lead", "manager", subject="d1", hours=2)
TOKEN = "token-of-the-tests"


@schemathesis.serializer("message/rfc822")
def as_it_is(_: Any, value: Any) -> bytes:
    """A letter is bytes already."""
    return value if isinstance(value, bytes) else str(value).encode()


LEFT_OUT = {"/v1/clock"}
"""Moves the clock for all others."""


class Running:
    """The app behind a real socket, in a thread and a loop of its own: the generator blocks."""

    def __init__(self, settings: IntakeSettings) -> None:
        self._settings = settings
        self._server: Any = None
        self._thread = Thread(target=self._serve)
        self.document: dict[str, Any] = {}

    def __enter__(self) -> "Running":
        self._thread.start()
        while self._thread.is_alive() and not (self._server and self._server.started):
            self._thread.join(0.05)
        assert self._server.started
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)

    @property
    def url(self) -> str:
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def _serve(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        app: FastAPI = build_app(self._settings)
        self.document = app.openapi()
        self._server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
        await self._server.serve()


@pytest.fixture
def running(settings_for: SettingsFor) -> Iterator[Running]:
    """Intake with every door open."""
    settings = settings_for(
        IntakeSettings,
        webhook_secret=SECRET,
        mango_api_key=MANGO_KEY,
        mango_api_salt=MANGO_SALT,
        megafon_tokens=TOKEN,
        zadarma_secrets=TOKEN,
        uis_tokens=TOKEN,
        mailgun_keys=TOKEN,
        public_url="https://svoy.example",
    )
    with Running(settings) as found:
        yield found


def knocked(url: str, operation: Any, kind: GenerationMode) -> tuple[int, str]:
    """How many requests were made to one operation, and what was wrong with the answers, if anything was."""
    asked = 0

    @bounded(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
             suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=kind))
    def knock(case: Any) -> None:
        nonlocal asked
        asked += 1
        case.call_and_validate(base_url=url, headers=EVERYTHING, checks=CHECKS)

    try:
        knock()
    except Unsatisfiable:  # nothing can be wrong about a request without parameters
        assert kind is GenerationMode.NEGATIVE
    except (BaseExceptionGroup, Failure) as error:
        return asked, "".join(map(str, getattr(error, "exceptions", [error])))
    return asked, ""


def test_nothing_made_from_the_document_breaks_a_door_or_is_answered_otherwise_than_it_says(running: Running) -> None:
    asked: dict[str, int] = {}
    wrong: dict[str, str] = {}
    found = schemathesis.openapi.from_dict(running.document).get_all_operations()
    operations = [one.ok() for one in found if isinstance(one, Ok)]
    for operation in operations:
        for kind in GenerationMode:
            if operation.path not in LEFT_OUT:
                count, why = knocked(running.url, operation, kind)
                asked[operation.label] = asked.get(operation.label, 0) + count
                wrong |= {f"{operation.label} {kind}": why} if why else {}
    assert wrong == {}
    documented = {f"{method.upper()} {path}" for path, ways in running.document["paths"].items() for method in ways}
    assert asked.keys() == {label for label in documented if label.partition(" ")[2] not in LEFT_OUT}
    assert all(asked.values())
    assert sum(asked.values()) > 200


def test_an_answer_that_is_not_as_the_document_says_is_found(running: Running) -> None:
    answer = running.document["paths"]["/health/live"]["get"]["responses"]["200"]["content"]["application/json"]
    answer["schema"] = {"type": "integer"}
    operation = schemathesis.openapi.from_dict(running.document)["/health/live"]["GET"]
    _, wrong = knocked(running.url, operation, GenerationMode.POSITIVE)
    assert "is not of type" in wrong
