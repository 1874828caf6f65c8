"""Writes the letters no person asks anything in, and those that only look so: `unasked/*.eml` and `unasked.json`.

    .venv/bin/python -m tests.intake.corpus.generate_unasked

Answering machines, bounces, lists, our own letters, thanks; as servers and mail programs write them. Nobody in it
exists.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.intake.corpus.generate import ADDRESS, FOLDER, NAME, body, several, word

OURS = "help@svoy.example"
DAEMON = "mailer-daemon@uchrezhdenie.example"
QUOTED = "\n\n12.03.2026, 10:15, Поддержка <help@svoy.example> пишет:\n> Готово, проверьте"
SIGNED = "\n\nС уважением,\nОбразцова Анна"
STATUS = (
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.uchrezhdenie.example\r\n\r\n"
    b"Final-Recipient: rfc822; net@uchrezhdenie.example\r\nAction: %s\r\nStatus: %s\r\n"
)
RETURNED = (
    b"Content-Type: text/rfc822-headers\r\n\r\nFrom: help@svoy.example\r\n"
    b"Message-ID: <closing-0123456789abcdef0123456789abcdef-1@svoy.example>\r\n"
)


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One letter, and what is to become of it."""

    kind: str
    """`request` where it opens one."""
    subject: str
    text: str = "Письмо"
    sender: str = ADDRESS
    name: str | None = NAME
    headers: Mapping[str, str] = field(default_factory=dict)
    charset: tuple[str, str] = ("utf-8", "utf-8")
    raw_subject: bool = False
    """Whether the subject goes as raw 8-bit bytes."""
    report: tuple[bytes, bytes] | None = None
    """Action and status of a delivery report."""
    answerable: bool = False
    envelope_empty: bool = False


CP1251, KOI8 = ("windows-1251", "cp1251"), ("koi8-r", "koi8-r")
AWAY = "Меня нет до 20 марта. По срочным вопросам: Иванова, 222-33-44."
NOT_FOUND = "Ваше письмо не доставлено адресату net@uchrezhdenie.example: такого ящика нет."
SPECS: dict[str, Spec] = {
    "away-rfc3834": Spec(kind="auto_reply", subject="Re: Отчёт", text=AWAY, headers={"Auto-Submitted": "auto-replied"}),
    "away-vacation": Spec(
        kind="auto_reply", subject="Отпуск", text=AWAY, headers={"Auto-Submitted": "auto-replied (vacation)"}
    ),
    "away-exchange": Spec(
        kind="auto_reply",
        subject="Автоматический ответ: [Заявка 100 245] Отчёт",
        text=AWAY,
        headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    ),
    "away-outlook-russian": Spec(kind="auto_reply", subject="Автоматический ответ: Отчёт", text=AWAY),
    "away-outlook-english": Spec(kind="auto_reply", subject="Automatic reply: Отчёт", text=AWAY),
    "away-yandex": Spec(kind="auto_reply", subject="Автоответ: Отчёт", text=AWAY, charset=KOI8),
    "away-mailru": Spec(kind="auto_reply", subject="Re: Отчёт", text=AWAY, headers={"X-Autoreply": "yes"}),
    "away-responder": Spec(kind="auto_reply", subject="Re: Отчёт", text=AWAY, headers={"X-Autoresponder": "cPanel"}),
    "away-respond": Spec(kind="auto_reply", subject="Re: Отчёт", text=AWAY, headers={"X-Autorespond": "1"}),
    "away-precedence": Spec(kind="auto_reply", subject="Re: Отчёт", text=AWAY, headers={"Precedence": "auto_reply"}),
    "away-out-of-office": Spec(kind="auto_reply", subject="Out of Office: Отчёт", text=AWAY),
    "away-not-in": Spec(kind="auto_reply", subject="Вне офиса", text=AWAY, charset=CP1251),
    "away-on-leave": Spec(kind="auto_reply", subject="Я в отпуске", text=AWAY),
    "away-raw-1251": Spec(kind="auto_reply", subject="Автоответ: Отчёт", text=AWAY, charset=CP1251, raw_subject=True),
    "bounce-postfix": Spec(
        kind="bounce", subject="Undelivered Mail Returned to Sender", sender=DAEMON, report=(b"failed", b"5.1.1")
    ),
    "bounce-exchange": Spec(
        kind="bounce",
        subject="Не удается доставить: [Заявка 100 245] Отчёт",
        sender="postmaster@uchrezhdenie.example",
        report=(b"failed", b"5.2.2"),
    ),
    "bounce-delayed": Spec(
        kind="bounce", subject="Delayed Mail (still being retried)", sender=DAEMON, report=(b"delayed", b"4.4.1")
    ),
    "bounce-of-a-person": Spec(kind="bounce", subject="Отчёт о доставке", report=(b"failed", b"5.7.1")),
    "bounce-koi8": Spec(
        kind="bounce",
        subject="Сообщение не доставлено",
        text=NOT_FOUND,
        sender=DAEMON,
        charset=KOI8,
        report=(b"failed", b"5.1.1"),
    ),
    "bounce-plain-russian": Spec(kind="bounce", subject="Недоставленное сообщение", text=NOT_FOUND, sender=DAEMON),
    "bounce-plain-not-delivered": Spec(
        kind="bounce", subject="Сообщение не доставлено", text=NOT_FOUND, sender="postmaster@mail.example"
    ),
    "bounce-plain-error": Spec(
        kind="bounce", subject="Ошибка доставки", text=NOT_FOUND, sender=DAEMON, charset=CP1251, raw_subject=True
    ),
    "bounce-exim": Spec(
        kind="bounce",
        subject="Mail delivery failed: returning message to sender",
        text="This message was created automatically by mail delivery software.\n\n  net@uchrezhdenie.example\n",
        sender="Mailer-Daemon@relay.example",
    ),
    "bounce-empty-path": Spec(
        kind="bounce", subject="Недоставка: Отчёт", text=NOT_FOUND, sender="robot@mail.example", envelope_empty=True
    ),
    "bounce-undeliverable": Spec(kind="bounce", subject="Undeliverable: Отчёт", text=NOT_FOUND, sender=DAEMON),
    "list-id": Spec(kind="bulk", subject="Новости 1С", headers={"List-Id": "<news.shop.example>"}),
    "list-mailman": Spec(
        kind="bulk",
        subject="[buh] Семинар",
        headers={"List-Id": "buh <buh.lists.example>", "List-Post": "<mailto:buh@lists.example>", "Precedence": "list"},
    ),
    "list-unsubscribe": Spec(
        kind="bulk", subject="Скидки весь март", headers={"List-Unsubscribe": "<https://shop.example/no>"}
    ),
    "list-bulk": Spec(kind="bulk", subject="Срочно! Отчётность", headers={"Precedence": "bulk"}),
    "list-junk": Spec(kind="bulk", subject="Выгодно", headers={"Precedence": "junk"}, charset=KOI8),
    "own": Spec(kind="own", subject="[Заявка 100 245] Отчёт", sender=OURS, name="Svoy", answerable=True),
    "own-capitals": Spec(kind="own", subject="Отчёт", sender="Help@Svoy.Example", name=None, answerable=True),
    "own-tagged": Spec(kind="own", subject="Отчёт", sender="help+100245@svoy.example", name=None, answerable=True),
    "thanks": Spec(kind="thanks", subject="Re: Отчёт", text="Спасибо", answerable=True),
    "thanks-quoted": Spec(kind="thanks", subject="Re: Отчёт", text="Спасибо большое!" + QUOTED, answerable=True),
    "thanks-signed": Spec(kind="thanks", subject="Re: Отчёт", text="Ок, спасибо." + SIGNED, answerable=True),
    "thanks-polite": Spec(
        kind="thanks", subject="Отв: Отчёт", text="Добрый день!\nБольшое спасибо за помощь!" + SIGNED, answerable=True
    ),
    "thanks-koi8": Spec(kind="thanks", subject="Re: Отчёт", text="Благодарю!", charset=KOI8, answerable=True),
    "thanks-it-works": Spec(
        kind="thanks", subject="Re: Отчёт", text="Спасибо, всё работает!" + QUOTED, answerable=True
    ),
    "thanks-solved": Spec(kind="thanks", subject="RE: Отчёт", text="Вопрос решён, спасибо", answerable=True),
    "person-thanks-but": Spec(
        kind="request", subject="Re: Баланс", text="Спасибо, но всё равно не работает", answerable=True
    ),
    "person-thanks-and-more": Spec(
        kind="request", subject="Re: Больничный", text="Спасибо! И посмотрите больничный Петровой", answerable=True
    ),
    "person-not-delivered": Spec(kind="request", subject="Не доставлено уведомление из ФНС", answerable=True),
    "person-automatic": Spec(kind="request", subject="Автоматический ответ от СФР не загружается", answerable=True),
    "person-on-leave": Spec(kind="request", subject="Я в отпуске, а зарплату надо сдать сегодня", answerable=True),
    "person-submitted-no": Spec(
        kind="request", subject="Отчёт не уходит", headers={"Auto-Submitted": "no"}, answerable=True
    ),
    "person-robot": Spec(kind="request", subject="Заявка с сайта", sender="noreply@portal.example"),
    "person-suppressed": Spec(kind="request", subject="Отчёт", headers={"X-Auto-Response-Suppress": "OOF, AutoReply"}),
    "person-empty-path": Spec(kind="request", subject="Отчёт не уходит", envelope_empty=True),
}


