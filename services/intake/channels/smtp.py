"""Letters by SMTP: listened for behind the company's mail server, for our own addresses alone."""

import asyncio
import re

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.intake.post import PostOffice

log = structlog.get_logger()

SIZE_LIMIT = 10_000_000
"""Bytes of a letter."""
RECIPIENTS_LIMIT = 50
SILENCE = 60
"""Seconds a connection may say nothing."""
_TAG = re.compile(r"\+[^@]*@")


class Listener:
    """What is done with a letter: it is accepted once it is kept."""

    def __init__(self, office: PostOffice) -> None:
        self._office = office

    async def handle_RCPT(  # noqa: N802 - the library's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Only our addresses, with a `+tag` or without."""
        del server, session, options
        if _TAG.sub("@", address.lower()) not in self._office.settings.mail_addresses:
            return "550 5.1.1 No such mailbox here"
        if len(envelope.rcpt_tos) >= RECIPIENTS_LIMIT:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Kept before it is accepted; a failure of ours is one to try again after."""
        del server, session
        content = envelope.content
        raw = content if isinstance(content, bytes) else (content or "").encode("utf-8", "replace")
        if envelope.mail_from in {None, "", "<>"}:
            raw = b"Return-Path: <>\r\n" + raw
        try:
            received = await self._office.receive(raw, "smtp")
        except Exception:  # whatever it was, the sender keeps the letter and tries again
            log.exception("letter not kept", action="smtp.failed")
            return "451 4.3.0 Not kept, try again later"
        return f"250 Kept as {received.mail.message_id}"


async def listen(office: PostOffice) -> None:
    """For ever: take letters."""
    loop, settings = asyncio.get_running_loop(), office.settings

    def connection() -> SMTP:
        return SMTP(
            Listener(office), data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True, timeout=SILENCE,
            hostname="svoy", ident="svoy", loop=loop,
        )  # fmt: skip

    server = await loop.create_server(connection, settings.smtp_host, settings.smtp_port)
    async with server:
        await server.serve_forever()
