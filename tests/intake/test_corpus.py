"""The corpus of letters: each is read as it was written."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.intake.channels import email, quotes
from tests.intake.corpus import generate

EXPECTED: dict[str, dict[str, Any]] = json.loads((generate.FOLDER / "expected.json").read_text(encoding="utf-8"))


def path(name: str) -> Path:
    """Where a letter lies."""
    return generate.FOLDER / "letters" / f"{name}.eml"


@pytest.mark.parametrize("name", EXPECTED)
def test_a_letter_of_the_corpus_is_read_as_it_was_written(name: str) -> None:
    read = email.read(path(name).read_bytes())
    found = {
        "sender": read.sender,
        "sender_name": read.sender_name,
        "subject": read.subject,
        "text": read.text,
        "said": quotes.said(read.text),
        "attachments": [one.name for one in read.attachments],
        "inline": [one.inline for one in read.attachments],
        "origin": read.origin,
    }
    assert found == EXPECTED[name]


def test_the_corpus_is_large_and_is_what_the_generator_writes() -> None:
    assert len(EXPECTED) >= 120
    assert {name: (raw, read) for name, raw, read in generate.letters()} == {
        name: (path(name).read_bytes(), read) for name, read in EXPECTED.items()
    }
