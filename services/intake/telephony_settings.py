"""What the telephony doors need to know: secrets, two of each while one is replaced, and who may knock."""

from ipaddress import ip_network
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from shared.settings import ServiceSettings


def _listed(value: object) -> object:
    """A text of values with commas between them as a tuple."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _networks(value: object) -> object:
    listed = _listed(value)
    for one in listed if isinstance(listed, tuple) else ():
        ip_network(str(one), strict=False)
    return listed


Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_listed), Field(max_length=2)]
Networks = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_networks)]


class TelephonySettings(ServiceSettings):
    """A door without its secret answers 503; an empty list of addresses lets every address knock."""

    megafon_tokens: Secrets = ()
    """`crm_token` of MegaFon VATS; two, with a comma, while one is replaced."""
    megafon_users: dict[str, str] = Field(default_factory=dict)
    """Manager's id → login in the VATS (JSON), for the `responsible` of the answer to `contact`."""
    zadarma_secrets: Secrets = ()
    """API secret of Zadarma / Novofon; two, with a comma, while one is replaced."""
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
    sweep_calls_every_seconds: float = Field(default=30, gt=0)
    """How often calls are looked for that never ended."""
