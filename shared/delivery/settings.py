"""What a service that writes to people outside has to know besides."""

from typing import Annotated

from pydantic import SecretStr, field_validator
from pydantic_settings import NoDecode
from standardwebhooks import Webhook

from shared.settings import ServiceSettings, server

SCHEMES = ("smtp", "smtps")


class DeliverySettings(ServiceSettings):
    """How letters and webhooks leave us. Without `smtp_url` no letter does; without `hook_secrets` no webhook."""

    smtp_url: SecretStr | None = None
    """`smtp://user:password@host:587` (STARTTLS where the server offers it) or `smtps://…:465`."""
    mail_from: str = "Svoy <svoy@localhost>"
    """The sender people see and answer to."""
    hook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """`whsec_…`, several with spaces between them while a key is being changed; all of them sign."""

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value().strip():
            return None
        if server(value.get_secret_value(), SCHEMES) is None:
            raise ValueError("нужен адрес smtp://пользователь:пароль@узел:587 или smtps://…:465")
        return value

    @field_validator("hook_secrets", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(value.split()) if isinstance(value, str) else value

    @field_validator("hook_secrets")
    @classmethod
    def _usable(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for secret in value:
            if not _signs(secret.get_secret_value()):
                raise ValueError("каждый ключ: whsec_ и base64, например из svoy secrets")
        return value


def _signs(secret: str) -> bool:
    try:
        Webhook(secret)
    except ValueError:
        return False
    return secret.startswith("whsec_")
