"""Letters by SMTP, by IMAP and from Mailgun, each over a real socket."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from hmac import new
from pathlib import Path
from urllib.parse import urlencode

import aiosmtplib
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from imap_tools import MailboxLoginError

from deploy.local.ports import some_free_ports
from services.intake.channels import imap
from services.intake.main import build_app
from services.intake.settings import IntakeSettings
from shared.clock import machine_now
from tests.conftest import SettingsFor
from tests.intake.conftest import DIRECTOR, MANAGER, Doors
from tests.intake.imap_server import Folder, imap_server
from tests.intake.letters import a_letter
from tests.kit import eventually, listening, serving

KEY, OLD_KEY = "mailgun key of the tests", "the key before"
OURS = "help@svoy.example"


def certificate() -> bytes:
    """A chain and its key, signed by itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "svoy")])
    now = machine_now()
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + signed.public_bytes(Encoding.PEM)


@pytest.fixture
async def folder() -> AsyncIterator[Folder]:
    """A mailbox somewhere."""
    async with imap_server() as running:
        yield running


@pytest.fixture
async def doors(settings_for: SettingsFor) -> AsyncIterator[Doors]:
    """Intake with every door for letters open; the mailbox is read when a test says so."""
    settings = settings_for(
        IntakeSettings,
        smtp_port=some_free_ports(1)[0],
        mail_addresses=OURS,
        mailgun_keys=f"{KEY.replace(' ', '-')} {OLD_KEY.replace(' ', '-')}",
    )
    app, url = build_app(settings), settings.amqp_url.get_secret_value()
    async with listening(url, "message.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, url)


async def requests(doors: Doors) -> int:
    """How many requests there are."""
    return await doors.reception.store.requests.count({})


async def by_smtp(doors: Doors, raw: bytes, to: str = OURS, sender: str = "buh@school5.ru") -> str:
    """What the listener answers in the end."""
    port = doors.app.state.post.settings.smtp_port

    async def connected() -> aiosmtplib.SMTP | None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
        try:
            await client.connect()
        except aiosmtplib.SMTPConnectError:
            return None
        return client

    client = await eventually(connected)
    try:
        return (await client.sendmail(sender, [to], raw))[1]
    finally:
        client.close()


async def test_a_letter_by_smtp_is_kept_before_it_is_accepted(doors: Doors) -> None:
    assert "Kept as" in await by_smtp(doors, a_letter("Не проходит отчёт"), "Help+100245@Svoy.Example")
    assert await requests(doors) == 1
    assert "Kept as" in await by_smtp(doors, a_letter("Не проходит отчёт"))
    assert await requests(doors) == 1


async def test_by_smtp_only_our_addresses_and_no_giants_are_taken(doors: Doors) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await by_smtp(doors, a_letter("x"), "somebody@else.ru")
    with pytest.raises(aiosmtplib.SMTPResponseException):
        await by_smtp(doors, a_letter("x" * 10_000_100))
    assert await requests(doors) == 0


async def test_a_letter_in_one_long_line_is_taken_by_smtp(doors: Doors) -> None:
    raw = b"From: a@b.ru\r\nSubject: x\r\n\r\n" + "Срочно ".encode("cp1251") * 5_000 + b"\r\n"
    assert "Kept as" in await by_smtp(doors, raw)
    assert await requests(doors) == 1


async def test_by_smtp_one_connection_too_many_is_told_to_come_again(doors: Doors) -> None:
    settings = doors.app.state.post.settings
    await by_smtp(doors, a_letter("x"))
    held = [await asyncio.open_connection("127.0.0.1", settings.smtp_port) for _ in range(settings.smtp_connections)]
    assert [(await reader.readline())[:3] for reader, _ in held] == [b"220"] * len(held)
    reader, writer = await asyncio.open_connection("127.0.0.1", settings.smtp_port)
    assert (await reader.read())[:4] == b"421 "
    for _, one in [*held, (reader, writer)]:
        one.close()

    async def again() -> bool:
        try:
            return "Kept as" in await by_smtp(doors, a_letter("y"))
        except (aiosmtplib.SMTPException, OSError):
            return False

    await eventually(again)


async def test_with_a_certificate_letters_come_by_starttls(settings_for: SettingsFor, tmp_path: Path) -> None:
    chain = tmp_path / "chain.pem"
    chain.write_bytes(certificate())
    (port,) = some_free_ports(1)
    settings = settings_for(IntakeSettings, smtp_port=port, mail_addresses=OURS, smtp_certificate=chain)
    app = build_app(settings)
    async with serving(app):

        async def sent() -> str | None:
            client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=True, validate_certs=False)
            try:
                await client.connect()
            except aiosmtplib.SMTPConnectError:
                return None
            try:
                return (await client.sendmail("a@b.ru", [OURS], a_letter("x")))[1]
            finally:
                client.close()

        assert "Kept as" in await eventually(sent)


