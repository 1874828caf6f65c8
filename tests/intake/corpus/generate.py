"""Writes the corpus: `letters/*.eml` and `expected.json`, from what letters are made of, not from what is read of them.

    .venv/bin/python -m tests.intake.corpus.generate

Charsets × transfer encodings × structures, as Outlook, Яндекс, Mail.ru and 1С write them. Nobody in it exists.
"""

import json
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
CHARSETS = {"utf-8": "utf-8", "windows-1251": "cp1251", "koi8-r": "koi8-r", "cp-1251": "cp1251", "cp866": "cp866"}
"""As the letter names them, and what they are."""
ENCODINGS = ("base64", "quoted-printable", "8bit")
SAID = "Добрый день!\nНе формируется отчёт за октябрь, зарплата завтра."
SUBJECT = "Не формируется отчёт"
NAME, ADDRESS = "Образцова Анна", "obraztsova@uchrezhdenie.example"
FILE, FILE_NAME = b"\x25PDF-1.4 \x00\x01\xff", "Отчёт за октябрь.pdf"

QUOTES = {
    "outlook": "\n\nС уважением,\nОбразцова Анна\n\n-----Исходное сообщение-----\nОт: Поддержка\nОтправлено: 12.03.2026\n"  # noqa: E501
    "Тема: Заявка\n\nСрочно ответьте",
    "yandex": '\n\n12.03.2026, 10:15, "Поддержка" <help@svoy.example> пишет:\n> Срочно ответьте\n> ждём',
    "mailru": "\n\n--\nОбразцова Анна\n\n\nЧетверг, 12 марта 2026, 10:15 +07:00 от Поддержка <help@svoy.example>:\n> Срочно ответьте",  # noqa: E501
    "iphone": "\n\nОтправлено с iPhone\n\n> 12 марта 2026 г., в 10:15, Поддержка <help@svoy.example> написал(а):\n>\n> Срочно",  # noqa: E501
    "1c": "",
}
"""What a mail program puts below what was said."""
AGENTS = {
    "outlook": "X-Mailer: Microsoft Outlook 16.0",
    "yandex": "X-Mailer: Yamail [ http://yandex.ru ] 5.0",
    "mailru": "X-Mailer: Mail.Ru Mailer 1.0",
    "iphone": "X-Mailer: iPhone Mail (20A362)",
    "1c": "X-Mailer: 1C:Enterprise 8.3",
}


def word(text: str, charset: str, codec: str) -> bytes:
    """An encoded word."""
    return f"=?{charset}?B?{b64encode(text.encode(codec)).decode()}?=".encode()


def body(text: str, codec: str, encoding: str) -> bytes:
    """A text as it goes over the wire."""
    data = text.replace("\n", "\r\n").encode(codec)
    if encoding == "base64":
        return b"\r\n".join(b64encode(data)[at : at + 76] for at in range(0, 4 * len(data) // 3 + 4, 76)).rstrip()
    return b2a_qp(data, istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") if encoding[0] == "q" else data


def part(kind: str, charset: str, codec: str, encoding: str, text: str) -> bytes:
    """A part with its headers."""
    head = f"Content-Type: {kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + body(text, codec, encoding)


def several(kind: str, *parts: bytes) -> bytes:
    """Parts within one."""
    edge = f"=_{kind}"
    inner = b"".join(f"--{edge}\r\n".encode() + one + b"\r\n" for one in parts)
    return f'Content-Type: multipart/{kind}; boundary="{edge}"\r\n\r\n'.encode() + inner + f"--{edge}--\r\n".encode()


def attached(inline: bool) -> bytes:  # noqa: FBT001
    """A file, or a picture within the text."""
    name = f"filename*=utf-8''{''.join(f'%{byte:02X}' for byte in FILE_NAME.encode())}"
    head = "Content-Type: image/png\r\nContent-ID: <p1@x>\r\nContent-Disposition: inline; " if inline else (
        "Content-Type: application/pdf\r\nContent-Disposition: attachment; "
    )  # fmt: skip
    return f"{head}{name}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + b64encode(FILE)


def structure(form: str, charset: str, codec: str, encoding: str, text: str) -> tuple[bytes, int]:
    """A letter below its headers, and how many attachments it has."""
    plain = part("text/plain", charset, codec, encoding, text)
    markup = part("text/html", charset, codec, encoding, "<p>" + text.replace("\n", "<br>\n") + "</p>")
    forms = {
        "plain": (plain, 0),
        "alternative": (several("alternative", plain, markup), 0),
        "with a file": (several("mixed", several("alternative", plain, markup), attached(inline=False)), 1),
        "with a picture": (several("related", plain, attached(inline=True)), 1),
    }
    return forms[form]


def letters() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Name, bytes, what is to be read."""
    forms = ("plain", "alternative", "with a file", "with a picture")
    agents = list(QUOTES)
    for number, (charset, encoding, form) in enumerate(product(CHARSETS, ENCODINGS, forms)):
        for agent in (agents[number % len(agents)], agents[(number + 2) % len(agents)]):
            codec, text = CHARSETS[charset], SAID + QUOTES[agent]
            below, files = structure(form, charset, codec, encoding, text)
            head = [
                b"From: " + word(NAME, charset, codec) + f" <{ADDRESS}>".encode(),
                b"Subject: " + word(SUBJECT, charset, codec),
                f"Message-ID: <{number}-{agent}@uchrezhdenie.example>".encode(),
                AGENTS[agent].encode(),
                b"MIME-Version: 1.0",
            ]
            yield (
                f"{number:03}-{agent}-{charset}-{encoding}-{form.replace(' ', '_')}",
                b"\r\n".join(head) + b"\r\n" + below,
                {
                    "sender": ADDRESS,
                    "sender_name": NAME,
                    "subject": SUBJECT,
                    "text": text,
                    "said": SAID,
                    "attachments": [FILE_NAME] * files,
                    "inline": [form == "with a picture"] * files,
                    "origin": "person",
                },
            )


def main() -> None:
    """Write them all."""
    folder = FOLDER / "letters"
    folder.mkdir(exist_ok=True)
    expected = {}
    for name, raw, read in letters():
        (folder / f"{name}.eml").write_bytes(raw)
        expected[name] = read
    text = json.dumps(expected, ensure_ascii=False, indent=1, sort_keys=True)
    (FOLDER / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
