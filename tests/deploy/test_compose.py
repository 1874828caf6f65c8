"""docker-compose.yml: complete, confined, without a secret of its own, and in step with the rest of the project."""

import base64
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import dotenv
import pytest
import yaml
from joserfc.jwk import OKPKey

from deploy.docker.setup import broker_passwords, set_up
from deploy.local.rights import ADMIN
from deploy.secrets import SECTIONS, fresh, secrets, written
from shared.messaging.topology import SERVICES, definitions
from shared.settings import PORTS, ServiceSettings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
HOUSE: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [*SERVICES, "setup"]
PRIVATE_KEY = "SVOY_JWT_PRIVATE_KEY"
VARIABLES = {variable.name: variable for variables in SECTIONS.values() for variable in variables}


def environment(service: str) -> dict[str, str]:
    return dict(HOUSE[service]["environment"])


def variables_in(text: str) -> dict[str, set[str]]:
    """What compose asks `.env` for, with what follows each name: `:-default`, `:?message` or nothing."""
    found: dict[str, set[str]] = {}
    for name, rest in re.findall(r"\$\{(\w+)([^}]*)\}", text):
        found.setdefault(name, set()).add(rest)
    return found


def test_every_service_and_every_port_is_there() -> None:
    for service in SERVICES:
        own = HOUSE[service]
        assert own["command"] == ["python", "-m", f"services.{service}"]
        assert environment(service)["SVOY_HTTP_PORT"] == str(PORTS[service])
        assert own["ports"] == [f"${{SVOY_BIND:-127.0.0.1}}:{PORTS[service]}:{PORTS[service]}"]


def test_a_service_is_told_its_own_addresses_and_nobody_elses() -> None:
    for service in SERVICES:
        upper = service.upper()
        assert environment(service)["SVOY_AMQP_URL"] == (
            f"amqp://{service}:${{SVOY_BROKER_PASSWORD_{upper}}}@rabbitmq:5672/svoy"
        )
        assert environment(service)["SVOY_MONGO_URL"] == (
            f"mongodb://svoy_{service}:${{SVOY_MONGO_PASSWORD_{upper}}}@mongo:27017/svoy_{service}"
        )
        told = variables_in(json.dumps(HOUSE[service]))
        others = [other for other in SERVICES if other != service]
        assert not [name for name in told if any(name.endswith(f"PASSWORD_{other.upper()}") for other in others)]


