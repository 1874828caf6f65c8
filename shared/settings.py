"""Settings every service has, read from the environment (`SVOY_…`)."""

from collections.abc import Collection
from ipaddress import ip_network
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PORTS = {"desk": 8000, "intake": 8001, "routing": 8002, "sla_monitor": 8003, "accounts": 8004, "payroll": 8005}


def server(text: str, schemes: Collection[str]) -> SplitResult | None:
    """`text` taken apart where it is the address of a server, under one of `schemes`; else None."""
    try:
        parts = urlsplit(text)
        possible = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if possible else None


def _networks(value: object) -> object:
    return tuple(map(network, value.split())) if isinstance(value, str) else value


def network(text: str) -> str:
    """`text` as a network. Raises `ValueError`, in Russian, where it is none."""
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise ValueError(f"{text} — не адрес и не сеть, например 10.0.0.0/8") from None


class ServiceSettings(BaseSettings):
    """What a service needs to know to run. Secrets have no default: a service without them does not start."""

    model_config = SettingsConfigDict(env_prefix="SVOY_", extra="ignore", hide_input_in_errors=True, frozen=True)

    mode: Literal["production", "development"] = "production"
    """`development` allows the clock to be moved."""
    amqp_url: SecretStr
    """`amqp://user:password@host:5672/vhost`."""
    mongo_url: SecretStr
    """`mongodb://user:password@host:27017/database`; without a database `svoy_<service>` is taken."""
    jwt_public_key: SecretStr
    """The public Ed25519 key, as a JWK in JSON, that tokens of people and services are checked with."""
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65535, examples=[8001])
    """0 takes the service's usual port (intake 8001 … payroll 8005)."""
    proxy_addresses: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_networks)] = ("127.0.0.1/32",)
    """Networks of the proxies before us, spaces between: they alone are believed who knocks (`X-Forwarded-For`)."""
    company_zone: str = "Asia/Krasnoyarsk"
    """IANA zone in which the company's days, weeks and months are counted."""
    max_in_flight: int = Field(default=256, ge=1)
    """HTTP requests worked on at once; above it the answer is 503 with Retry-After."""
    prefetch: int = Field(default=128, ge=1)
    """Messages worked on at once."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "text"] = "json"

    @field_validator("amqp_url", "mongo_url", "jwt_public_key")
    @classmethod
    def _not_empty(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().strip():
            raise ValueError("не задано")
        return value
