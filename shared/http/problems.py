"""Errors as RFC 9457 problem details: a stable `type`, what is wrong, where, and what to do."""

import json
from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pymongo.errors import PyMongoError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.store import Busy
from shared.wording import in_russian

log = structlog.get_logger()

BASE = "https://svoy.example/problems/"
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "1"
NOT_JSON = "Тело запроса — не JSON в UTF-8, или он слишком глубок."

TITLES = {
    400: "Запрос не разобрать",
    401: "Нужен действующий пропуск",
    403: "Нет права",
    404: "Не найдено",
    405: "Так здесь нельзя",
    409: "Противоречит тому, что есть",
    413: "Слишком большое тело запроса",
    415: "Такой вид содержимого не принимается",
    422: "Данные неверны",
    429: "Слишком часто",
    500: "Внутренняя ошибка",
    503: "Сейчас не могу, повторите",
}


_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    kind: {"description": what, "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
    for kind, what in (("4XX", "Отказ: что не так, где и что делать."), ("5XX", "Сейчас не получилось."))
}
"""What routers say of their refusals in the OpenAPI document (`include_router(…, responses=DOCUMENTED)`)."""


class Problem(Exception):
    """A refusal with its HTTP status and a slug that stays the same for ever."""

    def __init__(self, status: int, slug: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.extra = extra


def problem_body(status: int, slug: str, detail: str, **extra: Any) -> bytes:
    """The JSON of a problem."""
    body = {"type": BASE + slug, "title": TITLES.get(status, "Ошибка"), "status": status, "detail": detail} | extra
    return json.dumps(body, ensure_ascii=False, default=str).encode()


def problem_response(status: int, slug: str, detail: str, **extra: Any) -> Response:
    """The response of a problem; 503 and 429 say when to come again (`retry_after`, seconds), 401 how to
    authenticate."""
    headers = {}
    if status in {429, 503}:
        headers["Retry-After"] = str(extra.get("retry_after", RETRY_AFTER))
    if status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = "Bearer"
    return Response(problem_body(status, slug, detail, **extra), status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of `app` that is foreseen as a problem."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, error: Problem) -> Response:
        return problem_response(error.status, error.slug, error.detail, **error.extra)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> Response:
        return _validation(error)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> Response:
        if isinstance(error.__cause__, Problem):
            # FastAPI wraps what is raised while a body is read.
            return await _problem(_, error.__cause__)
        return _said_by_framework(error)

    @app.exception_handler(Busy)
    async def _busy(_: Request, __: Busy) -> Response:
        return problem_response(503, "busy", "Слишком много одновременных изменений; повторите запрос.")

    @app.exception_handler(PyMongoError)
    async def _database(_: Request, error: PyMongoError) -> Response:
        log.error("database failed", action="http.database", error=repr(error))
        return problem_response(503, "database-unavailable", "База данных не отвечает; повторите запрос.")


def unexpected(error: Exception) -> Response:
    """The answer to a bug, which goes to the log; or to a refusal made before the app itself was reached."""
    if isinstance(error, Problem):
        return problem_response(error.status, error.slug, error.detail, **error.extra)
    log.error("unexpected", action="http.unexpected", exc_info=error)
    return problem_response(500, "internal", "Запрос не выполнен из-за ошибки в программе; она записана.")


def map_errors(app: FastAPI, mapping: Mapping[type[Exception], tuple[int, str]]) -> None:
    """Answer each kind of domain error with its status and slug; its text is the detail, its public attributes
    stand beside it."""

    for kind, (status, slug) in mapping.items():

        async def answer(_: Request, error: Exception, status: int = status, slug: str = slug) -> Response:
            extra = {name: value for name, value in vars(error).items() if not name.startswith("_")}
            return problem_response(status, slug, str(error) or (error.__doc__ or "").strip(), **extra)

        app.add_exception_handler(kind, answer)


def _said_by_framework(error: HTTPException) -> Response:
    status = error.status_code
    if status == 400:  # noqa: PLR2004 - what FastAPI makes of a body that is no text, too deep, of numbers too long
        return problem_response(status, "not-json", NOT_JSON)
    if status == 405:  # noqa: PLR2004
        allowed = (error.headers or {}).get("Allow", "")
        return problem_response(status, "http-405", f"По этому адресу принимается только {allowed}; см. /docs.")
    if status == 404:  # noqa: PLR2004
        return problem_response(status, "http-404", "Такого адреса нет; какие есть, сказано в /docs.")
    return problem_response(status, f"http-{status}", str(error.detail))


def _validation(error: RequestValidationError) -> Response:
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem_response(400, "not-json", NOT_JSON)
    errors = [{"field": _field(fault["loc"]), "message": in_russian(fault)} for fault in faults]
    first = "; ".join(f"{fault['field']}: {fault['message']}" for fault in errors[:5])
    return problem_response(422, "invalid", first, errors=errors)


def _field(location: tuple[int | str, ...]) -> str:
    inner = location[1:] if location and location[0] in {"body", "query", "path", "header"} else location
    return ".".join(map(str, inner)) or "body"
