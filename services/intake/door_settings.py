"""What settings of doors are made of: secrets, two while one is replaced by the other, and networks."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from shared.settings import ServiceSettings, network

SHORTEST = 16
"""Characters; what providers make is twice as long."""


def listed(value: object) -> object:
    """A text of values with commas or spaces between them as a tuple."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


Secrets = Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(listed), Field(max_length=2)]


def _networks(value: object) -> object:
    networks = listed(value)
    for one in networks if isinstance(networks, tuple) else ():
        network(str(one))
    return networks


Networks = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_networks)]


def long_enough(settings: ServiceSettings, names: Iterable[str]) -> None:
    """Raises `ValueError` naming the settings whose secrets anybody might guess: in production alone."""
    short = [
        f"SVOY_{name.upper()}"
        for name in names
        if any(len(secret.get_secret_value().removeprefix("whsec_")) < SHORTEST for secret in getattr(settings, name))
    ]
    if short and settings.mode == "production":
        raise ValueError(
            f"{', '.join(short)}: короче {SHORTEST} знаков, такой секрет легко угадать; возьмите длиннее: свои "
            "печатает svoy secrets, чужие выдаёт кабинет телефонии или почты"
        )
