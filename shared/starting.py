"""The settings a service is started with: where they are wrong it says which and why, and never what they are."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import ValidationError
from pymongo.errors import ConfigurationError, InvalidURI
from pymongo.uri_parser import parse_uri

from shared.settings import ServiceSettings, server
from shared.wording import in_russian

Settings = TypeVar("Settings", bound=ServiceSettings)


def settings_from_environment(kind: type[Settings]) -> Settings:
    """The settings. Raises `SystemExit` with a line for each variable that is missing or wrong."""
    try:
        settings = kind()
    except ValidationError as error:
        raise _refused(_fault(kind, fault) for fault in error.errors(include_input=False)) from None
    wrong = [f"{_variable(name)}: {words}" for name, words in _unusable(settings)]
    if wrong:
        raise _refused(wrong)
    return settings


def _unusable(settings: ServiceSettings) -> Iterator[tuple[str, str]]:
    """What could be a value and is none that works."""
    for name, (check, words) in CHECKS.items():
        value = getattr(settings, name)
        try:
            good = check(value if isinstance(value, str) else value.get_secret_value())
        except (ValueError, TypeError, KeyError, JoseError, InvalidURI, ConfigurationError, ZoneInfoNotFoundError):
            good = False
        if not good:
            yield name, words


def _is_broker(text: str) -> bool:
    return server(text, {"amqp", "amqps"}) is not None


def _is_database(text: str) -> bool:
    return bool(parse_uri(text)["nodelist"])


def _is_public_key(text: str) -> bool:
    return not OKPKey.import_key(json.loads(text)).is_private


def _is_zone(text: str) -> bool:
    return bool(ZoneInfo(text).key)


CHECKS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "amqp_url": (_is_broker, "нужен адрес amqp://пользователь:пароль@узел:5672/vhost"),
    "mongo_url": (_is_database, "нужен адрес mongodb://пользователь:пароль@узел:27017/база"),
    "jwt_public_key": (_is_public_key, "нужен открытый ключ Ed25519 в виде JWK (JSON); новый делает svoy secrets"),
    "company_zone": (_is_zone, "нужен часовой пояс из базы IANA, например Asia/Krasnoyarsk"),
}


NOT_SET = "не задано"


def _refused(lines: Iterable[str]) -> SystemExit:
    return SystemExit("\n  ".join(["Служба не запускается, настройки неверны:", *lines]))


def _fault(kind: type[ServiceSettings], fault: Any) -> str:
    words = NOT_SET if fault["type"] == "missing" else in_russian(fault)
    if not fault["loc"]:
        return words
    name = fault["loc"][0]
    return f"{_variable(name)}: {words.rstrip('.')}{_example(kind, name, words)}"


def _example(kind: type[ServiceSettings], name: str, words: str) -> str:
    """A value that would do, where the words have none: the usual one, or what the setting itself names."""
    if words == NOT_SET:
        return f"; {CHECKS[name][1]}" if name in CHECKS else ""
    field = kind.model_fields[name]
    example = next(iter(field.examples or ()), field.default)
    has_one = "например" in words or "://" in words
    if has_one or not isinstance(example, str | int | float | Decimal) or example == "":
        return ""
    return f"; например {example}"


def _variable(name: str) -> str:
    return f"SVOY_{name.upper()}"
