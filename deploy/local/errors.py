"""What can go wrong with a house, told to a person."""

import errno
from pathlib import Path

REASONS = {
    errno.ENOENT: "такого файла нет",
    errno.EACCES: "нет прав",
    errno.EPERM: "нет прав",
    errno.EISDIR: "это папка, а не файл",
    errno.ENOTDIR: "это файл, а не папка",
    errno.ENOTEMPTY: "папка не пуста",
    errno.ENOSPC: "на диске нет места",
    errno.EROFS: "сюда ничего не записать",
}


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


def reason(error: OSError) -> str:
    """Why the machine refused, in Russian where we have the words."""
    return REASONS.get(error.errno or 0) or error.strerror or str(error)


def tail(log: Path, lines: int = 15) -> list[str]:
    """The last lines of a log file, none where there is no such file."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 64_000))
            return file.read().decode(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []
