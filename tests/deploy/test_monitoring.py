"""What Prometheus, Alertmanager and Grafana are told: valid, tested, and about metrics that exist."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from deploy.alertmanager.config import configuration
from deploy.grafana.dashboards import FOLDER, texts
from deploy.grafana.pictures import FOLDER as PICTURES
from deploy.grafana.pictures import pictures
from deploy.grafana.words import CLOCKS, PRIORITIES
from services.sla_monitor.metrics import NO_PRIORITY, PAIRS
from shared.contracts.base import Priority
from shared.messaging.topology import SERVICES
from shared.settings import PORTS
from tests.deploy import samples
from tests.deploy.prometheus_tools import run

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
OTHERS = {"up", "rabbitmq_queue_messages_ready", "rabbitmq_queue_messages_unacked"}
"""Metrics that are not our own."""


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def rules() -> Iterator[dict[str, Any]]:
    for path in RULES:
        for group in read(path)["groups"]:
            yield from group["rules"]


ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}
RECORDS: dict[str, str] = {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}
BOARDS: dict[str, dict[str, Any]] = {path.stem: json.loads(text) for path, text in texts().items()}
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board["panels"] if panel["type"] != "row"]
QUERIES = [
    pytest.param(target["expr"], target["legendFormat"], id=f"{name}: {panel['title']} {target['refId']}")
    for name, panel in PANELS
    for target in panel["targets"]
]


def names_in(expr: str) -> set[str]:
    """The metrics an expression speaks of."""
    return set(re.findall(r"\b(?:\w+:)?(?:svoy|rabbitmq)_\w+(?::\w+)?\b|\bup\b", expr))


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_rules_are_valid(path: Path) -> None:
    assert "SUCCESS" in run("promtool", "check", "rules", path)


def test_the_configuration_is_valid() -> None:
    assert "SUCCESS" in run("promtool", "check", "config", PROMETHEUS / "prometheus.yml")


def test_every_alert_is_seen_to_fire_and_seen_to_keep_silent() -> None:
    fires: set[str] = set()
    silent: set[str] = set()
    for path in RULE_TESTS:
        for test in read(path)["tests"]:
            for check in test.get("alert_rule_test", []):
                (fires if check.get("exp_alerts") else silent).add(check["alertname"])
    assert fires == set(ALERTS)
    assert silent == set(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_tells_what_is_wrong_and_what_to_do(name: str) -> None:
    alert = ALERTS[name]
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert alert["labels"]["kind"] in {"sla", "system"}
    assert re.search("[а-я]", alert["annotations"]["summary"])
    assert re.search("[а-я]", alert["annotations"]["description"])


def test_every_service_is_scraped_under_its_name() -> None:
    jobs = {job["job_name"]: job["static_configs"] for job in read(PROMETHEUS / "prometheus.yml")["scrape_configs"]}
    assert {(one["labels"]["service"], *one["targets"]) for one in jobs["svoy"]} == {
        (service, f"{service}:{PORTS[service]}") for service in SERVICES
    }
    assert [target for one in jobs["rabbitmq"] for target in one["targets"]] == ["rabbitmq:15692"]


def test_rules_and_panels_speak_of_metrics_that_exist() -> None:
    known = samples.names() | RECORDS.keys() | OTHERS
    asked = {name for rule in rules() for name in names_in(rule["expr"])}
    asked |= {name for query in QUERIES for name in names_in(str(query.values[0]))}
    assert asked <= known, asked - known


EMAIL = {"SVOY_ALERT_EMAIL": "duty@example.org", "SVOY_ALERT_SMTP": "mail.example.org:587"}
SENDER = {"SVOY_ALERT_SMTP_FROM": "svoy@example.org"}
WEBHOOK = {"SVOY_ALERT_WEBHOOK": "https://example.org/alerts"}
ACCOUNT = {"SVOY_ALERT_SMTP_USER": "svoy", "SVOY_ALERT_SMTP_PASSWORD": "s3cret"}


@pytest.mark.parametrize(
    ("environ", "ways"),
    [
        ({}, set()),
        ({"SVOY_ALERT_WEBHOOK": "", "SVOY_ALERT_EMAIL": ""}, set()),
        (WEBHOOK, {"webhook_configs"}),
        (EMAIL | SENDER, {"email_configs"}),
        (EMAIL | SENDER | ACCOUNT | WEBHOOK, {"email_configs", "webhook_configs"}),
    ],
    ids=["nothing", "nothing but empty", "webhook", "mail", "both"],
)
def test_alerts_go_where_they_are_wanted(environ: dict[str, str], ways: set[str], tmp_path: Path) -> None:
    made = configuration(environ)
    assert made["receivers"][0].keys() - {"name"} == ways
    (tmp_path / "alertmanager.yml").write_text(json.dumps(made))
    assert "SUCCESS" in run("amtool", "check-config", tmp_path / "alertmanager.yml")


@pytest.mark.parametrize("lacking", [EMAIL, SENDER | {"SVOY_ALERT_EMAIL": "duty@example.org"}])
def test_mail_without_a_mail_server_or_a_sender_is_refused(lacking: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="нужны ещё SVOY_ALERT_SMTP"):
        configuration(lacking)


def test_alertmanager_holds_back_only_alerts_there_are() -> None:
    named = re.findall(r'alertname=~?"([\w|]+)"', json.dumps(configuration({})["inhibit_rules"]).replace("\\", ""))
    assert {name for names in named for name in names.split("|")} <= ALERTS.keys()


def test_the_dashboards_are_as_they_are_made() -> None:
    there = {path: path.read_text() for path in FOLDER.glob("*.json")}
    assert there == texts(), "make them anew: python -m deploy.grafana.dashboards"


def test_the_pictures_are_those_of_the_dashboards() -> None:
    there = {path: path.read_text() for path in PICTURES.glob("*.svg")}
    assert there == pictures(), "draw them anew: python -m deploy.grafana.pictures"


@pytest.mark.parametrize("name", BOARDS)
def test_what_links_point_at_never_changes(name: str) -> None:
    board = BOARDS[name]
    assert board["uid"] == f"svoy-{name}"
    assert board["editable"] is False
    ids = [panel["id"] for panel in board["panels"]]
    assert ids == list(range(1, len(ids) + 1))


def test_panels_ask_the_provisioned_source() -> None:
    sources = read(DEPLOY / "grafana/provisioning/datasources/prometheus.yaml")["datasources"]
    known = {(source["type"], source["uid"]) for source in sources}
    asked = {tuple(target["datasource"].values()) for _, panel in PANELS for target in panel["targets"]}
    assert asked == {("prometheus", "svoy-prometheus")}
    assert asked < known


def test_every_clock_and_priority_has_words() -> None:
    assert CLOCKS.keys() >= {clock for clock, _ in PAIRS}
    assert PRIORITIES.keys() == {*get_args(Priority), NO_PRIORITY}
    told = ALERTS["SlaBreached"]["annotations"]["summary"]
    assert all(f'eq . "{clock}"' in told for clock in CLOCKS)


@pytest.mark.parametrize(
    ("name", "panel"), PANELS, ids=lambda value: value if isinstance(value, str) else value["title"]
)
def test_a_panel_says_what_it_shows_and_in_what_unit(name: str, panel: dict[str, Any]) -> None:
    assert panel["title"], name
    assert re.search("[а-я]", panel["description"])
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"]["uid"] == "svoy-prometheus"
    assert all(target["legendFormat"] and target["refId"] for target in panel["targets"])
    assert not re.search(r"localhost|127\.0\.0\.1|:\d{4}\b", json.dumps(panel["targets"])), "a hard-coded address"


def test_titles_are_told_apart() -> None:
    for board in BOARDS.values():
        rows = [panel["title"] for panel in board["panels"] if panel["type"] == "row"]
        assert len(set(rows)) == len(rows)
    assert len({board["title"] for board in BOARDS.values()}) == len(BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_panels_fill_their_rows_and_do_not_overlap(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken
        taken |= cells


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ({"alertname": "SlaBreached", "kind": "sla", "severity": "critical"}, "people"),
        ({"alertname": "ServiceDown", "kind": "system", "severity": "critical"}, "people"),
        ({"alertname": "Anything"}, "people"),
    ],
)
def test_amtool_routes_an_alert_where_it_should_go(labels: dict[str, str], receiver: str, tmp_path: Path) -> None:
    told = tmp_path / "alertmanager.yml"
    told.write_text(json.dumps(configuration(WEBHOOK)))
    pairs = [f"{name}={value}" for name, value in labels.items()]
    said = run("amtool", "config", "routes", "test", f"--config.file={told}", f"--verify.receivers={receiver}", *pairs)
    assert receiver in said


def test_breaches_are_not_held_back_with_the_rest(tmp_path: Path) -> None:
    told = tmp_path / "alertmanager.yml"
    told.write_text(json.dumps(configuration(WEBHOOK)))
    said = run("amtool", "config", "routes", "show", f"--config.file={told}")
    assert 'kind="sla"' in said
