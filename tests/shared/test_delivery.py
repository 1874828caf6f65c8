"""Letters and webhooks: kept, sent once, tried again, given up, sent again; on a real SMTP and a real HTTP server."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from pydantic import SecretStr
from standardwebhooks import Webhook

from shared.delivery import Deliveries, Delivery, DeliverySettings, Hook, Letter, doors, hook_url
from shared.delivery.delivery import AGAIN_AFTER, CLAIM
from shared.service import Service
from tests.conftest import SettingsFor
from tests.kit import eventually, on_port, serving, token
from tests.mail_server import Post, mail_server

SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
OLD_SECRET = "whsec_b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xk"
LEAD = token("lead")
AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LETTER = Letter(to=("Анна Петровна <anna@school1.example>",), subject="Заявка 100 245", text="Приняли.\n")


@dataclass
class Listener:
    """An HTTP server that takes webhooks."""

    answers: list[int] = field(default_factory=list)
    taken: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: Request) -> Response:
        self.taken.append((dict(request.headers), await request.body()))
        status = self.answers.pop(0) if self.answers else 204
        return Response(status_code=status, headers={"location": f"{self.url}/elsewhere"})


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with mail_server() as running:
        yield running


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    found = Listener()
    app = FastAPI()
    app.add_api_route("/{path:path}", found.take, methods=["POST"])
    async with on_port(app) as found.url:
        yield found


@dataclass
class House:
    """A service that sends, and its doors."""

    service: Service
    deliveries: Deliveries
    client: httpx.AsyncClient

    async def is_now(self, delivery_id: str, standing: str) -> dict[str, Any]:
        """The delivery as the door shows it, once it stands so."""

        async def found() -> dict[str, Any] | None:
            answer = (await self.client.get(f"/v1/deliveries/{delivery_id}", headers=LEAD)).json()
            return answer if answer["standing"] == standing else None

        return await eventually(found)

    async def tried(self, delivery_id: str) -> dict[str, Any]:
        """The delivery as the door shows it, once it failed and waits."""

        async def found() -> dict[str, Any] | None:
            answer = (await self.client.get(f"/v1/deliveries/{delivery_id}", headers=LEAD)).json()
            return answer if answer["attempts"] else None

        return await eventually(found)


@asynccontextmanager
async def house(settings: DeliverySettings) -> AsyncIterator[House]:
    """A running service with nothing but deliveries."""
    service = Service("sla_monitor", settings)
    deliveries = Deliveries(service, settings)
    service.app.include_router(doors.router(deliveries))
    async with serving(service.app) as client:
        yield House(service, deliveries, client)


@pytest.fixture
def sending(settings_for: SettingsFor, post: Post, listener: Listener) -> DeliverySettings:
    assert listener.url
    return settings_for(
        DeliverySettings,
        smtp_url=SecretStr(post.url),
        mail_from="Свой человек <svoy@company.example>",
        hook_secrets=f"{SECRET} {OLD_SECRET}",
    )


async def test_a_letter_arrives_whole(sending: DeliverySettings, post: Post) -> None:
    letter = replace(LETTER, headers={"Auto-Submitted": "auto-replied", "In-Reply-To": "<1@school1.example>"})
    async with house(sending) as there:
        await there.deliveries.send("d1", letter, about="r1")
        shown = await there.is_now("d1", "delivered")
    (message,) = post.taken
    assert message["From"] == "Свой человек <svoy@company.example>"
    assert message["To"] == "Анна Петровна <anna@school1.example>"
    assert message["Subject"] == "Заявка 100 245"
    assert message["Message-ID"] == "<d1@company.example>"
    assert (message["Auto-Submitted"], message["In-Reply-To"]) == ("auto-replied", "<1@school1.example>")
    assert message.get_content().replace("\r\n", "\n") == "Приняли.\n"
    assert shown["next_try"] is None
    assert [attempt["error"] for attempt in shown["attempts"]] == [None]


async def test_a_webhook_arrives_signed_with_every_key(sending: DeliverySettings, listener: Listener) -> None:
    async with house(sending) as there:
        await there.deliveries.send(
            "d1", Hook(url=listener.url, type="sla.breached", payload={"клиент": "Школа"}), about="r1"
        )
        await there.is_now("d1", "delivered")
    ((headers, body),) = listener.taken
    assert headers["webhook-id"] == "d1"
    for secret in (SECRET, OLD_SECRET):
        assert Webhook(secret).verify(body, dict(headers)) == json.loads(body)
    assert json.loads(body)["data"] == {"клиент": "Школа"}


async def test_what_is_asked_for_twice_goes_out_once(sending: DeliverySettings, post: Post) -> None:
    async with house(sending) as there:
        await there.deliveries.send("d1", LETTER, about="r1")
        await there.deliveries.send("d1", replace(LETTER, subject="Другое"), about="r1")
        await there.is_now("d1", "delivered")
        await there.deliveries.send("d1", LETTER, about="r1")
        await there.deliveries.send("d2", LETTER, about="r1")
        await there.is_now("d2", "delivered")
    assert [message["Message-ID"] for message in post.taken] == ["<d1@company.example>", "<d2@company.example>"]


async def test_two_replicas_send_it_once(sending: DeliverySettings, post: Post) -> None:
    async with house(sending) as one, house(sending) as two:
        for number in range(20):
            await (one, two)[number % 2].deliveries.send(f"d{number}", LETTER, about="r1")
        for number in range(20):
            await one.is_now(f"d{number}", "delivered")
    assert sorted(message["Message-ID"] for message in post.taken) == sorted(
        f"<d{number}@company.example>" for number in range(20)
    )


async def test_a_server_that_is_busy_is_tried_again(sending: DeliverySettings, post: Post) -> None:
    post.answers = ["451 try later"]
    async with house(sending) as there:
        await there.deliveries.send("d1", LETTER, about="r1")
        shown = await there.tried("d1")
        assert shown["standing"] == "waiting"
        assert "451" in shown["attempts"][0]["error"]
        wait = datetime.fromisoformat(shown["next_try"]) - datetime.fromisoformat(shown["attempts"][0]["at"])
        assert wait == AGAIN_AFTER[0]
        await there.is_now("d1", "delivered")
    assert len(post.taken) == 1


async def test_what_failed_in_the_day_is_not_tried_at_night(sending: DeliverySettings, post: Post) -> None:
    """By the service's own clock; a person who wants it now gets it now."""
    post.answers = ["451 busy"]
    async with house(sending) as there:
        now = there.service.clock.now()
        hour = timedelta(hours=1)
        hours = ((now - hour, now + hour), (now + 9 * hour, now + 10 * hour))
        await there.deliveries.send("d1", LETTER, about="r1", hours=hours)
        await there.tried("d1")
        there.service.clock.offset += 2 * hour

        async def rests() -> bool:
            found = await there.deliveries.documents.get("d1")
            return found is not None and found.due is not None and found.resting and found.due > now + 6 * hour

        await eventually(rests)
        assert post.taken == []
        await there.client.post("/v1/deliveries/d1/resend", headers=LEAD)
        await there.is_now("d1", "delivered")


