"""The policy as a file and HTTP have it, and the one routing is shipped with. They say `version`; documents cannot,
since theirs is the store's."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import msgspec

from services.routing.domain.policy import Policy, checked


def policy_of(fields: Mapping[str, Any]) -> Policy:
    """A policy as a file has it. Raises `msgspec.ValidationError`."""
    return msgspec.convert({"number" if name == "version" else name: value for name, value in fields.items()}, Policy)


def shown(policy: Policy) -> dict[str, Any]:
    """As a file has it."""
    fields: dict[str, Any] = msgspec.to_builtins(policy)
    return {"version": fields.pop("number")} | fields


def shipped() -> Policy:
    """`policy.toml`. Raises where it makes no sense, so that a service with a bad one does not start."""
    text = files("services.routing").joinpath("policy.toml").read_text(encoding="utf-8")
    return checked(policy_of(tomllib.loads(text)))
