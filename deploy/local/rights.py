"""Who may do what on the broker, in the form RabbitMQ imports when it starts."""

import base64
import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from shared.messaging.topology import EVENTS, SERVICES, definitions, publish_rights, rights

ADMIN = "admin"
"""The broker's user of the command line; every other user is a service."""


def broker_definitions(passwords: Mapping[str, str], vhosts: Iterable[str]) -> dict[str, Any]:
    """Users, their rights, and in each of `vhosts` the whole topology.

    `passwords` are those of `ADMIN` and of each service. A service may publish its own families of events, send its
    own messages round again and read its own queue; nobody but the admin may declare anything.
    """
    found: dict[str, Any] = {"users": [_user(name, password) for name, password in passwords.items()]}
    for key in ("vhosts", "permissions", "topic_permissions", "exchanges", "queues", "bindings"):
        found[key] = []
    for vhost in vhosts:
        for key, rows in _vhost(vhost, passwords).items():
            found[key] += rows
    return found


def _vhost(vhost: str, users: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    services = [user for user in users if user in SERVICES]
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    return {
        "vhosts": [{"name": vhost}],
        "permissions": [
            {"user": ADMIN, "vhost": vhost, **everything},
            *({"user": service, "vhost": vhost, **rights(service)} for service in services),
        ],
        "topic_permissions": [
            {"user": service, "vhost": vhost, "exchange": EVENTS, "write": publish_rights(service), "read": "^$"}
            for service in services
        ],
        **definitions(vhost),
    }


def _user(name: str, password: str) -> dict[str, Any]:
    return {
        "name": name,
        "password_hash": password_hash(password),
        "hashing_algorithm": "rabbit_password_hashing_sha256",
        "tags": ["administrator"] if name == ADMIN else [],
        "limits": {},
    }


def password_hash(password: str) -> str:
    """RabbitMQ's salted SHA-256: base64 of the salt (4 bytes) and the hash of salt and password."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + sha256(salt + password.encode()).digest()).decode()
