"""README's picture of the house is the topology, and its commands are there."""

import re

from deploy.cli import app
from deploy.local.home import PROJECT
from shared.messaging.topology import LISTENS, PUBLISHES, SERVICES
from tests.deploy.test_russian import paths

README = (PROJECT / "README.md").read_text(encoding="utf-8")
ABOVE, _, BELOW = README.partition("══ RabbitMQ")


def families(types: tuple[str, ...]) -> set[str]:
    return {name.partition(".")[0] for name in types}


def columns(rows: list[str], starts: list[int]) -> list[set[str]]:
    """The families of events named below each start, up to the next."""
    ends = [*starts[1:], 200]
    return [
        families(tuple(re.findall(r"[a-z_.]+", " ".join(row[start:end] for row in rows))))
        for start, end in zip(starts, ends, strict=True)
    ]


def test_the_picture_shows_who_says_and_hears_what() -> None:
    said = ABOVE[ABOVE.rindex("└────┬────┘      └") :].splitlines()[1:-1]
    starts = [found.start() for found in re.finditer("│", said[0])]
    assert dict(zip(SERVICES, columns(said, starts), strict=True)) == {
        service: set(names) for service, names in PUBLISHES.items()
    }
    heard = BELOW[: BELOW.index("each service:")].splitlines()[1:]
    starts = [found.start() for found in re.finditer("▲", heard[0])]
    assert dict(zip(SERVICES, columns(heard, starts), strict=True)) == {
        service: families(types) for service, types in LISTENS.items()
    }


def test_every_command_it_names_is_there() -> None:
    named = {tuple(found.split()) for found in re.findall(r"svoy ((?:[a-z]+ ?)+)", README)}
    known = set(paths(app))
    groups = {path[0] for path in known if len(path) > 1}
    for words in named - {()}:
        path = words[:2] if words[0] in groups and len(words) > 1 else words[:1]
        assert path in known, f"svoy {' '.join(words)}"
    assert len(named) > 10
