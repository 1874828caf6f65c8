"""A mail server outside, real, on this machine, and what it was given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope

from tests.kit import eventually


@dataclass
class Post:
    """A mail server; `answers` is what it says to the next letters, then it takes them."""

    answers: list[str] = field(default_factory=list)
    taken: list[EmailMessage] = field(default_factory=list)
    url: str = ""

    async def handle_DATA(self, _: Any, __: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        """The letters somebody got."""
        return [message for message in self.taken if message["To"] == address]

    async def letters(self, count: int, address: str) -> list[EmailMessage]:
        """At least so many letters to somebody, waited for."""
        return await eventually(lambda: found if len(found := self.to(address)) >= count else None)

    async def about(self, words: str, number: int = 1) -> EmailMessage:
        """The first letter, or the one of that number, whose subject has these words; waited for."""

        def found() -> list[EmailMessage]:
            return [message for message in self.taken if words in str(message["Subject"])][number - 1 :]

        return (await eventually(found))[0]


@asynccontextmanager
async def mail_server() -> AsyncIterator[Post]:
    """A mail server that runs until the block ends."""
    post, loop = Post(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(post, loop=loop, enable_SMTPUTF8=True), "127.0.0.1", 0)
    post.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield post
    finally:
        server.close()
