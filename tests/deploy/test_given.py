"""What the user gives is checked before anything is started with it, and never repeated: passwords stand in it."""

from pathlib import Path

import pytest

from deploy.local import given
from deploy.local.errors import HouseError
from deploy.local.home import Home
from deploy.tokens import new_key, public_key


def test_addresses_of_servers_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert given.amqp_url() is None
    monkeypatch.setenv("SVOY_AMQP_URL", "amqps://u:p%40@mq:5671/v")
    monkeypatch.setenv("SVOY_MONGO_URL", "mongodb://u:p@a:1,b:2/x?replicaSet=r")
    assert (given.amqp_url(), given.mongo_url()) == ("amqps://u:p%40@mq:5671/v", "mongodb://u:p@a:1,b:2/x?replicaSet=r")


@pytest.mark.parametrize("wrong", ["secret", "http://u:secret@mq", "amqp:///v", "amqp://u:secret@mq:port/v"])
def test_what_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    for name, taken in (("SVOY_AMQP_URL", given.amqp_url), ("SVOY_MONGO_URL", given.mongo_url)):
        monkeypatch.setenv(name, wrong)
        with pytest.raises(HouseError, match=name) as refused:
            taken()
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "wrong",
    ["secret", "1", "[]", '{"kty": "RSA"}', '{"kty": "OKP", "crv": "Ed25519", "x": "?"}', public_key(new_key())],
)
def test_what_is_no_key_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("SVOY_JWT_PRIVATE_KEY", wrong)
    with pytest.raises(HouseError, match="SVOY_JWT_PRIVATE_KEY"):
        given.private_key()


def test_a_key_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    key = new_key()
    monkeypatch.setenv("SVOY_JWT_PRIVATE_KEY", key)
    assert given.private_key() == key


def test_a_mode_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert given.mode() == "development"
    monkeypatch.setenv("SVOY_MODE", "test")
    with pytest.raises(HouseError, match="SVOY_MODE"):
        given.mode()


def test_a_data_folder_that_cannot_be_one_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("SVOY_HOME", str(file))
    with pytest.raises(HouseError, match="SVOY_HOME"):
        Home.usual()
    with pytest.raises(HouseError, match="SVOY_HOME"):
        Home(file / "below").make()