def test_it_rests_until_its_hours_and_no_longer_than_there_are_any() -> None:
    hour = timedelta(hours=1)
    one = Delivery(delivery_id="d1", about="r1", letter=LETTER, created_at=AT, due=AT)
    held = replace(one, hours=((AT, AT + hour), (AT + 3 * hour, AT + 4 * hour)))
    assert [held.rest(AT + number * hour) / hour for number in (-1, 0, 1, 2, 3, 4, 9)] == [1, 0, 2, 1, 0, 0, 0]
    assert one.rest(AT) == timedelta()
    assert held.put_off(AT).claimed(AT).resting is False


async def test_an_address_the_server_does_not_know_is_given_up_and_sent_again_on_demand(
    sending: DeliverySettings, post: Post
) -> None:
    post.answers = ["550 no such user"]
    async with house(sending) as there:
        await there.deliveries.send("d1", LETTER, about="r1")
        shown = await there.is_now("d1", "given_up")
        assert "550" in shown["attempts"][0]["error"]
        answer = await there.client.post("/v1/deliveries/d1/resend", headers=LEAD)
        assert answer.json()["standing"] in {"waiting", "delivered"}
        shown = await there.is_now("d1", "delivered")
    assert len(shown["attempts"]) == 2
    assert len(post.taken) == 1


@pytest.mark.parametrize(
    "letter",
    [
        replace(LETTER, to=("никто",)),
        replace(LETTER, to=("anna@school1.example\r\nBcc: all@school1.example",)),
        replace(LETTER, headers={"In-Reply-To": "<1@a>\r\nBcc: all@school1.example"}),
        replace(LETTER, headers={"To": "second@school1.example"}),
    ],
)
async def test_a_letter_that_cannot_be_written_is_given_up_and_says_why(
    sending: DeliverySettings, post: Post, letter: Letter
) -> None:
    async with house(sending) as there:
        await there.deliveries.send("d1", letter, about="r1")
        shown = await there.is_now("d1", "given_up")
    assert "Письмо не составить: проверьте адрес" in shown["attempts"][0]["error"]
    assert not post.taken


async def test_what_breaks_in_a_way_nobody_thought_of_is_tried_again_and_its_neighbours_go_out_once(
    sending: DeliverySettings, listener: Listener
) -> None:
    payloads: dict[str, dict[str, object]] = {"d1": {"at": datetime(2026, 11, 9, tzinfo=UTC)}, "d2": {}, "d3": {}}
    async with house(sending) as there:
        for delivery_id, payload in payloads.items():
            hook = Hook(url=listener.url, type="sla.breached", payload=payload)
            await there.deliveries.send(delivery_id, hook, about="r1")
        shown = await there.tried("d1")
        assert (shown["standing"], len(shown["attempts"])) == ("waiting", 1)
        assert "TypeError" in shown["attempts"][0]["error"]
        for delivery_id in ("d2", "d3"):
            await there.is_now(delivery_id, "delivered")
    assert sorted(headers["webhook-id"] for headers, _ in listener.taken) == ["d2", "d3"]


