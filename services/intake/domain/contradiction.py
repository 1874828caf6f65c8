"""Whether what somebody wrote contradicts the «решено» they pressed. In doubt a person asks: nothing is closed by a
guess. «Не решено» closes nothing, and is taken as it was pressed, however kind the words below (R-REQ-3)."""

import re

_STILL = re.compile(
    r"вс[её] равно\s+(?:не|ничего)|по.прежнему|опять|снова|вс[её] ещ[её]|до сих пор|та же|те же|то же самое|хуже|"
    r"ничего не изменил|без изменений|ошибк\w*\s+(?:есть|вылеза|появ)|остал(?:ась|ись|ось)\b(?! довол)|"
    r"(?<!ошибка )(?<!ошибки )(?<!проблема )\bпропал\w*|\bпуст(?:ой|ая|ое|ые|о|ую|ым|ых)\b|"
    r"(?<!не )\b(?:вис\w+|(?:за|под)вис(?!и)\w*)|"
    r"(?<!больше )\bне\s+(?:до конца\s+|полностью\s+|смогл\w+\s+)?"
    r"(?:работает|считает|счита[ею]тся|реш[еи]н\w*|решил\w*|помог(?:л[оаи])?\b|помога\w+|получ\w+|отправля\w+|отправить|печатает|"
    r"открывается|загружается|грузит\w*|проходит|сходится|исправ\w+|мо[гж]\w+|формируется|видно|вс[её]\b|готово|устра\w+|"
    r"доволь\w+|сдал\w+|уш[её]л|ушла)",
    re.IGNORECASE,
)


def contradicts(words: str) -> bool:
    """«Решено» was pressed, and below it stands «всё равно не считает»."""
    return _STILL.search(words) is not None
