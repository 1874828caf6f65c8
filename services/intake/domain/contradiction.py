"""Whether what somebody wrote contradicts what they pressed. In doubt a person asks: nothing is closed by a guess."""

import re

_STILL = re.compile(
    r"вс[её] равно\s+(?:не|ничего)|по.прежнему|опять|снова|вс[её] ещ[её]|до сих пор|та же|те же|то же самое|хуже|"
    r"ничего не изменил|без изменений|ошибк\w*\s+(?:осталась|остались|есть|вылеза|появ)|"
    r"(?<!больше )\bне\s+(?:до конца\s+|полностью\s+|смогл\w+\s+)?"
    r"(?:работает|считает|счита[ею]тся|реш[еи]н\w*|решил\w*|помогло|помог\b|получ\w+|отправля\w+|отправить|печатает|"
    r"открывается|загружается|грузит\w*|проходит|сходится|исправ\w+|мо[гж]\w+|формируется|видно|вс[её]\b|готово|устра\w+|"
    r"доволь\w+|сдал\w+|уш[её]л|ушла)",
    re.IGNORECASE,
)
_FINE = re.compile(
    r"(?<!не )(?<!не вс[её] )\b(?:решено|решили|заработал\w*|исправлено|исправили|помогло|получилось|"
    r"вс[её]\s+(?:работает|хорошо|в порядке|отлично|ок\b|нормально|сдали|готово)|спасибо|благодар\w+|доволь\w+)",
    re.IGNORECASE,
)


def contradicts(words: str, *, solved: bool) -> bool:
    """«Решено», and below it «всё равно не считает»; or «не решено», and below it nothing but praise."""
    still = _STILL.search(words) is not None
    return still if solved else not still and _FINE.search(words) is not None
