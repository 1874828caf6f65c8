"""What a house shows on the terminal."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import psutil
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from deploy.local.board import Row, State
from deploy.local.credentials import Credentials
from deploy.local.errors import Died, HouseError, NotReady
from deploy.local.home import Home
from deploy.local.ports import HOST
from deploy.local.wiring import SERVERS
from shared.clock import machine_now
from shared.settings import PORTS

STATES: dict[State, str] = {
    "waiting": "[dim]ждёт[/]",
    "starting": "запускается",
    "ready": "[green]готов[/]",
    "restarting": "[yellow]перезапуск[/]",
    "stopping": "останавливается",
    "stopped": "[dim]остановлен[/]",
    "failed": "[red]не запустился[/]",
}
USUAL = SERVERS | PORTS
MOVING = frozenset({"starting", "stopping", "restarting"})
ERROR = "Ошибка:"
MEGABYTE = 1024 * 1024


class Progress:
    """Rows that change before one's eyes; on no terminal, a line a change."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[str, Row] = {}
        self._spinner = Spinner("dots")
        self._lock = threading.Lock()
        self._live: Live | None = None

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Show the rows as they change, inside."""
        if not self._console.is_terminal:
            yield
            return
        self._live = Live(get_renderable=self._table, console=self._console, refresh_per_second=8)
        try:
            with self._live:
                yield
        finally:
            self._live = None

    def notice(self, row: Row) -> None:
        """A row changed."""
        with self._lock:
            known = self._rows.get(row.name)
            self._rows[row.name] = row
        if self._live is None and row.state != "waiting" and (known is None or known.state != row.state):
            note = f"  {escape(row.note)}" if row.note else ""
            with suppress(OSError, SystemExit):  # whoever reads this may be gone; that stops nothing
                self._console.print(f"{row.name:<12} {STATES[row.state]}{note}", highlight=False, soft_wrap=True)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        with self._lock:
            rows = list(self._rows.values())
        for row in rows:
            table.add_row(
                self._mark(row.state),
                row.name,
                STATES[row.state],
                Text(row.note.splitlines()[0][:80] if row.note else ""),
            )
        return table

    def _mark(self, state: State) -> Spinner | str:
        if state in MOVING:
            return self._spinner
        return {"ready": "[green]✓[/]", "failed": "[red]✗[/]"}.get(state, " ")


def show_addresses(console: Console, home: Home, rows: list[Row], credentials: Credentials) -> None:
    """Where everything is, and the development credentials."""
    ports = {row.name: row.port for row in rows}
    addresses = Table("что", "адрес", title="Система работает", title_justify="left", title_style="bold green")
    for name, port in ports.items():
        addresses.add_row(name, _address(name, port))
    console.print(addresses)
    for name, port in ports.items():
        if port != USUAL.get(name, port):
            console.print(f"{name}: порт {USUAL[name]} занят, взят {port}.", highlight=False)
    console.print("\n[bold]Для разработки[/]")
    for label, value in _keys(home, credentials, ports):
        # Whole on one line, however narrow the terminal: they are there to be copied.
        console.print(f"  {label:<22}{escape(value)}", highlight=False, soft_wrap=True)
    console.print()


def _address(name: str, port: int | None) -> str:
    schemes = {"rabbitmq": f"amqp://{HOST}:{port}/svoy", "mongod": f"mongodb://{HOST}:{port}"}
    return schemes.get(name, f"http://{HOST}:{port}/docs")


def _keys(home: Home, credentials: Credentials, ports: dict[str, int | None]) -> Iterator[tuple[str, str]]:
    if credentials.api_key:
        yield "ключ API (X-API-Key)", credentials.api_key
    yield "подпись звонков", credentials.webhook_secret
    yield "Mango: ключ и соль", f"{credentials.mango_api_key} {credentials.mango_api_salt}"
    if "rabbitmq" in ports:
        yield "RabbitMQ", f"admin {credentials.amqp['admin']}"
    if "mongod" in ports:
        yield "MongoDB", f"root {credentials.mongo['root']}"
    yield "пропуск человека", "svoy token --role manager --subject m1"
    yield "папка данных", str(home.root)


def show_processes(console: Console, rows: list[tuple[Row, psutil.Process | None, str | None]]) -> None:
    """Each process with what it takes; the third of each is why it is not ready."""
    table = Table("процесс", "pid", "порт", "готов", "работает", "МБ", "перезапусков")
    for row, process, why in rows:
        ready = "[green]да[/]" if why is None else "[red]нет[/]"
        pid, lasts, memory = _taken(process)
        table.add_row(row.name, pid, str(row.port or "–"), ready, lasts, memory, str(row.restarts))
    console.print(table)
    for row, _, why in rows:
        if why is not None:
            console.print(f"[red]{row.name}:[/] {escape(why)}", highlight=False, soft_wrap=True)


def _taken(process: psutil.Process | None) -> tuple[str, str, str]:
    if process is not None:
        with suppress(psutil.NoSuchProcess), process.oneshot():
            lasts = machine_now() - datetime.fromtimestamp(process.create_time(), tz=UTC)
            return str(process.pid), str(lasts).split(".")[0], str(process.memory_info().rss // MEGABYTE)
    return "–", "–", "–"


def show_error(console: Console, error: HouseError) -> None:
    """What went wrong, with the last lines of the log where there is one."""
    console.print(f"[red]{ERROR}[/] {escape(str(error))}", highlight=False, soft_wrap=True)
    if isinstance(error, Died | NotReady) and error.last_lines:
        console.print("[dim]Последние строки журнала:[/]")
        for line in error.last_lines:
            console.print(Text(f"  {line}"), style="dim", highlight=False, soft_wrap=True)
