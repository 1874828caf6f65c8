"""Who reaches what: the ports of a house, the addresses, and what each service is told of them."""

import os
from collections.abc import Sequence

from deploy.local import external, given
from deploy.local.credentials import Credentials
from deploy.local.external import Outside
from deploy.local.home import Home
from deploy.local.mongo import EmbeddedMongo
from deploy.local.ports import HOST, free_ports, some_free_ports
from deploy.local.rabbit import EmbeddedRabbit, RabbitPorts
from deploy.tokens import public_key
from shared.settings import PORTS

SERVERS = {"rabbitmq": 5672, "epmd": 14369, "erlang": 25672, "mongod": 27017}
"""The embedded servers' ports: RabbitMQ for its clients, its name server, its own tools; MongoDB."""


class Wiring:
    """The addresses of one house and the secrets that go with them."""

    def __init__(self, home: Home, services: Sequence[str], outside: Outside, *, usual_ports: bool, mode: str) -> None:
        self.credentials = Credentials.kept(home.credentials)
        self.outside = outside
        self._mode = mode
        self.ports = _ports(services, usual=usual_ports)
        self.rabbit = EmbeddedRabbit(
            home.rabbitmq,
            passwords=self.credentials.amqp,
            ports=RabbitPorts(amqp=self.ports["rabbitmq"], epmd=self.ports["epmd"], dist=self.ports["erlang"]),
            run=home.run,
            logs=home.logs,
        )
        self.mongo = EmbeddedMongo(
            home.mongod,
            passwords=self.credentials.mongo,
            port=self.ports["mongod"],
            run=home.run,
            logs=home.logs,
        )

    def http_url(self, service: str) -> str:
        """E.g. `http://127.0.0.1:8001`."""
        return f"http://{HOST}:{self.ports[service]}"

    def amqp_url(self, user: str) -> str:
        """The broker as `user` sees it: a service with its own rights, or the admin."""
        return self.outside.amqp_url or self.rabbit.url(user)

    def mongo_url(self, service: str) -> str:
        """A service's own database."""
        if self.outside.mongo_url:
            return external.mongo_url(self.outside.mongo_url, service)
        return self.mongo.url(service)

    def env(self, service: str) -> dict[str, str]:
        """The settings a service is started with; intake's door keys may be given from outside."""
        own = {
            "SVOY_MODE": self._mode,
            "SVOY_AMQP_URL": self.amqp_url(service),
            "SVOY_MONGO_URL": self.mongo_url(service),
            "SVOY_JWT_PUBLIC_KEY": public_key(self.jwt_private_key),
            "SVOY_HTTP_PORT": str(self.ports[service]),
        }
        return own | self._door_keys() if service == "intake" else own

    @property
    def jwt_private_key(self) -> str:
        """What passes are signed with: `SVOY_JWT_PRIVATE_KEY`, else the house's own."""
        return given.private_key() or self.credentials.jwt_private_key

    def _door_keys(self) -> dict[str, str]:
        own = {
            "SVOY_WEBHOOK_SECRET": self.credentials.webhook_secret,
            "SVOY_MANGO_API_KEY": self.credentials.mango_api_key,
            "SVOY_MANGO_API_SALT": self.credentials.mango_api_salt,
        }
        return {name: os.environ.get(name) or value for name, value in own.items()}


def _ports(services: Sequence[str], *, usual: bool) -> dict[str, int]:
    wanted = {**SERVERS, **{service: PORTS[service] for service in services}}
    found = free_ports(*wanted.values()) if usual else some_free_ports(len(wanted))
    return dict(zip(wanted, found, strict=True))