def settings_of(service: str) -> type[ServiceSettings]:
    module = importlib.import_module(f"services.{service}.settings")
    kinds = {kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, ServiceSettings)}
    return max(kinds, key=lambda kind: len(kind.__mro__))


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_can_start_with_what_it_is_told(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {name: variable.usual for name, variable in VARIABLES.items()} | fresh()
    for name, text in environment(service).items():
        monkeypatch.setenv(name, re.sub(r"\$\{(\w+)[^}]*\}", lambda found: values[found[1]], text))
    settings = settings_of(service)()
    assert settings.mode == "production"
    assert settings.http_host == "0.0.0.0"  # noqa: S104 - inside its container
    assert settings.http_port == PORTS[service]


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_stands_in_a_readme_and_every_setting_in_a_readme_is_one(service: str) -> None:
    settings = {f"SVOY_{name.upper()}" for name in settings_of(service).model_fields}
    own = "".join(page.read_text() for page in (ROOT / "services" / service).glob("*.md"))
    everybodys = (ROOT / "README.md").read_text()
    assert settings <= set(re.findall(r"SVOY_[A-Z_]+", own + everybodys))
    assert set(re.findall(r"SVOY_[A-Z_]+", own)) <= settings | set(VARIABLES)
    assert set(environment(service)) <= settings


def test_the_private_key_reaches_no_container() -> None:
    assert PRIVATE_KEY not in variables_in(TEXT)


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_confined(name: str) -> None:
    own = HOUSE[name]
    assert own["read_only"] is True
    assert own["cap_drop"] == ["ALL"]
    assert own["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in own
    assert re.search(r"^USER 10001:10001$", (ROOT / "deploy/docker/Dockerfile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in HOUSE if name != "setup"])
def test_what_runs_is_checked_and_comes_back(name: str) -> None:
    assert HOUSE[name]["healthcheck"]["test"]
    assert HOUSE[name]["restart"] == "unless-stopped"


def test_everything_is_published_on_one_address_which_is_this_machine_alone_by_default() -> None:
    ports = [port for own in HOUSE.values() for port in own.get("ports", [])]
    assert ports
    assert all(port.startswith("${SVOY_BIND:-127.0.0.1}:") for port in ports)


def test_images_are_of_a_fixed_version() -> None:
    images = {own["image"] for own in HOUSE.values()}
    assert all(image == "svoy:local" or re.fullmatch(r"[\w/-]+:v?\d+\.\d[\w.-]*", image) for image in images)


def test_the_set_up_runs_before_who_reads_what_it_writes() -> None:
    for reader in ("rabbitmq", "alertmanager"):
        assert HOUSE[reader]["depends_on"] == {"setup": {"condition": "service_completed_successfully"}}
    for service in SERVICES:
        waits = HOUSE[service]["depends_on"]
        assert waits == {server: {"condition": "service_healthy"} for server in ("rabbitmq", "mongo")}


def test_production_is_the_default_mode() -> None:
    assert variables_in(TEXT)["SVOY_MODE"] == {":-production"}
    assert ServiceSettings.model_fields["mode"].default == "production"


def test_no_secret_has_a_default_and_each_stops_compose_when_it_is_missing() -> None:
    asked = variables_in(TEXT)
    for name, variable in VARIABLES.items():
        ways = asked.get(name, set())
        if name == PRIVATE_KEY:
            assert not ways
        elif variable.secret and variable.needed:
            assert variable.usual == ""
            assert ways <= {"", f":?{name} is not set in .env"}, name
            assert ways != {""}, f"{name} is never demanded"
        else:
            assert ways == {f":-{variable.usual}"}, name


def test_the_table_names_what_compose_asks_for_and_nothing_else() -> None:
    assert set(variables_in(TEXT)) | {PRIVATE_KEY} == set(VARIABLES)


def test_the_example_is_the_table_with_every_secret_empty() -> None:
    assert (ROOT / ".env.example").read_text() == written({}), "make it anew from deploy.secrets.written"
    values = dotenv.dotenv_values(ROOT / ".env.example")
    assert {name for name, value in values.items() if not value} >= {
        name for name, variable in VARIABLES.items() if variable.secret
    }


def test_secrets_are_complete_fresh_and_survive_being_read_back(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    read = []
    for turn in ("first", "second"):
        secrets()
        (tmp_path / turn).write_text(capsys.readouterr().out)
        read.append(dotenv.dotenv_values(tmp_path / turn))
    first, second = read
    assert set(first) == set(VARIABLES)
    for name in (name for name, variable in VARIABLES.items() if variable.secret):
        assert first[name]
        assert first[name] != second[name]


def test_passwords_can_stand_in_an_address() -> None:
    for name, value in fresh().items():
        if "PASSWORD" in name:
            assert re.fullmatch(r"[\w-]{24,}", value), name


def test_the_keys_are_a_pair() -> None:
    made = fresh()
    public, private = (json.loads(made[f"SVOY_JWT_{half}_KEY"]) for half in ("PUBLIC", "PRIVATE"))
    assert "d" not in public
    assert OKPKey.import_key(private).as_dict(private=False) == OKPKey.import_key(public).as_dict(private=False)


def test_the_database_makes_a_user_for_every_service() -> None:
    told = environment("mongo")
    assert {name for name in told if name.startswith("SVOY_")} == {
        f"SVOY_MONGO_PASSWORD_{service.upper()}" for service in SERVICES
    }


def test_the_set_up_writes_users_rights_and_topology(tmp_path: Path) -> None:
    (tmp_path / "rabbitmq").mkdir()
    (tmp_path / "alertmanager").mkdir()
    made = fresh()
    rabbitmq, alertmanager = set_up(made, tmp_path)
    told = json.loads(rabbitmq.read_text())
    assert {user["name"] for user in told["users"]} == {ADMIN, *SERVICES}
    for user in told["users"]:
        password = broker_passwords(made)[user["name"]]
        salted = base64.b64decode(user["password_hash"])
        assert salted[4:] == sha256(salted[:4] + password.encode()).digest()
    assert told["queues"] == definitions("svoy")["queues"]
    assert json.loads(alertmanager.read_text())["receivers"]
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["alertmanager.yml", "definitions.json"]


@pytest.mark.parametrize("name", ["SVOY_BROKER_ADMIN_PASSWORD", "SVOY_BROKER_PASSWORD_PAYROLL"])
def test_the_set_up_writes_nothing_without_every_password(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=f"Не задано: {name}"):
        set_up(fresh() | {name: ""}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_set_up_reads_its_environment_as_compose_gives_it() -> None:
    assert set(broker_passwords(fresh())) == {ADMIN, *SERVICES}
    told = {name for name in environment("setup") if "BROKER" in name}
    assert told == {name for name in fresh() if "BROKER" in name}


@contextmanager
def something_that_answers(status: int) -> Iterator[int]:
    """A server on this machine that answers every question with `status`; yields its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(self.path.encode())

        def log_message(self, *_: object) -> None:
            """Nothing on standard error."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def healthy(port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *HOUSE["intake"]["healthcheck"]["test"][2:]],
        env={**os.environ, "SVOY_HTTP_PORT": str(port)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_tells_what_the_service_says(status: int, code: int) -> None:
    with something_that_answers(status) as port:
        done = healthy(port)
    assert (done.returncode, done.stdout) == (code, "/health/ready\n")


def test_the_health_check_fails_where_nobody_answers() -> None:
    with something_that_answers(200) as port:
        pass
    assert healthy(port).returncode == 1
