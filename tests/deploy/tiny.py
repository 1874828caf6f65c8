"""A service that does nothing but be there: `python tests/deploy/tiny.py routing`."""

import sys
from pathlib import Path

from fastapi import FastAPI

from shared.service import Service, run
from shared.settings import ServiceSettings


def tiny(service: str) -> list[str]:
    """The command line of such a service."""
    return [sys.executable, str(Path(__file__).resolve()), service]


if __name__ == "__main__":
    name = sys.argv[1]

    def build_app(settings: ServiceSettings) -> FastAPI:
        """The kit's own service, as every service has it."""
        service = Service(name, settings)
        service.listen({})
        return service.app

    run(name, ServiceSettings, build_app)
