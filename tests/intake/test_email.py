"""Letters: whatever the bytes, there is something to show a person."""

from email.message import EmailMessage
from email.policy import SMTP
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.channels import email
from services.intake.domain.mails import NO_SUBJECT, UNREADABLE, Letter

TEXT = "Добрый день!\nНе можем сдать отчёт.\nС уважением, Иванова"


def letter(text: str = TEXT, charset: str = "utf-8", cte: str | None = None) -> EmailMessage:
    """A letter as a mail program writes it."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Иванова Ольга <Buh@School5.ru>"
    message["Subject"] = "Срочно: отчёт"
    message["Message-ID"] = "<1@school5.ru>"
    message.set_content(text, charset=charset, cte=cte)
    return message


def source(*headers: str, body: bytes = b"", charset: str = "ascii") -> bytes:
    """A letter byte by byte."""
    return "\r\n".join(headers).encode(charset) + b"\r\n\r\n" + body


@pytest.mark.parametrize("charset", ["koi8-r", "windows-1251", "utf-8"])
@pytest.mark.parametrize("cte", ["base64", "quoted-printable", "8bit"])
def test_a_russian_letter_is_read_in_every_usual_form(charset: str, cte: str) -> None:
    read = email.read(letter(charset=charset, cte=cte).as_bytes())
    assert read == Letter(
        header_id="<1@school5.ru>",
        sender="buh@school5.ru",
        sender_name="Иванова Ольга",
        subject="Срочно: отчёт",
        text=TEXT,
    )


def test_of_two_alternatives_the_plain_one_is_read() -> None:
    message = letter("простой")
    message.add_alternative("<p>красивый</p>", subtype="html")
    assert email.read(message.as_bytes()).text == "простой"


def test_a_letter_of_markup_alone_is_read_without_it() -> None:
    message = letter()
    markup = "<style>p{}</style><p>Добрый&nbsp;день!<br>1 &lt; 2</p><!--[if mso]>нет<![endif]--><td>а</td><td>б</td>"
    message.set_content(markup, subtype="html", charset="koi8-r")
    assert email.read(message.as_bytes()).text == "Добрый день!\n1 < 2\nа б"


def test_attachments_are_listed_and_can_be_taken_out() -> None:
    message = letter()
    message.add_attachment(b"\x00\x01\xff", maintype="application", subtype="pdf", filename="Отчёт за октябрь.pdf")
    message.add_attachment("таблица", subtype="csv", filename="../../etc/passwd")
    inner = letter("пересланное")
    message.add_attachment(inner)
    raw = message.as_bytes()
    listed = email.read(raw).attachments
    assert [(one.number, one.name, one.content_type) for one in listed] == [
        (1, "Отчёт за октябрь.pdf", "application/pdf"),
        (2, "_.._etc_passwd", "text/csv"),
        (3, "вложение-3", "message/rfc822"),
    ]
    assert email.attachment(raw, 1) == b"\x00\x01\xff"
    forwarded = email.attachment(raw, 3)
    assert forwarded is not None
    assert email.read(forwarded).text == "пересланное"
    assert email.attachment(raw, 0) is None
    assert email.attachment(raw, 4) is None
    assert email.read(raw).text == TEXT


@pytest.mark.parametrize(
    "disposition",
    [
        "attachment; filename*0*=koi8-r''%CF%D4; filename*1*=%DE%A3%D4.xls",
        "attachment; filename*=cp-1251''%EE%F2%F7%B8%F2.xls",
        'attachment; filename="=?koi8-r?B?z9Teo9Q=?=.xls"',
    ],
)
def test_a_file_name_is_read_however_it_is_written(disposition: str) -> None:
    (one,) = email.read(source("From: a@b.ru", f"Content-Disposition: {disposition}", body=b"x")).attachments
    assert one.name == "отчёт.xls"


def test_a_letter_without_headers_is_its_text() -> None:
    read = email.read("Просто текст\nв две строки".encode("koi8-r"))
    assert (read.sender, read.title, read.text) == (None, NO_SUBJECT, "Просто текст\nв две строки")


def test_a_letter_with_a_broken_charset_is_guessed_and_says_so() -> None:
    raw = source("From: a@b.ru", "Content-Type: text/plain; charset=utf-8", body=TEXT.encode("koi8-r"))
    read = email.read(raw)
    assert (read.text, read.faults) == (TEXT, ("charset",))


def test_raw_bytes_in_the_headers_are_guessed_and_said_so() -> None:
    raw = source("From: Иванова <a@b.ru>", "Subject: Срочно помогите", body=b"x", charset="cp1251")
    read = email.read(raw)
    assert (read.sender_name, read.sender, read.subject) == ("Иванова", "a@b.ru", "Срочно помогите")
    assert read.faults == ("from", "subject")


def test_a_multipart_without_its_boundary_is_read_as_text() -> None:
    assert email.read(source("From: a@b.ru", "Content-Type: multipart/mixed", body=b"hello")).text == "hello"


def test_a_letter_with_nothing_readable_says_so() -> None:
    assert email.read(b"\r\n").title == UNREADABLE


HOSTILE = {
    "10 000 headers": source(*(f"X-{n}: v" for n in range(10_000)), "From: a@b.ru", body=b"hello"),
    "10 000 subjects": source(*(f"Subject: {n}" for n in range(10_000)), "From: a@b.ru", body=b"hello"),
    "many parameters": source("Content-Type: text/plain; " + "a=1; " * 40_000, "From: a@b.ru", body=b"hello"),
    "an open quote": source('Content-Type: text/plain; a="' + ";" * 200_000, "From: a@b.ru", body=b"hello"),
    "open comments": source("From: a@b.ru", "To: " + "(" * 100_000, body=b"hello"),
    "an endless name": source("From: " + '"\\' * 50_000, body=b"hello"),
    "forwarded in forwarded": source("From: a@b.ru", *["Content-Type: message/rfc822\r\n"] * 2_000),
    "parts in parts": source(
        "From: a@b.ru", *(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}" for n in range(2_000))
    ),
    "10 000 parts": source(
        "From: a@b.ru", "Content-Type: multipart/mixed; boundary=b", body=b"--b\r\n\r\nx\r\n" * 10_000
    ),
    "open tags": source("From: a@b.ru", "Content-Type: text/html", body=b"<a " * 300_000),
    "open remarks": source("From: a@b.ru", "Content-Type: text/html", body=b"<!--" * 250_000),
    "open scripts": source("From: a@b.ru", "Content-Type: text/html", body=b"<script>" * 100_000),
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_letter_costs_no_minutes(raw: bytes) -> None:
    began = process_time()
    email.read(raw)
    email.identity_of(raw)
    assert process_time() - began < 5


def test_a_letter_of_parts_in_parts_and_many_lines_is_read_as_one_piece_and_says_so() -> None:
    nested = [f"Content-Type: Multipart/mixed; boundary=b{n}\r\n\r\n--b{n}" for n in range(600)]
    read = email.read(source("From: a@b.ru", "Subject: x", *nested, body=b"y\r\n" * 100_000))
    assert ("structure" in read.faults, read.sender, read.subject) == (True, "a@b.ru", "x")
    assert read.text.count("y") >= 100_000


def test_more_attachments_than_are_listed_stay_in_the_raw_letter() -> None:
    part = b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n"
    read = email.read(source("From: a@b.ru", "Content-Type: multipart/mixed; boundary=b", body=part * 501))
    assert len(read.attachments) == 500
    assert read.faults == ("attachments",)


PIECES = st.sampled_from(
    [
        b"From: a@b.ru\r\n", b"Subject: =?koi8-r?B?", b"\r\n\r\n", b"Content-Type: multipart/mixed; boundary=b\r\n",
        b"Content-Type: text/html; charset=cp-1251\r\n", b"--b\r\n", b"--b--", b"Content-Transfer-Encoding: base64\r\n",
        b"Content-Disposition: attachment; filename*0*=", b"charset*=utf-8''%", b"\xff\xfe", b"\r", b"\n ",
        b"Content-Type: message/rfc822\r\n", b"Content-Transfer-Encoding: x-uuencode\r\n", b"begin 666 x\r\n", b"=?",
        b";", b"Message-ID: <",
    ]
)  # fmt: skip


@settings(max_examples=500)
@given(st.binary(max_size=500) | st.lists(PIECES | st.binary(max_size=10), max_size=20).map(b"".join))
def test_any_bytes_are_a_letter_a_database_can_keep(raw: bytes) -> None:
    read = email.read(raw)
    names = [one.name for one in read.attachments]
    for text in [read.subject, read.text, read.sender or "", read.sender_name or "", read.header_id or "", *names]:
        assert text.encode().decode() == text
    for one in read.attachments:
        content = email.attachment(raw, one.number)
        assert content is not None
        assert len(content) == one.size
    assert email.identity_of(raw) == email.identity_of(raw)


def test_a_letter_is_the_same_whichever_way_it_came() -> None:
    raw = letter().as_bytes()
    by_another_way = b"Received: from somewhere\r\n" + raw.replace(b"\r\n", b"\n") + b"\n"
    assert email.identity_of(raw) == email.identity_of(by_another_way)


def test_another_text_under_the_same_id_is_another_letter() -> None:
    assert email.identity_of(letter().as_bytes()) != email.identity_of(letter("другое").as_bytes())


def test_two_letters_without_headers_are_told_apart_from_the_first_line() -> None:
    assert email.identity_of(b"one\n\nthe same") != email.identity_of(b"two\n\nthe same")
