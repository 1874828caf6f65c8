"""Letters no person asks anything in: recognised, kept, opening and answering nothing; and what only looks so."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.intake.channels import email
from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from tests.conftest import SettingsFor
from tests.intake.conftest import Doors
from tests.intake.corpus import generate, generate_unasked
from tests.kit import listening, serving

EXPECTED: dict[str, dict[str, Any]] = json.loads((generate.FOLDER / "unasked.json").read_text(encoding="utf-8"))


def raw(name: str) -> bytes:
    """The letter as it lies there."""
    return Path(generate.FOLDER, "unasked", f"{name}.eml").read_bytes()


@pytest.mark.parametrize("name", EXPECTED)
def test_who_or_what_wrote_a_letter_is_recognised(name: str) -> None:
    read = email.read(raw(name))
    found = {"origin": read.origin, "answerable": read.answerable, "sender": read.sender, "subject": read.subject}
    assert found == {key: EXPECTED[name][key] for key in found}


def test_the_corpus_is_what_the_generator_writes() -> None:
    written = {name: (letter, read) for name, letter, read in generate_unasked.letters()}
    assert written == {name: (raw(name), read) for name, read in EXPECTED.items()}
    kinds = [read["kind"] for read in EXPECTED.values()]
    assert {kind: kinds.count(kind) >= 3 for kind in kinds} == dict.fromkeys(kinds, True)


@pytest.fixture
async def post(settings_for: SettingsFor) -> AsyncIterator[Doors]:
    """Intake with a way out for letters, which leads nowhere: what is to go out stays to be seen."""
    settings = settings_for(
        IntakeSettings,
        smtp_url="smtp://127.0.0.1:1",
        mail_from="Svoy <help@svoy.example>",
        mail_addresses="help@svoy.example",
        acknowledge_per_hour=1_000,
    )
    app, url = build_app(settings), settings.amqp_url.get_secret_value()
    async with listening(url, "request.#", "message.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, url)


async def test_each_letter_becomes_what_it_should_and_only_people_are_answered(post: Doors) -> None:
    became = {}
    for name in EXPECTED:
        answer = (await post.letter(raw(name))).json()
        became[name] = answer["kind"]
        assert (await post.get(f"/v1/emails/{answer['message_id']}/raw")).content == raw(name)
    assert became == {name: read["kind"] for name, read in EXPECTED.items()}
    people = [name for name, read in EXPECTED.items() if read["kind"] == "request" and read["answerable"]]
    assert await post.app.state.post.deliveries.documents.count({}) == len(people) > 3
    assert await post.reception.store.requests.count({}) == list(became.values()).count("request")
    assert len(post.heard.of("request.followed_up")) == 0
