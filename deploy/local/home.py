"""The data folder of a house, and what lies where in it."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import AlreadyRunning, HouseError, reason

PROJECT = Path(__file__).resolve().parents[2]
OTHER_FOLDER = "Другую папку данных называет SVOY_HOME."


@dataclass(frozen=True)
class Home:
    """
    credentials.json    passwords and keys (mode 600)
    rabbitmq/ mongod/   the servers' data and configuration
    log/                one file a process
    run/                what runs now: pid files, house.json for `svoy status`, the lock of who runs it
    """

    root: Path

    @classmethod
    def usual(cls) -> "Home":
        """`SVOY_HOME`, else `.svoy` in the checkout, else the user's own data folder. Raises `HouseError` where it
        is somebody else's, or no folder."""
        home = cls(_usual_folder())
        if home.root.exists() and not (home.root.is_dir() and os.access(home.root, os.R_OK | os.W_OK | os.X_OK)):
            raise HouseError(f"{home.root}: не папка, или нет прав на неё. {OTHER_FOLDER}")
        return home

    @property
    def credentials(self) -> Path:
        return self.root / "credentials.json"

    @property
    def rabbitmq(self) -> Path:
        return self.root / "rabbitmq"

    @property
    def mongod(self) -> Path:
        return self.root / "mongod"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def board(self) -> Path:
        return self.run / "house.json"

    @property
    def logs(self) -> Path:
        return self.root / "log"

    def log(self, name: str) -> Path:
        """The log of a process; `svoy` is that of the house itself."""
        return self.logs / f"{name}.log"

    def make(self) -> None:
        """Make the folder, for its owner alone. Raises `HouseError` where that cannot be."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o700)
            self.run.mkdir(exist_ok=True)
        except OSError as error:
            raise HouseError(f"Папку данных {self.root} не создать: {reason(error)}. {OTHER_FOLDER}") from None

    def wipe(self) -> None:
        """Remove everything of ours, and the folder where nothing else is in it. Raises `HouseError` where something
        cannot be removed: passwords and data may still be there."""
        try:
            self.credentials.unlink(missing_ok=True)
            for folder in (self.rabbitmq, self.mongod, self.logs, self.run):
                if folder.exists():
                    shutil.rmtree(folder)
        except OSError as error:
            raise HouseError(f"Удалено не всё: {error.filename or self.root}: {reason(error)}.") from None
        with suppress(OSError):
            self.root.rmdir()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the one who runs this house. The lock ends with us, however we end. Raises `AlreadyRunning`."""
        self.make()
        # Not emptied before it is ours: it says who runs the house.
        with (self.run / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise AlreadyRunning(
                    f"Система уже работает в папке {self.root}. Состояние: svoy status, остановить: svoy down."
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def keeper(self) -> int | None:
        """The pid of the one who runs this house now, or None; 0 for a moment, while it has only just begun to."""
        try:
            with (self.run / "lock").open() as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return int(lock.read() or 0)
        except FileNotFoundError:
            pass
        return None


def _usual_folder() -> Path:
    chosen = os.environ.get("SVOY_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if (PROJECT / "pyproject.toml").is_file():
        return PROJECT / ".svoy"
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "svoy"
