"""`python -m deploy.docker.setup`: runs to its end before RabbitMQ and Alertmanager start, and writes what they read.

/out/rabbitmq/definitions.json      users, rights and the whole topology
/out/alertmanager/alertmanager.yml  where alerts go
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.alertmanager.config import configuration
from deploy.local.rabbit import VHOST
from deploy.local.rights import ADMIN, broker_definitions
from shared.messaging.topology import SERVICES

OUT = Path("/out")


def broker_passwords(environ: Mapping[str, str]) -> dict[str, str]:
    """The passwords by user, from `SVOY_BROKER_…`. Raises `ValueError` naming what is missing."""
    names = {ADMIN: "SVOY_BROKER_ADMIN_PASSWORD"}
    names |= {service: f"SVOY_BROKER_PASSWORD_{service.upper()}" for service in SERVICES}
    missing = [name for name in names.values() if not environ.get(name)]
    if missing:
        raise ValueError(f"Не задано: {', '.join(missing)}. Полный .env печатает svoy secrets.")
    return {user: environ[name] for user, name in names.items()}


def set_up(environ: Mapping[str, str], out: Path) -> list[Path]:
    """Write all files below `out`, each whole or not at all. Raises `ValueError` before anything is written."""
    texts = {
        out / "rabbitmq/definitions.json": broker_definitions(broker_passwords(environ), [VHOST]),
        out / "alertmanager/alertmanager.yml": configuration(environ),
    }
    return [_write(path, content) for path, content in texts.items()]


def _write(path: Path, content: dict[str, Any]) -> Path:
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content, indent=1, ensure_ascii=False))
    return new.replace(path)


def main() -> int:
    """0 when everything is written, 1 with the reason on standard error."""
    try:
        for path in set_up(os.environ, OUT):
            print(f"written: {path}")
    except (ValueError, OSError) as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
