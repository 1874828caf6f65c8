"""Requests as a table that opens in Excel."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from services.intake.domain.requests import RUSSIAN, ServiceRequest
from shared.contracts.base import Channel, Priority

HEAD = (
    "Номер", "Зарегистрирована", "Состояние", "Приоритет", "Канал", "Клиент", "Менеджер", "Тема", "Текст",
    "Последнее слово бухгалтера",
)  # fmt: skip
PRIORITIES: Mapping[Priority, str] = {"urgent": "срочная", "important": "важная", "routine": "обычная"}
CHANNELS: Mapping[Channel, str] = {
    "phone": "телефон",
    "email": "почта",
    "portal": "портал",
    "api": "другая система",
    "weekly_call": "еженедельный звонок",
}
CELL = 2_000
"""Characters of a cell."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


STOPPED = "Просмотрены {} последних заявок, а есть и раньше: уточните поиск (клиент, менеджер)"


def csv_of(
    found: Sequence[ServiceRequest], most: int, managers: Mapping[str, str], zone: tzinfo, stopped: str | None = None
) -> bytes:
    """The first `most` of `found`, formulas disarmed, times in `zone`; `managers` are names by client. Where there are
    more the last row says so, else it says why the search `stopped`."""
    table = io.StringIO()
    writer = csv.writer(table, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEAD)
    for one in found[:most]:
        writer.writerow([_disarmed(cell) for cell in _row(one, managers, zone)])
    if len(found) > most:
        writer.writerow((f"Показаны первые {most}: уточните поиск",))
    elif stopped is not None:
        writer.writerow((stopped,))
    return table.getvalue().encode("utf-8-sig", "replace")


def _row(one: ServiceRequest, managers: Mapping[str, str], zone: tzinfo) -> tuple[str, ...]:
    return (
        one.number,
        _local(one.registered_at, zone),
        RUSSIAN[one.state],
        PRIORITIES[one.priority],
        CHANNELS[one.channel],
        "" if one.client is None else one.client.name,
        "" if one.client is None else managers.get(one.client.client_id, ""),
        one.subject,
        one.text,
        one.verdicts[-1].words if one.verdicts else "",
    )


def _local(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%d.%m.%Y %H:%M}"


def _disarmed(cell: str) -> str:
    """Nothing Excel would run: a cell that begins like a formula is text."""
    plain = cell.replace("\x00", "")[:CELL]
    return f"'{plain}" if plain.lstrip()[:1] in _FORMULA or plain[:1] in _FORMULA else plain
