"""A private RabbitMQ node: its own name, ports, cookie, configuration and data, heard on 127.0.0.1 alone."""

import asyncio
import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aio_pika

from deploy.local.errors import Died, Unsupported
from deploy.local.part import Part
from deploy.local.ports import HOST, answers, some_free_ports
from deploy.local.process import Command, Process, own_environment
from deploy.local.rights import ADMIN, broker_definitions

SERVERS = ("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server", "/opt/rabbitmq*/sbin/rabbitmq-server")
VHOST = "svoy"
BOOT = 90.0
"""Seconds it may take to start; 6 to 17 are usual."""
PATIENCE = 30.0
WAL_BYTES = 64 * 1024 * 1024
NO_SPINNING = "+sbwt none +sbwtdcpu none +sbwtdio none"
"""Schedulers that wait for work do not spin: the services beside them need the cores."""

CONFIG = """\
listeners.tcp.local = {host}:{port}
load_definitions = {definitions}
log.console = true
log.console.level = warning
log.console.use_colors = off
log.file = false
raft.wal_max_size_bytes = {wal}
"""
METRICS = """\
prometheus.tcp.ip = {host}
prometheus.tcp.port = {port}
"""


def server_script() -> Path | None:
    """RabbitMQ's own start script (Debian's wrapper would start the system's node), or None."""
    for pattern in SERVERS:
        found = sorted(Path("/").glob(pattern.removeprefix("/")))
        if found:
            return found[-1]
    return None


@dataclass(frozen=True, kw_only=True)
class RabbitPorts:
    """Where the node listens: for clients, for its name server, for other nodes and tools."""

    amqp: int
    epmd: int
    dist: int

    @classmethod
    def somewhere(cls) -> "RabbitPorts":
        """Free ports anywhere."""
        amqp, epmd, dist = some_free_ports(3)
        return cls(amqp=amqp, epmd=epmd, dist=dist)


class EmbeddedRabbit(Part):
    """The node whose data lie in `folder`. `passwords` are those of `rights.ADMIN` and of the services; without any it
    has the admin alone."""

    def __init__(
        self,
        folder: Path,
        *,
        passwords: Mapping[str, str] | None = None,
        vhosts: Sequence[str] = (VHOST,),
        ports: RabbitPorts | None = None,
        run: Path | None = None,
        logs: Path | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.ports = ports or RabbitPorts.somewhere()
        self._passwords = passwords or {ADMIN: secrets.token_urlsafe(24)}
        self._vhosts = vhosts
        self.metrics_port: int | None = None
        """Where Prometheus may ask the node; nowhere, because counting costs it work, unless set before the start."""
        run, logs = run or self.folder / "run", logs or self.folder / "log"
        self.epmd = Process("epmd", run, logs / "epmd.log")
        self.process = Process("rabbitmq", run, logs / "rabbitmq.log")
        self._booted = False

    def url(self, user: str = ADMIN, vhost: str | None = None) -> str:
        """The address at which `user` reaches `vhost` (else the first one)."""
        password = quote(self._passwords[user], safe="")
        return f"amqp://{user}:{password}@{HOST}:{self.ports.amqp}/{quote(vhost or self._vhosts[0], safe='')}"

    async def start(self) -> None:
        """Start it and wait until it takes connections; the topology exists then. Raises `Died`, `NotReady`."""
        script = server_script()
        if script is None:
            raise Unsupported("Не найден RabbitMQ. Установите его: apt-get install rabbitmq-server (или make servers).")
        environment = self._configure()
        if not self.epmd.alive:
            await self._start_epmd(environment)
        self._booted = False
        self.process.start(Command(argv=[str(script)], env=environment, cwd=self.folder))
        await self.process.until(self._ready, BOOT)
        self._booted = True

    async def stop(self) -> None:
        """Stop it, and its name server, which would outlive it. A node that is still booting is deaf to requests."""
        await self.process.stop(PATIENCE if self._booted else 0)
        await self.epmd.stop(PATIENCE)

    async def _start_epmd(self, environment: Mapping[str, str]) -> None:
        epmd = shutil.which("epmd")
        if epmd is None:
            raise Unsupported("Не найден epmd (часть Erlang). Установите: apt-get install erlang-base.")
        self.epmd.start(Command(argv=[epmd], env=environment, cwd=self.folder))
        await self.epmd.until(lambda: answers(self.ports.epmd), PATIENCE)

    async def _ready(self) -> str | None:
        if not self.epmd.alive:
            raise Died("epmd", self.epmd.code, self.epmd.log)
        closed = await answers(self.ports.amqp)
        if closed is not None:
            return closed
        try:
            async with asyncio.timeout(5):
                connection = await aio_pika.connect(self.url(vhost=self._vhosts[-1]))
                with suppress(Exception):
                    await connection.close()
        except (OSError, TimeoutError, aio_pika.exceptions.AMQPError) as error:
            await asyncio.sleep(0.2)
            return f"не принимает соединений: {error}"
        return None

    def _configure(self) -> dict[str, str]:
        etc, home = self.folder / "etc", self.folder / "home"
        for folder in (etc, home, self.folder / "data"):
            folder.mkdir(parents=True, exist_ok=True)
        _write(etc / "definitions.json", json.dumps(broker_definitions(self._passwords, self._vhosts), indent=1))
        measured = self.metrics_port is not None
        _write(etc / "enabled_plugins", "[rabbitmq_prometheus].\n" if measured else "[].\n")
        _write(etc / "environment", "")
        _write(
            etc / "rabbitmq.conf",
            CONFIG.format(host=HOST, port=self.ports.amqp, definitions=etc / "definitions.json", wal=WAL_BYTES)
            + (METRICS.format(host=HOST, port=self.metrics_port) if measured else ""),
        )
        return own_environment(**self._environment(etc, home))

    def _environment(self, etc: Path, home: Path) -> dict[str, Any]:
        return {
            "HOME": str(home),
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_EPMD_PORT": str(self.ports.epmd),
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the node instead of waiting beside it
            "RABBITMQ_NODENAME": "svoy@localhost",
            "RABBITMQ_DIST_PORT": str(self.ports.dist),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-kernel inet_dist_use_interface {{127,0,0,1}} {NO_SPINNING}",
            "RABBITMQ_CONF_ENV_FILE": str(etc / "environment"),
            "RABBITMQ_CONFIG_FILE": str(etc / "rabbitmq"),
            "RABBITMQ_CONFIG_FILES": str(etc / "conf.d"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(etc / "advanced"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(etc / "enabled_plugins"),
            "RABBITMQ_PLUGINS_EXPAND_DIR": str(self.folder / "plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.folder / "generated"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.process.log.parent / "rabbitmq"),
        }


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
