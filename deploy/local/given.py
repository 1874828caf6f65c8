"""What the user gives through the environment, checked before anything is done with it. All raise `HouseError`, which
never repeats what was given: passwords stand in it."""

import os
from collections.abc import Collection
from datetime import timedelta
from urllib.parse import urlsplit

from joserfc.errors import JoseError

from deploy.local.errors import HouseError
from deploy.tokens import sign

MODES = ("development", "production")


def amqp_url() -> str | None:
    """`SVOY_AMQP_URL`: the user's own broker."""
    return _address("SVOY_AMQP_URL", {"amqp", "amqps"}, "amqp://пользователь:пароль@узел:5672/vhost")


def mongo_url() -> str | None:
    """`SVOY_MONGO_URL`: the user's own database server."""
    return _address("SVOY_MONGO_URL", {"mongodb", "mongodb+srv"}, "mongodb://пользователь:пароль@узел:27017")


def private_key() -> str | None:
    """`SVOY_JWT_PRIVATE_KEY`: what passes are signed with."""
    given = os.environ.get("SVOY_JWT_PRIVATE_KEY")
    if not given:
        return None
    try:
        sign(given, "anybody", [], timedelta())
    except (ValueError, TypeError, KeyError, AttributeError, JoseError):
        raise HouseError(
            "SVOY_JWT_PRIVATE_KEY: это не закрытый ключ Ed25519 в виде JWK (JSON). Новый делает svoy secrets."
        ) from None
    return given


def mode() -> str:
    """`SVOY_MODE`; on this machine development where nothing else is said."""
    given = os.environ.get("SVOY_MODE") or MODES[0]
    if given not in MODES:
        raise HouseError(f"SVOY_MODE: бывает {' или '.join(MODES)}, а не «{given}».")
    return given


def _address(name: str, schemes: Collection[str], example: str) -> str | None:
    given = os.environ.get(name)
    if not given:
        return None
    try:
        parts = urlsplit(given)
        good = parts.scheme in schemes and bool(parts.netloc)
        if "," not in parts.netloc:
            good = good and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise HouseError(f"{name}: это не адрес сервера. Нужен такой: {example}.")
    return given
