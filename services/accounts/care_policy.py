"""Reads the policy file of manual-work debt and fans, and refuses one that does not hold together."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, create_model

from services.accounts.domain import care_policy
from services.accounts.domain.care_policy import CarePolicy
from shared.wording import in_russian

Points = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
Days = Annotated[int, Field(ge=0, le=3650)]
PARTS = {
    "open": care_policy.OpenWeights,
    "signals": care_policy.SignalWeights,
    "windows": care_policy.Windows,
    "bands": care_policy.Bands,
    "loss": care_policy.Loss,
    "fans": care_policy.Fans,
}


class BadPolicy(ValueError):
    """The policy file cannot be used: what is wrong, and where, in Russian."""


OURS = "образец: services/accounts/care_policy.toml"


def load(path: Path | None = None) -> CarePolicy:
    """The policy in `path`, or ours. Raises `BadPolicy`."""
    source = path or files("services.accounts").joinpath("care_policy.toml")
    try:
        return parsed(tomllib.loads(source.read_text("utf-8")))
    except OSError:
        raise BadPolicy(f"файл {source} не прочитать: его нет, или нет прав на него; {OURS}") from None
    except UnicodeDecodeError:
        raise BadPolicy(f"файл {source} не в UTF-8; {OURS}") from None
    except tomllib.TOMLDecodeError as error:
        raise BadPolicy(f"файл {source} — не TOML ({error}); {OURS}") from None


def parsed(raw: dict[str, Any]) -> CarePolicy:
    """The policy `raw` holds: every value there, no others. Raises `BadPolicy`."""
    try:
        found = _WHOLE.validate_python(raw).model_dump()
        return CarePolicy(version=found["version"], **{name: kind(**found[name]) for name, kind in PARTS.items()})
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise BadPolicy("; ".join(f"{'.'.join(map(str, e['loc']))}: {in_russian(e)}" for e in faults)) from None
    except ValueError as error:
        raise BadPolicy(str(error)) from None


def _shape(kind: type) -> Any:
    fields: dict[str, Any] = {
        name: (Days if hint is int else Points, ...) for name, hint in get_type_hints(kind).items()
    }
    return create_model(kind.__name__, __config__=ConfigDict(extra="forbid"), **fields)


_FIELDS: dict[str, Any] = {name: (_shape(kind), ...) for name, kind in PARTS.items()}
_WHOLE: TypeAdapter[Any] = TypeAdapter(
    create_model(
        "CarePolicyFile",
        __config__=ConfigDict(extra="forbid"),
        version=(Annotated[str, Field(min_length=1, max_length=50)], ...),
        **_FIELDS,
    )
)
