"""`python -m deploy.grafana.dashboards` writes the dashboards as the JSON Grafana is provisioned with."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.growth import growth
from deploy.grafana.months import months
from deploy.grafana.specialists import specialists
from deploy.grafana.system import system
from deploy.grafana.urgent import urgent

FOLDER = Path(__file__).resolve().parent / "provisioning" / "dashboards"
DASHBOARDS: Mapping[str, Callable[[], Dashboard]] = {
    "urgent": urgent,
    "months": months,
    "growth": growth,
    "specialists": specialists,
    "system": system,
}


def texts() -> dict[Path, str]:
    """What each file of `FOLDER` must say."""
    return {
        FOLDER / f"{name}.json": json.dumps(made().build(), cls=JSONEncoder, indent=1, ensure_ascii=False) + "\n"
        for name, made in DASHBOARDS.items()
    }


def main() -> None:
    """Write them all."""
    for path, text in texts().items():
        path.write_text(text)
        print(path)


if __name__ == "__main__":
    main()
