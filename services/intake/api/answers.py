"""`/v1/answers/{request}/{token}`: the page behind the links of a closing letter. It asks once, and says what was kept.

Looking at it changes nothing (mail programs look at links by themselves); only the button does.
"""

from html import escape
from math import ceil
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Query, Request, Response

from services.intake.answer_guard import AnswerGuard
from services.intake.api.fields import Deps
from services.intake.domain import closing
from services.intake.domain.refusals import LinkSpent, UnknownRequest
from services.intake.domain.requests import ServiceRequest, existing
from services.intake.reception import Reception
from shared.contracts.intake import VerdictDoubted

routes = APIRouter(prefix="/v1/answers", tags=["answers"])

FORM_LIMIT = 30_000
"""Bytes."""
WORDS_LIMIT = 5_000
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'",
}
PAGE = """<!doctype html><html lang="ru"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>body{{font:18px/1.5 sans-serif;max-width:36em;margin:2em auto;padding:0 1em}}
textarea{{width:100%;height:6em;font:inherit}}button{{font:inherit;padding:.5em 1.5em}}</style>
<h1>{title}</h1>{body}</html>
"""
QUESTION = """<p>{subject}</p><form method="post">
<p><label><input type="radio" name="solved" value="yes" required{yes}> Решено</label><br>
<label><input type="radio" name="solved" value="no"{no}> Не решено</label></p>
<p><label>Если хотите, напишите, что именно:<br><textarea name="words" maxlength="{limit}"></textarea></label></p>
<p><button>Подтвердить</button></p></form>"""
TOO_OFTEN = "<p>Слишком много попыток подряд. Подождите немного ({seconds} с) и откройте ссылку ещё раз.</p>"
TOO_LONG = "<p>Слишком длинный ответ. Напишите короче или позвоните менеджеру.</p>"
SPENT = "<p>Ссылка больше не действует: на письмо уже ответили, или работа продолжается. Можно позвонить менеджеру.</p>"
HTML: dict[int | str, dict[str, Any]] = {
    status: {"content": {"text/html": {}}, "description": description}
    for status, description in {
        200: "The page",
        410: "The link is spent",
        413: "The answer is too long",
        429: "Too often; Retry-After says when again",
    }.items()
}
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["solved"],
                    "properties": {"solved": {"enum": ["yes", "no"]}, "words": {"type": "string"}},
                }
            }
        },
    }
}


async def _waits(request: Request, request_id: str, token: str) -> float:
    """Seconds this source, or this link, has to wait; 0 where it may come in."""
    guard: AnswerGuard = request.app.state.answer_guard
    peer = "" if request.client is None else request.client.host
    return guard.wait(peer, f"{request_id}/{token}")


AtDoor = Annotated[float, Depends(_waits)]


@routes.get("/{request_id}/{token}", response_class=Response, responses=HTML)
async def ask(
    reception: Deps,
    at_door: AtDoor,
    request_id: str,
    token: str,
    solved: Annotated[Literal["yes", "no"] | None, Query()] = None,
) -> Response:
    """The question, with the pressed answer marked."""
    if (refused := _refused(at_door)) is not None:
        return refused
    request = await reception.store.requests.get(request_id)
    try:
        closing.asked(request, token, reception.clock.now())
    except LinkSpent:
        return _page("Ссылка не действует", SPENT, 410)
    return _question(existing(request), solved)


@routes.post("/{request_id}/{token}", response_class=Response, responses=HTML, openapi_extra=FORM)
async def answer(reception: Deps, at_door: AtDoor, request: Request, request_id: str, token: str) -> Response:
    """The accountant's word, once: it closes, opens again, or, where it contradicts itself, goes to the manager."""
    if (refused := _refused(at_door)) is not None:
        return refused
    body = await _body(request)
    if body is None:
        return _page("Слишком длинно", TOO_LONG, 413)
    return await _taken(reception, request_id, token, *_form(body))


async def _taken(reception: Reception, request_id: str, token: str, pressed: bool | None, words: str) -> Response:  # noqa: FBT001
    now = reception.clock.now()
    try:
        known = existing(await reception.store.requests.get(request_id))
        if pressed is None:
            closing.asked(known, token, now)
            return _question(known, None, 422)
        stepped = await reception.store.requests.step(
            request_id, lambda state: closing.answer(state, token, solved=pressed, words=words, now=now)
        )
    except (LinkSpent, UnknownRequest):
        return _page("Ссылка не действует", SPENT, 410)
    if any(isinstance(event, VerdictDoubted) for event in stepped.events):
        return _page("Уточним", "<p>Ответ записан. Менеджер позвонит вам, чтобы понять вас правильно.</p>")
    if pressed:
        return _page("Спасибо!", f"<p>Заявка № {escape(known.number)} закрыта.</p>")
    return _page("Записано", f"<p>Заявка № {escape(known.number)} не закрыта, ваш менеджер уже знает.</p>")


def _refused(seconds: float) -> Response | None:
    """The page that says to come again later, where there is something to wait for."""
    if not seconds:
        return None
    whole = max(1, ceil(seconds))
    page = _page("Слишком часто", TOO_OFTEN.format(seconds=whole), 429)
    page.headers["Retry-After"] = str(whole)
    return page


async def _body(request: Request) -> bytes | None:
    """The form; None where it is too long, and then the rest of it is not read."""
    taken = bytearray()
    async for piece in request.stream():
        taken += piece
        if len(taken) > FORM_LIMIT:
            return None
    return bytes(taken)


def _form(body: bytes) -> tuple[bool | None, str]:
    """What was pressed (None where nothing) and written."""
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        fields = {}
    pressed = {"yes": True, "no": False}.get(fields.get("solved", [""])[0])
    words = fields.get("words", [""])[0].replace("\x00", "").encode("utf-8", "replace").decode()
    return pressed, words.strip()[:WORDS_LIMIT]


def _question(request: ServiceRequest, solved: str | None, status: int = 200) -> Response:
    marks = {"yes": " checked" if solved == "yes" else "", "no": " checked" if solved == "no" else ""}
    body = QUESTION.format(subject=escape(request.subject), limit=WORDS_LIMIT, **marks)
    return _page(f"Заявка № {request.number}: решено?", body, status)


def _page(title: str, body: str, status: int = 200) -> Response:
    html = PAGE.format(title=escape(title), body=body)
    return Response(html, status, headers=HEADERS, media_type="text/html")
