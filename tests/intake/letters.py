"""Letters to us, and what is done with the letters we send."""

import re
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from typing import Any

from shared.clock import machine_now
from shared.contracts.routing import WorkFinished
from tests.intake.conftest import Doors
from tests.intake.samples import MAIL, PUBLIC
from tests.kit import publish
from tests.mail_server import Post


def a_letter(text: str, subject: str = "Отчёт", sender: str = MAIL, **headers: str) -> bytes:
    """A letter to us."""
    message = EmailMessage(policy=WIRE)
    message["From"] = sender
    message["To"] = "help@svoy.example"
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def done(request_id: str, round_: int = 1) -> WorkFinished:
    """A specialist calls it done."""
    return WorkFinished(
        at=machine_now(), request_id=request_id, priority="urgent", round=round_, specialist_id="s1", note="Готово"
    )


async def pressed(doors: Doors, letter: EmailMessage, solved: str, words: str = "") -> Any:
    """The answer to the button behind a link of the letter."""
    (link,) = re.findall(rf"{PUBLIC}(\S+)\?solved={solved}", letter.get_content())
    return await doors.http.post(link, data={"solved": solved, "words": words})


async def finished(post: Doors, outside: Post) -> tuple[str, EmailMessage]:
    """A request called finished, and its closing letter."""
    first = (await post.letter(a_letter("Не проходит отчёт"))).json()
    await outside.about(first["number"])
    event = done(first["request_id"])
    await publish(post.amqp_url, event, event)
    return first["request_id"], await outside.about(first["number"], 2)
