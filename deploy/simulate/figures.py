"""The figures a company is drawn from: assumed (company.toml), or measured and written down in the same way."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from annotated_types import Len
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.routing.domain.needs import product_key
from shared.contracts.base import Priority
from shared.wording import in_russian

ASSUMED = Path(__file__).with_name("company.toml")

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
"""TOML has numbers of its own: neither text nor true stands for one."""
Count = Annotated[int, Field(strict=True, ge=1, le=10_000)]
Share = Annotated[Number, Field(ge=0, le=1)]
Weight = Annotated[Number, Field(ge=0, le=1_000_000)]
Positive = Annotated[Number, Field(gt=0, le=1_000_000)]
ByLevel = Len(6, 6)
"""One figure for each level in the product, from 0 (does not know it) to 5."""


class BadFigures(ValueError):
    """The file says something no company can be; the argument says what and where."""


def _named(products: Mapping[str, tuple[float, float]]) -> Mapping[str, tuple[float, float]]:
    if not all(product_key(name) for name in products):
        raise ValueError("у каждого продукта должно быть название")
    return products


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Requests(_Table):
    """What comes, and when."""

    complex: Share
    spread: Annotated[Number, Field(ge=0, le=5)]
    weekdays: Annotated[tuple[Weight, ...], Len(7, 7)]
    hours: Annotated[tuple[Weight, ...], Len(24, 24)]
    month_end: Positive

    @model_validator(mode="after")
    def _sometimes(self) -> Self:
        if not sum(self.hours) or not sum(self.weekdays):
            raise ValueError("хотя бы в один час и в один день недели заявки должны приходить")
        return self


class Traits(_Table):
    """Of a specialist, each as mean and spread: shares of the works they do so with."""

    lost: tuple[Share, Share]
    postpones: tuple[Share, Share]
    lost_if_refused: tuple[Share, Share]
    sloppy: tuple[Share, Share]
    silent: tuple[Share, Share]


class Effort(_Table):
    """How the work goes."""

    times_as_long: Annotated[tuple[Positive, ...], ByLevel]
    refused: Annotated[tuple[Share, ...], ByLevel]
    complex_below_4: tuple[Positive, Share]
    handed_over: Share


class Minutes(_Table):
    """Until something happens."""

    verdict: Positive
    asked: Mapping[Priority, Positive]
    off: Mapping[Priority, Positive]

    @model_validator(mode="after")
    def _each(self) -> Self:
        _each_priority(self.asked, self.off)
        return self


class Figures(_Table):
    """The whole of it; what each means stands in company.toml."""

    specialists: Count
    clients: Count
    capacity: Count
    requests_a_day: Annotated[Number, Field(gt=0, le=100_000)]
    products: Annotated[Mapping[str, tuple[Positive, Positive]], Len(1), AfterValidator(_named)]
    subjects: Annotated[Mapping[str, tuple[Positive, Positive]], Len(1)]
    priorities: Mapping[Priority, Weight]
    requests: Requests
    specialist: Traits
    work: Effort
    minutes: Minutes

    @model_validator(mode="after")
    def _each(self) -> Self:
        _each_priority(self.priorities)
        if not sum(self.priorities.values()):
            raise ValueError("нужна доля больше нуля хотя бы у одной срочности")
        return self


def figures_of(path: Path) -> Figures:
    """What the file says. Raises `BadFigures` with a line for each thing that is missing or wrong."""
    try:
        return Figures.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFigures(f"это не TOML: {error}") from None
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, one['loc'])) or 'файл'}: {in_russian(one)}" for one in error.errors())
        raise BadFigures("\n  ".join(["неверно:", *faults])) from None


def _each_priority(*tables: Mapping[Priority, float]) -> None:
    for table in tables:
        if set(table) != {"urgent", "important", "routine"}:
            raise ValueError("нужны все три: urgent, important, routine")