async def test_what_comes_by_smtp_from_nobody_opens_nothing(doors: Doors) -> None:
    await by_smtp(doors, a_letter("Ошибка", "Undelivered Mail Returned to Sender"), sender="")
    assert (await doors.heard.one("message.received")).body["kind"] == "bounce"
    assert await requests(doors) == 0


async def test_a_mailbox_is_read_once_and_seen_after_it_is_kept(doors: Doors, folder: Folder) -> None:
    office = doors.app.state.post
    folder.letters = {3: a_letter("Первое", "1"), 5: b"\xff\x00 no letter at all"}
    assert await imap.read_new(office, folder.url) == 2
    assert (await requests(doors), folder.seen) == (2, [3, 5])
    assert await imap.read_new(office, folder.url) == 0
    folder.letters[9] = a_letter("Ещё", "2")
    assert await imap.read_new(office, folder.url) == 1
    assert await requests(doors) == 3


async def test_of_the_history_of_a_mailbox_only_the_unseen_is_read_and_of_what_comes_later_all(
    doors: Doors, folder: Folder
) -> None:
    office = doors.app.state.post
    folder.letters = {uid: a_letter(f"Письмо {uid}", f"{uid}") for uid in (1, 2, 3, 4)}
    folder.seen, folder.break_at = [1, 3, 4], 2
    with pytest.raises(imap.BROKEN):
        await imap.read_new(office, folder.url)
    folder.letters[5] = a_letter("Прочитанное раньше нас", "5")
    folder.seen.append(5)
    assert await imap.read_new(office, folder.url) == 2
    assert await imap.read_new(office, folder.url) == 0
    assert (await requests(doors), folder.seen) == (2, [1, 3, 4, 5, 2, 5])


async def test_a_connection_that_breaks_loses_nothing_and_repeats_nothing(doors: Doors, folder: Folder) -> None:
    office = doors.app.state.post
    folder.letters = {uid: a_letter(f"Письмо {uid}", f"{uid}") for uid in (1, 2, 3)}
    folder.break_at = 2
    with pytest.raises(imap.BROKEN):
        await imap.read_new(office, folder.url)
    assert (await requests(doors), folder.seen) == (1, [1])
    assert await imap.read_new(office, folder.url) == 2
    assert (await requests(doors), folder.seen) == (3, [1, 2, 3])


async def test_a_mailbox_that_was_made_anew_is_read_again_and_opens_nothing_twice(doors: Doors, folder: Folder) -> None:
    folder.letters = {1: a_letter("Первое", "1")}
    await imap.read_new(doors.app.state.post, folder.url)
    folder.validity, folder.seen, folder.letters = 8, [], {1: a_letter("Второе", "2"), 2: a_letter("Первое", "1")}
    assert await imap.read_new(doors.app.state.post, folder.url) == 2
    assert await requests(doors) == 2


async def test_a_letter_too_large_for_a_document_is_kept_whole_and_the_next_is_read(
    doors: Doors, folder: Folder
) -> None:
    giant = b"From: a@b.ru\r\nSubject: giant\r\n\r\n" + b"x" * 16_800_000
    folder.letters = {1: giant, 2: a_letter("Следующее", "2")}
    assert await imap.read_new(doors.app.state.post, folder.url) == 2
    assert (await requests(doors), folder.seen) == (2, [1, 2])
    found = (await doors.heard.several(2, "message.received"))[0]
    assert await doors.reception.store.letter(found.subject) == giant
    assert (await doors.get(f"/v1/emails/{found.subject}")).json()["size"] == len(giant)


async def test_a_letter_that_cannot_be_kept_is_parked_in_sight_and_tried_again(doors: Doors, folder: Folder) -> None:
    office, database = doors.app.state.post, doors.reception.store.mails.collection.database
    validator = {"subject": {"$ne": "яд"}}
    await database.command("collMod", "mails", validator=validator)
    folder.letters = {1: a_letter("Первое", "1"), 2: a_letter("Второе", "яд"), 3: a_letter("Третье", "3")}
    assert await imap.read_new(office, folder.url) == 3
    assert folder.seen == [1, 3]
    (box,) = (await doors.get("/v1/mailboxes")).json()
    assert (box["last_uid"], [(one["uid"], one["tries"]) for one in box["parked"]]) == (3, [(2, 1)])
    assert (await doors.get("/v1/mailboxes", MANAGER)).status_code == 403
    await database.command("collMod", "mails", validator={})
    assert await imap.read_new(office, folder.url) == 0
    assert folder.seen == [1, 3]
    await doors.http.put("/v1/clock", json={"offset_seconds": 61}, headers=DIRECTOR)
    await imap.read_new(office, folder.url)
    assert folder.seen == [1, 3, 2]
    assert (await doors.get("/v1/mailboxes")).json()[0]["parked"] == []
    assert await requests(doors) == 3