def letter(name: str, spec: Spec) -> bytes:
    """As it goes over the wire."""
    charset, codec = spec.charset
    subject = spec.subject.encode(codec) if spec.raw_subject else word(spec.subject, charset, codec)
    sender = b"" if spec.name is None else word(spec.name, charset, codec) + b" "
    head = [
        *([b"Return-Path: <>"] if spec.envelope_empty else []),
        b"From: " + sender + f"<{spec.sender}>".encode(),
        b"To: <help@svoy.example>",
        b"Subject: " + subject,
        f"Message-ID: <{name}@uchrezhdenie.example>".encode(),
        *(f"{header}: {value}".encode() for header, value in spec.headers.items()),
        b"MIME-Version: 1.0",
    ]
    plain = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
    plain += body(spec.text, codec, "base64")
    below = plain if spec.report is None else _report(plain, spec.report)
    return b"\r\n".join(head) + b"\r\n" + below


def _report(plain: bytes, report: tuple[bytes, bytes]) -> bytes:
    whole = several("report", plain, STATUS % report, RETURNED)
    return whole.replace(b"multipart/report;", b"multipart/report; report-type=delivery-status;", 1)


def letters() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Name, bytes, what is to be read and what is to become of it."""
    for name, spec in SPECS.items():
        origin = spec.kind if spec.kind in {"auto_reply", "bounce", "bulk"} else "person"
        read = {
            "kind": spec.kind,
            "origin": origin,
            "answerable": spec.answerable,
            "sender": spec.sender.lower(),
            "subject": spec.subject,
        }
        yield name, letter(name, spec), read


def main() -> None:
    """Write them all."""
    folder = FOLDER / "unasked"
    folder.mkdir(exist_ok=True)
    for name, raw, _ in letters():
        (folder / f"{name}.eml").write_bytes(raw)
    expected = {name: read for name, _, read in letters()}
    text = json.dumps(expected, ensure_ascii=False, indent=1, sort_keys=True)
    (FOLDER / "unasked.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
