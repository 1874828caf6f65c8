"""What the telephony doors need to know: secrets, two of each while one is replaced, and who may knock how often."""

import json
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode
from standardwebhooks import Webhook

from services.intake.door_settings import Networks, Secrets, long_enough
from shared.settings import ServiceSettings

SECRETS = ("webhook_secret", "mango_api_key", "mango_api_salt", "megafon_tokens", "zadarma_secrets", "uis_tokens")


def _object(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise ValueError('нужен JSON «менеджер: имя в АТС», например {"vera": "ivanova"}')
    return found


class TelephonySettings(ServiceSettings):
    """A door without its secret answers 503; an empty list of addresses lets every address knock. In production a
    secret of less than sixteen characters refuses to start."""

    webhook_secret: Secrets = ()
    """`whsec_…`: what the generic telephony signs its webhooks with (Standard Webhooks)."""
    mango_api_key: Secrets = ()
    """Mango Office's code of the VPBX (`vpbx_api_key`)."""
    mango_api_salt: Secrets = ()
    """Mango Office's key for the signature."""
    megafon_tokens: Secrets = ()
    """`crm_token` of MegaFon VATS."""
    megafon_users: Annotated[dict[str, str], NoDecode, BeforeValidator(_object)] = Field(default_factory=dict)
    """Manager's id → login in the VATS (JSON), for the `responsible` of the answer to `contact`."""
    zadarma_secrets: Secrets = ()
    """API secret of Zadarma / Novofon."""
    uis_tokens: Secrets = ()
    """The secret part of the address UIS / CoMagic posts to."""
    generic_addresses: Networks = ()
    mango_addresses: Networks = ()
    megafon_addresses: Networks = ()
    zadarma_addresses: Networks = ()
    uis_addresses: Networks = ()
    """Networks a provider may knock from, with commas: `81.88.80.0/20,10.0.0.1`."""
    webhooks_per_second: float = Field(default=500, gt=0)
    """How many webhooks a second one provider may send, on average; more are answered 429 with `Retry-After`."""
    webhooks_burst: int = Field(default=5_000, gt=0)
    """How many may come at once."""
    webhooks_in_flight: int = Field(default=4_000, ge=1)
    """How many webhooks may be on their way into the database; above it the answer is 503."""
    sweep_calls_every_seconds: float = Field(default=30, gt=0)
    """How often calls are looked for that never ended."""
    sweep_webhooks_every_seconds: float = Field(default=5, gt=0)
    """How often webhooks are looked for that a crash left waiting."""

    @field_validator("webhook_secret")
    @classmethod
    def _signs(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for one in value:
            try:
                Webhook(one.get_secret_value())
            except Exception as error:
                raise ValueError("каждый ключ: whsec_ и base64, например из svoy secrets") from error
        return value

    @model_validator(mode="after")
    def _hard_to_guess(self) -> "TelephonySettings":
        long_enough(self, SECRETS)
        return self