async def test_a_letter_the_server_does_not_give_is_parked_unseen_and_nobodys_letters_are_expunged(
    doors: Doors, folder: Folder
) -> None:
    office = doors.app.state.post
    folder.letters = {1: a_letter("Первое", "1"), 2: a_letter("Второе", "2")}
    folder.refuse_at = 1
    assert await imap.read_new(office, folder.url) == 2
    (box,) = (await doors.get("/v1/mailboxes")).json()
    assert (folder.seen, [(one["uid"], "not now" in one["why"]) for one in box["parked"]]) == ([2], [(1, True)])
    folder.refuse_at = None
    await doors.http.put("/v1/clock", json={"offset_seconds": 61}, headers=DIRECTOR)
    await imap.read_new(office, folder.url)
    assert (await requests(doors), folder.seen, folder.expunged) == (2, [2, 1], False)


async def test_a_server_that_marks_nothing_as_seen_does_not_stop_the_reading(
    doors: Doors, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, keep = doors.app.state.post, doors.app.state.post.receive

    async def kept_then_refused(raw: bytes, by: str, *, cut: bool) -> object:
        folder.refuse_at = 1
        return await keep(raw, by, cut=cut)

    monkeypatch.setattr(office, "receive", kept_then_refused)
    folder.letters = {1: a_letter("Первое", "1"), 2: a_letter("Второе", "2")}
    assert await imap.read_new(office, folder.url) == 2
    assert (await requests(doors), folder.seen) == (2, [2])
    assert await imap.read_new(office, folder.url) == 0


async def test_a_wrong_password_is_said(doors: Doors, folder: Folder) -> None:
    with pytest.raises(MailboxLoginError):
        await imap.read_new(doors.app.state.post, folder.url.replace("secret", "wrong"))


async def test_the_service_reads_its_mailbox_by_itself(settings_for: SettingsFor, folder: Folder) -> None:
    folder.letters = {1: a_letter("Первое", "1")}
    folder.break_at = 1
    settings = settings_for(IntakeSettings, imap_url=folder.url, imap_every_seconds=0.1)
    async with serving(build_app(settings)):
        await eventually(lambda: folder.seen == [1])


def signed(raw: bytes, key: str = KEY, age: int = 0) -> dict[str, str]:
    """Mailgun's fields for a letter."""
    timestamp = str(int(machine_now().timestamp()) - age)
    signature = new(key.replace(" ", "-").encode(), f"{timestamp}t".encode(), sha256).hexdigest()
    return {"timestamp": timestamp, "token": "t", "signature": signature, "body-mime": raw.decode("latin-1")}


async def mailgun(doors: Doors, fields: dict[str, str]) -> tuple[int, dict[str, object]]:
    """The answer to a form of Mailgun's."""
    answer = await doors.http.post(
        "/v1/emails/mailgun/mime",
        content=urlencode(fields, encoding="latin-1"),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    return answer.status_code, answer.json()


async def test_mailguns_letter_is_taken_byte_by_byte_under_either_key(doors: Doors) -> None:
    raw = b"From: a@b.ru\r\nSubject: x\r\n\r\n" + "Срочно".encode("cp1251")
    status, body = await mailgun(doors, signed(raw))
    assert (status, body["kind"]) == (200, "request")
    assert await doors.reception.store.letter(str(body["message_id"])) == raw
    assert await mailgun(doors, signed(raw, OLD_KEY)) == (200, body)


async def test_mailguns_letter_in_a_multipart_form_is_the_same(doors: Doors) -> None:
    raw = a_letter("Не проходит")
    fields = {name: (None, value.encode("latin-1")) for name, value in signed(raw).items()}
    answer = await doors.http.post("/v1/emails/mailgun/mime", files=fields)
    assert answer.status_code == 200
    assert await doors.reception.store.letter(answer.json()["message_id"]) == raw


async def test_what_is_not_mailguns_is_refused(doors: Doors) -> None:
    raw = a_letter("x")
    for fields, status in [
        (signed(raw, "another key"), 401),
        (signed(raw, age=400), 401),
        (signed(raw, age=-400), 401),
        (signed(raw) | {"token": "u"}, 401),
        (signed(raw) | {"signature": b64encode(b"x").decode()}, 401),
        ({"body-mime": "x"}, 400),
        (signed(b""), 400),
    ]:
        assert (await mailgun(doors, fields))[0] == status, fields
    plain = await doors.http.post("/v1/emails/mailgun/mime", content=b"{}", headers={"Content-Type": "text/plain"})
    assert plain.status_code == 400
    assert await requests(doors) == 0
