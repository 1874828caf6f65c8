"""What the commands that prove say of answers no service of ours gives on a good day."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from typer.testing import CliRunner, Result

from deploy.cli import app as svoy
from deploy.local.errors import HouseError
from tests.kit import PRIVATE_KEY, on_port

PROOFS = {
    "clocks": ("GET", "/v1/clocks/verify"),
    "pay": ("GET", "/v1/statements/verify"),
    "debt": ("POST", "/v1/debts/verify"),
    "audit": ("GET", "/v1/audit/verify"),
}


@dataclass
class Door:
    """Answers as it is told, one after the other, and remembers what it was asked."""

    answers: list[Response]
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: Request) -> Response:
        """The next answer."""
        self.asked.append((request.method, request.url.path, request.url.query))
        return self.answers.pop(0)

    async def verify(self, what: str) -> Result:
        """What the command says to it."""
        return await asyncio.to_thread(CliRunner().invoke, svoy, [what, "verify", "--url", self.url])


@pytest.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    """A door at an address of its own."""
    monkeypatch.setenv("SVOY_JWT_PRIVATE_KEY", PRIVATE_KEY)
    made, app = Door([]), FastAPI()
    app.add_api_route("/{path:path}", made.answer, methods=["GET", "POST"])
    async with on_port(app) as made.url:
        yield made


def pages(*found: Iterable[dict[str, Any]]) -> list[Response]:
    """Answers of a door that goes on until the last of them."""
    keys = [f"m{number}" for number, _ in enumerate(found, 1)]
    bodies = [{"checked": 25, "differences": list(one), "next": key} for one, key in zip(found, keys, strict=True)]
    bodies[-1]["next"] = None
    return [JSONResponse(body) for body in bodies]


MONTH = {"month": "2026-11", "manager_id": None, "what": "сумма расчётов", "kept": "1.00", "computed": "2.00"}
CLOCK = {"about": "request", "about_id": "r1", "what": "r1:assign:1 due", "kept": "12:00", "computed": "13:00"}


async def test_closed_months_are_proved_page_by_page(door: Door) -> None:
    door.answers = pages([], [], [])
    proved = await door.verify("pay")
    assert (proved.exit_code, proved.output) == (0, "Проверено расчётов: 75. Всё такое, как следует из фактов.\n")
    assert door.asked == [("GET", "/v1/statements/verify", query) for query in ("", "after=m1", "after=m2")]


async def test_each_difference_of_each_page_is_told_as_it_is_and_ends_with_1(door: Door) -> None:
    hostile = MONTH | {"manager_id": "m[red]7", "what": "печать " + "x" * 100, "kept": "[/bold]", "computed": ":key:"}
    door.answers = pages([MONTH], [], [hostile])
    told = await door.verify("pay")
    assert (told.exit_code, told.output.splitlines()) == (
        1,
        [
            "2026-11 месяц в целом: сумма расчётов: записано 1.00; выходит 2.00",
            f"2026-11 m[red]7: печать {'x' * 100}: записано [/bold]; выходит :key:",
            "Проверено расчётов: 75. Расхождений: 2.",
        ],
    )
    door.answers = pages([CLOCK])
    told = await door.verify("clocks")
    assert told.exit_code == 1
    assert told.output == ("request r1: r1:assign:1 due: 12:00; по фактам 13:00\nПроверено: 25. Расхождений: 1.\n")


@pytest.mark.parametrize("what", PROOFS)
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (JSONResponse({"title": "Forbidden", "detail": "Нужна роль: director."}, 403), "Нужна роль: director."),
        (Response("<html>502</html>", 502), "не ответил"),
        (Response(b"\xff\xfe", media_type="application/json"), "не ответил"),
    ],
)
async def test_an_answer_that_proves_nothing_is_no_proof(door: Door, what: str, answer: Response, said: str) -> None:
    door.answers = [answer]
    refused = await door.verify(what)
    assert refused.exit_code == 1
    assert isinstance(refused.exception, HouseError)
    assert said in str(refused.exception)
    assert [asked[:2] for asked in door.asked] == [PROOFS[what]]
