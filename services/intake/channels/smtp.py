"""Letters by SMTP: listened for behind the company's mail server, for our own addresses alone.

With a certificate STARTTLS is offered. No more than so many connections are open at once: a letter waits in memory.
"""

import asyncio
from collections.abc import Callable
from ssl import Purpose, SSLContext, create_default_context
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.intake.mail_domains import untagged
from services.intake.mail_settings import MailSettings
from services.intake.post import PostOffice

log = structlog.get_logger()

SIZE_LIMIT = 10_000_000
"""Bytes of a letter."""
RECIPIENTS_LIMIT = 50
SILENCE = 60
"""Seconds a connection may say nothing."""
LONGEST_LINE = 1_000_000
"""Bytes; RFC 5321 says 998, and programs that never heard of it write whole letters in one line."""


class Listener:
    """What is done with a letter: it is accepted once it is kept."""

    def __init__(self, office: PostOffice) -> None:
        self._office = office

    async def handle_RCPT(  # noqa: N802 - the library's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Only our addresses, with a `+tag` or without."""
        del server, session, options
        if untagged(address.lower()) not in self._office.settings.mail_addresses:
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

    async def handle_exception(self, error: Exception) -> str:
        """Whatever went wrong, the sender keeps the letter and tries again; what it was is nobody's business."""
        log.error("smtp failed", action="smtp.failed", exc_info=error)
        return "451 4.3.0 Try again later"


class _Connection(SMTP):
    """A connection that is counted while it is open."""

    line_length_limit = LONGEST_LINE

    def __init__(self, connections: "set[_Connection]", *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        super().connection_lost(error)


class _Full(asyncio.Protocol):
    """One connection too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
        transport.close()


async def listen(office: PostOffice) -> None:
    """For ever: take letters."""
    settings = office.settings
    server = await asyncio.get_running_loop().create_server(
        _connections(office), settings.smtp_host, settings.smtp_port
    )
    async with server:
        await server.serve_forever()


def _connections(office: PostOffice) -> Callable[[], asyncio.Protocol]:
    loop, certificate, connections = asyncio.get_running_loop(), _certificate(office.settings), set[_Connection]()

    def connection() -> asyncio.Protocol:
        if len(connections) >= office.settings.smtp_connections:
            log.warning("smtp connection refused", action="smtp.full")
            return _Full()
        return _Connection(
            connections, Listener(office), data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True, timeout=SILENCE,
            hostname="svoy", ident="svoy", loop=loop, tls_context=certificate,
        )  # fmt: skip

    return connection


def _certificate(settings: MailSettings) -> SSLContext | None:
    if settings.smtp_certificate is None:
        return None
    context = create_default_context(Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.smtp_certificate, settings.smtp_certificate_key)
    return context
