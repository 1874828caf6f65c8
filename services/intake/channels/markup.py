"""The words of an HTML letter. In one pass: the standard library's parser is quadratic on hostile markup."""

import re
from html import unescape

_TOKEN = re.compile(r"<!--|-->|<(/?)([a-zA-Z][a-zA-Z0-9]{0,9})?[^<>]*>")
_SILENT = frozenset({"script", "style", "head", "title"})
_BREAKS = dict.fromkeys(("br", "p", "div", "tr", "li", "table", "h1", "h2", "h3", "h4", "blockquote"), "\n")
_BREAKS |= {"td": " ", "th": " "}


def words(markup: str) -> str:
    """The text of `markup`, a line a paragraph. Never raises."""
    found: list[str] = []
    hidden_by: str | None = None
    after = 0
    for token in _TOKEN.finditer(markup):
        if hidden_by is None:
            found.append(" ".join(markup[after : token.start()].split("\n")))
        after = token.end()
        hidden_by = _hidden(hidden_by, token)
        found.append(_BREAKS.get((token[2] or "").lower(), ""))
    if hidden_by is None:
        found.append(markup[after:])
    return _tidy(unescape("".join(found)))


def _hidden(by: str | None, token: re.Match[str]) -> str | None:
    """What hides the text after `token`: a comment or a silent element, until its end."""
    name = (token[2] or "").lower()
    if by is not None:
        ended = token[0].endswith("-->") if by == "<!--" else bool(token[1]) and name == by
        return None if ended else by
    if token[0] == "<!--":
        return "<!--"
    return name if name in _SILENT and not token[1] else None


def _tidy(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return "\n".join(line for line, before in zip(lines, ["", *lines], strict=False) if line or before).strip()
