"""The policy routing is shipped with."""

import tomllib
from importlib.resources import files

import msgspec

from services.routing.domain.policy import Policy, checked


def shipped() -> Policy:
    """`policy.toml`. Raises where it makes no sense, so that a service with a bad one does not start."""
    text = files("services.routing").joinpath("policy.toml").read_text(encoding="utf-8")
    return checked(msgspec.convert(tomllib.loads(text), Policy))
