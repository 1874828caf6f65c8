"""Alertmanager's configuration, made from what `.env` says of where alerts shall go."""

from collections.abc import Mapping
from typing import Any

RECEIVER = "people"
SLA = {"receiver": RECEIVER, "group_by": ["alertname", "clock"], "group_wait": "2s", "group_interval": "1m"}
"""The two seconds are for `PromiseBroken`: it holds back `SlaBreached` of the same clock only where it is known."""


def configuration(environ: Mapping[str, str]) -> dict[str, Any]:
    """Breaches after two seconds, the rest gathered for half a minute; what a breakdown explains is held back.

    Alerts go to `SVOY_ALERT_WEBHOOK` and to `SVOY_ALERT_EMAIL` over `SVOY_ALERT_SMTP`; where neither is set they are
    only shown in Alertmanager and Grafana. Raises `ValueError` where an e-mail address comes without a mail server.
    """
    return {
        "route": {
            "receiver": RECEIVER,
            "group_by": ["alertname", "service"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
            "routes": [{"matchers": ['kind="sla"'], **SLA}],
        },
        "inhibit_rules": [
            {
                "source_matchers": ['alertname="BrokerDown"'],
                "target_matchers": ['alertname=~"OutboxStuck|QueueGrowing"'],
            },
            {
                "source_matchers": ['alertname="ServiceDown"'],
                "target_matchers": ['alertname=~"OutboxStuck|QueueGrowing"'],
                "equal": ["service"],
            },
            {
                "source_matchers": ['alertname="PromiseBroken"'],
                "target_matchers": ['alertname="SlaBreached"'],
                "equal": ["clock", "priority"],
            },
        ],
        "receivers": [{"name": RECEIVER, **_webhook(environ), **_email(environ)}],
    }


def _webhook(environ: Mapping[str, str]) -> dict[str, Any]:
    url = environ.get("SVOY_ALERT_WEBHOOK")
    return {"webhook_configs": [{"url": url, "send_resolved": True}]} if url else {}


def _email(environ: Mapping[str, str]) -> dict[str, Any]:
    to, server, sender = (environ.get(f"SVOY_ALERT_{name}") for name in ("EMAIL", "SMTP", "SMTP_FROM"))
    if not to:
        return {}
    if not server or not sender:
        raise ValueError(
            "SVOY_ALERT_EMAIL: нужны ещё SVOY_ALERT_SMTP, например mail.example.ru:587, и SVOY_ALERT_SMTP_FROM, "
            "например svoy@example.ru."
        )
    account = {"auth_username": "SVOY_ALERT_SMTP_USER", "auth_password": "SVOY_ALERT_SMTP_PASSWORD"}
    known = {key: environ[name] for key, name in account.items() if environ.get(name)}
    return {"email_configs": [{"to": to, "from": sender, "smarthost": server, "send_resolved": True, **known}]}
