"""Bytes into Russian text, whatever they claim to be."""

from base64 import b64encode
from email.header import Header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.channels.charsets import decoded, guessed, header_text

TEXT = "Добрый день! Не можем сдать отчёт в казначейство, зарплата сегодня."
WORDS = "срочно помогите сходится баланс зарплата отчёт школа бухгалтер Иванова программа казначейство ОТЧЁТ СРОЧНО"


def raw(text: str, charset: str) -> str:
    """A header with bytes above 127, as the parser leaves them."""
    return text.encode(charset).decode("ascii", "surrogateescape")


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("koi8-r", "koi8-r"),
        ("KOI8-R", "koi8-r"),
        ("windows-1251", "cp1251"),
        ("cp-1251", "cp1251"),
        ("win-1251", "cp1251"),
        ("windows_1251", "cp1251"),
        (' "koi8r" ', "koi8-r"),
        ("utf-8", "utf-8"),
        ("UTF8", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp866", "cp866"),
        ("iso-8859-5", "iso8859-5"),
    ],
)
def test_a_charset_is_known_by_whatever_name(charset: str, codec: str) -> None:
    assert decoded(TEXT.encode(codec), charset) == (TEXT, True)


@pytest.mark.parametrize("codec", ["utf-8", "cp1251", "koi8-r", "cp866"])
@pytest.mark.parametrize("claimed", [None, "", "x-unknown", "us-ascii", "iso-8859-1", "base64", "punycode", "\ud800"])
def test_a_charset_that_is_missing_or_untrue_is_guessed(codec: str, claimed: str | None) -> None:
    assert decoded(TEXT.encode(codec), claimed) == (TEXT, False)


def test_a_claim_the_bytes_contradict_is_not_believed() -> None:
    assert decoded(TEXT.encode("cp1251"), "utf-8") == (TEXT, False)


def test_plain_ascii_is_what_it_claims_to_be() -> None:
    assert decoded(b"hello", "us-ascii") == ("hello", True)
    assert decoded(b"hello", None) == ("hello", True)


@given(st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=8), st.sampled_from(["cp1251", "koi8-r", "utf-8"]))
def test_russian_words_are_guessed_right(words: list[str], codec: str) -> None:
    text = " ".join(words)
    assert guessed(text.encode(codec)) == text


@given(st.binary(max_size=300), st.text(max_size=20) | st.sampled_from(["utf-7", "utf-16", "hz", "gb18030", "idna"]))
def test_any_bytes_are_some_text_a_database_can_keep(data: bytes, charset: str) -> None:
    text, _ = decoded(data, charset)
    assert "\x00" not in text
    assert text.encode().decode() == text


@pytest.mark.parametrize("charset", ["koi8-r", "windows-1251", "utf-8"])
def test_encoded_words_are_read_even_torn_in_the_middle(charset: str) -> None:
    assert header_text(Header(TEXT, charset, maxlinelen=40).encode()) == (TEXT, True)


def test_a_letter_torn_between_two_encoded_words_is_put_together() -> None:
    first, second = "Привет".encode()[:3], "Привет".encode()[3:]
    words = [f"=?utf-8?b?{b64encode(piece).decode()}?=" for piece in (first, second)]
    assert header_text("\r\n ".join(words)) == ("Привет", True)


@pytest.mark.parametrize("charset", ["koi8-r", "cp1251", "utf-8"])
def test_raw_bytes_in_a_header_are_guessed(charset: str) -> None:
    assert header_text(raw("Тема письма", charset)) == ("Тема письма", False)


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("plain", "plain"),
        ("Re: =?utf-8?q?=D0=9F?= [1]", "Re: П [1]"),
        ("a =?utf-8?q?b?= =?utf-8?q?c?= d", "a bc d"),
        (f"=?koi8-r?B?{b64encode('сроч'.encode('koi8-r')).decode()}?= =?cp-1251?Q?=ED=EE?=", "срочно"),
        ("=?utf-8?B?!!!?=", "!!!"),
        ("=?utf-8*ru?Q?=D0=9F?=", "П"),
        ("=?broken", "=?broken"),
        (" folded\r\n\tline ", "folded line"),
    ],
)
def test_headers_as_they_come(header: str, text: str) -> None:
    assert header_text(header)[0] == text


@given(
    st.text(alphabet=st.characters(), max_size=100)
    | st.binary(max_size=100).map(lambda b: b.decode("ascii", "surrogateescape"))
)
def test_any_header_is_some_text(header: str) -> None:
    text, _ = header_text(header)
    assert text.encode().decode() == text