async def test_a_subject_of_several_lines_and_half_letters_goes_out_readable(
    sending: DeliverySettings, post: Post
) -> None:
    async with house(sending) as there:
        await there.deliveries.send(
            "d1", replace(LETTER, subject="Срочно\r\nBcc: x@y.example", text="а\udce0б"), about="r1"
        )
        await there.is_now("d1", "delivered")
    assert post.taken[0]["Subject"] == "Срочно Bcc: x@y.example"
    assert post.taken[0]["Bcc"] is None
    assert "а?б" in post.taken[0].get_content()


async def test_a_mail_server_that_is_away_holds_up_neither_the_sender_nor_the_webhooks(
    settings_for: SettingsFor, listener: Listener
) -> None:
    settings = settings_for(DeliverySettings, smtp_url=SecretStr("smtp://127.0.0.1:1"), hook_secrets=SECRET)
    async with house(settings) as there:
        await there.deliveries.send("letter", LETTER, about="r1")
        await there.deliveries.send("hook", Hook(url=listener.url, type="t", payload={}), about="r1")
        await there.is_now("hook", "delivered")
        assert (await there.tried("letter"))["standing"] == "waiting"


async def test_without_a_mail_server_letters_wait_and_are_shown(settings_for: SettingsFor) -> None:
    async with house(settings_for(DeliverySettings)) as there:
        assert not there.deliveries.takes("letter")
        await there.deliveries.send("d1", LETTER, about="r1")
        page = (await there.client.get("/v1/deliveries?standing=waiting&kind=letter&about=r1", headers=LEAD)).json()
    assert [item["delivery_id"] for item in page["items"]] == ["d1"]


@pytest.mark.parametrize(("status", "standing"), [(500, "waiting"), (302, "waiting"), (410, "given_up")])
async def test_only_a_2xx_is_an_arrival(
    sending: DeliverySettings, listener: Listener, status: int, standing: str
) -> None:
    listener.answers = [status]
    async with house(sending) as there:
        await there.deliveries.send("d1", Hook(url=listener.url, type="t", payload={}), about="r1")
        shown = await there.tried("d1")
    assert (shown["standing"], shown["attempts"][0]["error"]) == (standing, f"Адрес ответил: {status}")
    assert len(listener.taken) == 1


async def test_a_hook_to_nowhere_waits_for_another_try(sending: DeliverySettings) -> None:
    async with house(sending) as there:
        await there.deliveries.send("d1", Hook(url="http://127.0.0.1:1/", type="t", payload={}), about="r1")
        assert "ConnectError" in (await there.tried("d1"))["attempts"][0]["error"]


async def test_the_doors_are_for_leads_and_directors(sending: DeliverySettings) -> None:
    async with house(sending) as there:
        assert (await there.client.get("/v1/deliveries", headers=token("manager"))).status_code == 403
        assert (await there.client.get("/v1/deliveries/nothing", headers=LEAD)).status_code == 404
        assert (await there.client.post("/v1/deliveries/nothing/resend", headers=LEAD)).status_code == 404
        assert (await there.client.get("/v1/deliveries?standing=lost", headers=LEAD)).status_code == 422


def test_what_fails_too_often_is_given_up() -> None:
    delivery = Delivery(delivery_id="d1", about="r1", letter=LETTER, created_at=AT, due=AT)
    for after in AGAIN_AFTER:
        delivery = delivery.failed(AT, "no", for_good=False)
        assert (delivery.standing, delivery.due) == ("waiting", AT + after)
    delivery = delivery.failed(AT, "no", for_good=False)
    assert (delivery.standing, delivery.due) == ("given_up", None)
    assert delivery.asked_again(AT).due == AT
    assert delivery.asked_again(AT).failed(AT, "no", for_good=False).due == AT + AGAIN_AFTER[0]


def test_what_a_crash_left_claimed_is_tried_again_later() -> None:
    delivery = Delivery(delivery_id="d1", about="r1", letter=LETTER, created_at=AT, due=AT)
    assert delivery.claimed(AT).due == AT + CLAIM
    assert timedelta(seconds=60) < CLAIM


@pytest.mark.parametrize(
    "url",
    ["http://a.example/", "ftp://a.example", "https://", "a.example", "https://user:pass@a.example/", "https://["],
)
def test_where_no_webhook_goes(url: str) -> None:
    with pytest.raises(ValueError, match="адрес вебхука"):
        hook_url(url)


def test_where_a_webhook_goes() -> None:
    assert hook_url("https://a.example/hook?x=1") == "https://a.example/hook?x=1"
    assert hook_url("http://127.0.0.1:8/", plain=True) == "http://127.0.0.1:8/"


@pytest.mark.parametrize(
    "over",
    [{"smtp_url": "http://mail.example"}, {"smtp_url": "smtp://"}, {"hook_secrets": "secret"}],
)
def test_settings_that_cannot_be_are_refused(settings_for: SettingsFor, over: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"нужен адрес smtp|whsec_ и base64"):
        settings_for(DeliverySettings, **over)
