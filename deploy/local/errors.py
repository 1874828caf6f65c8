"""What can go wrong with a house, told to a person."""

from pathlib import Path


class HouseError(Exception):
    """Система не может быть запущена или остановлена."""


class Unsupported(HouseError):
    """На этом компьютере встроенные RabbitMQ и MongoDB не запустятся."""


class AlreadyRunning(HouseError):
    """Система уже запущена в этой папке данных."""


class NotRunning(HouseError):
    """Система не запущена."""


class Died(HouseError):
    """A process ended that should be running; carries the last lines of its log."""

    def __init__(self, name: str, code: int | None, log: Path) -> None:
        self.name = name
        self.log = log
        self.last_lines = tail(log)
        ended = "" if code is None else f" (код завершения {code})"
        super().__init__(f"{name}: процесс завершился сам{ended}. Журнал: {log}")


class NotReady(HouseError):
    """A process runs but does not become ready."""

    def __init__(self, name: str, why: str, seconds: float, log: Path) -> None:
        self.name = name
        self.log = log
        self.last_lines = tail(log)
        super().__init__(f"{name}: не готов за {seconds:.0f} с ({why}). Журнал: {log}")


def tail(log: Path, lines: int = 15) -> list[str]:
    """The last lines of a log file, none where there is no such file."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 64_000))
            return file.read().decode(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []
