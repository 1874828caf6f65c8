"""`/v1/emails`: raw letters, in and out."""

import asyncio
import re
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from services.intake import post
from services.intake.api.fields import Deps, Office, Postman, Reader, base_of
from services.intake.api.telephony import Calls, refusals_counted
from services.intake.api.views import MailView
from services.intake.api.views import Received as ReceivedView
from services.intake.channels import email, mailgun, quotes
from services.intake.domain.mails import Mail
from services.intake.domain.refusals import ForeignRequest, UnknownAttachment, UnknownMail
from services.intake.domain.requests import answer, within
from services.intake.reception import Reception
from shared.http.auth import Principal
from shared.http.problems import Problem

routes = APIRouter(prefix="/v1/emails", tags=["emails"])

LETTER = "message/rfc822"
PLAIN = {"application/pdf", "text/plain", "text/csv", "application/zip", LETTER}
SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
"""What a letter carries is never run."""

BODY = {"requestBody": {"required": True, "content": {LETTER: {"schema": {"type": "string", "format": "binary"}}}}}


@routes.post(
    "", status_code=201, response_model=ReceivedView, responses={200: {"model": ReceivedView}}, openapi_extra=BODY
)
async def receive(office: Office, who: Postman, request: Request) -> Response:
    """Take in a letter as it came, whatever its bytes. The same letter again answers 200 and the same body."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != LETTER:
        raise Problem(415, "not-a-letter", f"Content-Type: нужен {LETTER} и письмо целиком, как оно пришло.")
    raw = await request.body()
    if not raw:
        raise Problem(422, "empty-letter", "Письмо пустое.")
    return _taken(await office.receive(raw, who.subject))


@routes.post("/mailgun/mime", status_code=200, response_model=ReceivedView, openapi_extra=mailgun.FORM)
async def from_mailgun(office: Office, reception: Deps, telephony: Calls, request: Request) -> Response:
    """Mailgun's route for whole letters. The same letter again answers the same."""
    gate = telephony.gates[mailgun.PROVIDER]
    with refusals_counted(mailgun.PROVIDER):
        raw = reception.mailgun.letter(request.headers.get("content-type", ""), await gate.body(request))
        gate.count()
    return _taken(await office.receive(raw, mailgun.PROVIDER), 200)


@routes.get("/{message_id}")
async def one(reception: Deps, who: Reader, message_id: str) -> MailView:
    """What could be read of a letter."""
    mail, raw = await _visible(reception, who, message_id)
    text = (await asyncio.to_thread(email.read, raw)).text
    blocks = await asyncio.to_thread(quotes.folded, text)
    fields = {name: getattr(mail, name) for name in MailView.model_fields if name not in {"text", "blocks"}}
    return MailView.model_validate(fields | {"text": text, "blocks": blocks})


@routes.get("/{message_id}/raw")
async def raw_letter(reception: Deps, who: Reader, message_id: str) -> Response:
    """The letter as it came."""
    _, raw = await _visible(reception, who, message_id)
    return Response(raw, media_type=LETTER, headers=SAFE | _as_file(f"{message_id}.eml"))


@routes.get("/{message_id}/attachments/{number}")
async def attachment(reception: Deps, who: Reader, message_id: str, number: int) -> Response:
    """One attachment, numbered from 1 as the letter lists them."""
    mail, raw = await _visible(reception, who, message_id)
    listed = next((found for found in mail.attachments if found.number == number), None)
    content = await reception.store.attachments.get(f"{message_id}/{number}")
    if content is None:
        content = await asyncio.to_thread(email.attachment, raw, number)
    if listed is None or content is None:
        raise UnknownAttachment
    return Response(content, headers=SAFE | _as_file(listed.name) | {"Content-Type": _safe(listed.content_type)})


async def _visible(reception: Reception, who: Principal, message_id: str) -> tuple[Mail, bytes]:
    mail = await reception.store.mails.get(message_id)
    if mail is None:
        raise UnknownMail
    request, base = await post.request_of(reception, mail), await base_of(reception, who)
    if request is not None:
        within(request, base)
    elif base is not None and mail.client is not None and mail.client.client_id not in base:
        raise ForeignRequest("Это письмо клиента другого менеджера: он не из вашей базы.")
    return mail, await reception.store.letter(message_id)


def _taken(received: post.Received, status: int = 201) -> Response:
    told = {} if received.request is None else answer(received.request)
    body = ReceivedView.model_validate({"message_id": received.mail.message_id, "kind": received.mail.kind} | told)
    return Response(body.model_dump_json(), status if received.new else 200, media_type="application/json")


def _safe(content_type: str) -> str:
    """What a browser may be told; anything it might run is only bytes."""
    kind, _, inner = content_type.partition("/")
    shown = kind in {"image", "audio", "video"} and "svg" not in inner
    return content_type if shown or content_type in PLAIN else "application/octet-stream"


def _as_file(name: str) -> dict[str, str]:
    plain = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"}
