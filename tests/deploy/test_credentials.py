"""The passwords and keys of a house."""

import json
import stat
from pathlib import Path

import pytest

from deploy.local.credentials import Credentials
from deploy.local.errors import HouseError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "credentials.json"


def test_they_are_readable_to_their_owner_alone(file: Path) -> None:
    Credentials.kept(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_they_are_made_once(file: Path) -> None:
    assert Credentials.kept(file) == Credentials.kept(file)


def test_each_house_has_its_own(tmp_path: Path) -> None:
    first, second = Credentials.kept(tmp_path / "a.json"), Credentials.kept(tmp_path / "b.json")
    assert first.jwt_private_key != second.jwt_private_key
    assert set(first.amqp.values()).isdisjoint(second.amqp.values())


def test_a_service_new_since_then_gets_a_password_and_the_others_keep_theirs(file: Path) -> None:
    before = Credentials.kept(file)
    old = json.loads(file.read_text())
    del old["amqp"]["payroll"]
    file.write_text(json.dumps(old))
    after = Credentials.kept(file)
    assert after.amqp["payroll"]
    assert after.amqp | {"payroll": ""} == before.amqp | {"payroll": ""}
    assert Credentials.kept(file) == after


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"amqp": {}}'])
def test_a_broken_file_is_said_to_be_broken_and_left_alone(file: Path, broken: str) -> None:
    file.write_text(broken)
    with pytest.raises(HouseError, match="повреждён"):
        Credentials.kept(file)
    assert file.read_text() == broken
