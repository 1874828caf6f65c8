"""Letters, by SMTP."""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from ssl import SSLError
from urllib.parse import unquote, urlsplit

import aiosmtplib

from shared.delivery.delivery import Delivery, Letter
from shared.delivery.failure import Failed

TIMEOUT = 30.0
PERMANENT = range(500, 600)
SUBJECT_LIMIT = 300


class Mail:
    """The company's outgoing mail server."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender
        self._domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"

    async def send(self, delivery: Delivery, letter: Letter) -> None:
        """Hand the letter to the server. Raises `Failed`."""
        try:
            message = self.compose(delivery, letter)
        except (ValueError, IndexError, MessageError) as error:
            raise Failed(f"letter cannot be written: {error}", _unwritten(letter), for_good=True) from None
        try:
            await aiosmtplib.send(
                message,
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._tls,
                timeout=TIMEOUT,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = {refused.code for refused in error.recipients}
            raise Failed(
                str(error),
                f"Почтовый сервер не принял адрес: {error}",
                for_good=all(code in PERMANENT for code in codes),
            ) from None
        except aiosmtplib.SMTPAuthenticationError as error:
            # A wrong password is mended on our side, and then the letter shall still go out.
            raise Failed(str(error), f"Почтовый сервер не принял наш пароль (SVOY_SMTP_URL): {error}") from None
        except aiosmtplib.SMTPResponseException as error:
            why = f"{error.code} {error.message}"
            raise Failed(why, f"Почтовый сервер не принял письмо: {why}", for_good=error.code in PERMANENT) from None
        except (aiosmtplib.SMTPException, SSLError, OSError, ValueError) as error:
            why = f"{type(error).__name__}: {error}"
            raise Failed(why, f"Почтовый сервер не отвечает: {why}") from None

    def compose(self, delivery: Delivery, letter: Letter) -> EmailMessage:
        """The letter as it goes over the wire. Raises `ValueError` for an address or a header that cannot be one."""
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = [_address(to) for to in letter.to]
        message["Subject"] = " ".join(letter.subject.split())[:SUBJECT_LIMIT]
        message["Date"] = format_datetime(delivery.created_at)
        message["Message-ID"] = self.message_id(delivery.delivery_id)
        for name, value in letter.headers.items():
            message[name] = value
        message.set_content(letter.text)
        return message

    def message_id(self, delivery_id: str) -> str:
        """The Message-ID of a delivery: what an answer to it names."""
        return f"<{delivery_id}@{self._domain}>"


def _unwritten(letter: Letter) -> str:
    return f"Письмо не составить: проверьте адрес ({', '.join(letter.to)}) и отправителя (SVOY_MAIL_FROM)"


def _address(text: str) -> Address:
    name, address = parseaddr(text)
    if "@" not in address.strip("@") or not text.isprintable():
        raise ValueError(f"{text!r} is no address")
    return Address(display_name=name, addr_spec=address)
