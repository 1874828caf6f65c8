"""Settings of mail: where it comes in, and what goes out by itself."""

from typing import Annotated

from pydantic import BeforeValidator, Field, FilePath, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from services.intake.door_settings import Networks, Secrets, long_enough
from shared.delivery import DeliverySettings
from shared.settings import server

CHAIN = "/etc/svoy/smtp.pem"


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _split(value: object) -> object:
    return tuple(value.lower().split()) if isinstance(value, str) else value


class MailSettings(DeliverySettings):
    """Mail in and out."""

    mail_addresses: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()
    """Our own addresses, with spaces between them: the SMTP listener takes letters for these alone, and a letter from
    one of them is our own."""
    smtp_port: int = Field(default=0, ge=0, le=65535, examples=[2525])
    """Where letters are listened for by SMTP; 0 for not at all."""
    smtp_host: str = "127.0.0.1"
    smtp_connections: int = Field(default=20, ge=1)
    """Connections by SMTP at once; one more is told to come again later."""
    smtp_certificate: Annotated[FilePath | None, BeforeValidator(_or_none)] = Field(default=None, examples=[CHAIN])
    """A chain in PEM: with it STARTTLS is offered."""
    smtp_certificate_key: Annotated[FilePath | None, BeforeValidator(_or_none)] = Field(default=None, examples=[CHAIN])
    """Its key in PEM, where it is not in the same file."""
    imap_url: Annotated[SecretStr | None, BeforeValidator(_or_none)] = None
    """`imaps://user:password@host:993/INBOX`: a mailbox to be read. Without it none is."""
    imap_every_seconds: float = Field(default=30, gt=0)
    mailgun_keys: Secrets = ()
    """Signing keys of Mailgun; two while one is being changed."""
    mailgun_addresses: Networks = ()
    """Networks Mailgun may knock from."""
    acknowledge_per_hour: int = Field(default=3, ge=0)
    """Automatic answers a sender gets in an hour; 0 for none."""
    public_url: str = ""
    """Where accountants reach intake from outside (`https://svoy.example.ru`): without it no closing letters go out."""

    answers_burst: int = Field(default=30, ge=1)
    """How often a source, and a third as often a link, may knock at the page behind closing letters at once."""
    answers_every_seconds: float = Field(default=2, gt=0)
    """And then one more every so often; 429 above."""

    @model_validator(mode="after")
    def _hard_to_guess_either(self) -> "MailSettings":
        long_enough(self, ("mailgun_keys",))
        return self

    @field_validator("imap_url")
    @classmethod
    def _imap(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = server(value.get_secret_value(), {"imap", "imaps"})
            if parts is None or not parts.username:
                raise ValueError("нужен адрес imaps://пользователь:пароль@узел:993/INBOX")
        return value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        if value and server(value, {"https", "http"}) is None:
            raise ValueError("нужен полный адрес, например https://svoy.example.ru")
        return value.rstrip("/")
