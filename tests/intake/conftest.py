"""Intake running, with its doors at hand."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from standardwebhooks import Webhook

from services.intake.main import build_app
from services.intake.reception import Reception
from services.intake.settings import IntakeSettings
from shared.clock import machine_now
from shared.ids import random_id
from tests.conftest import SettingsFor
from tests.intake.samples import PUBLIC, a_client
from tests.kit import Ear, eventually, listening, publish, serving, token
from tests.mail_server import Post, mail_server

DIRECTOR = token("director", subject="d1")
MANAGER = token("manager", subject="m1")
OTHER_MANAGER = token("manager", subject="m2")
SPECIALIST = token("specialist", subject="s1")
SECRET = "whsec_" + b64encode(b"a secret of the tests only").decode()
MANGO_KEY, MANGO_SALT = "vpbx-of-the-tests", "salt-of-the-tests"


@dataclass(frozen=True, slots=True)
class Doors:
    """The service's HTTP doors, and what it was heard to publish."""

    http: httpx.AsyncClient
    heard: Ear
    app: FastAPI
    amqp_url: str

    @property
    def reception(self) -> Reception:
        """What the doors work with."""
        reception: Reception = self.app.state.deps
        return reception

    async def post(self, path: str, body: Any = None, who: dict[str, str] = MANAGER, key: str | None = None) -> Any:
        """The answer to a POST of JSON."""
        headers = who | ({} if key is None else {"Idempotency-Key": key})
        return await self.http.post(path, json=body, headers=headers)

    async def get(self, path: str, who: dict[str, str] = DIRECTOR, **query: Any) -> Any:
        """The answer to a GET."""
        return await self.http.get(path, headers=who, params=query)

    async def key(self, *scopes: str) -> dict[str, str]:
        """The header of a new API key with these scopes."""
        made = await self.post("/v1/api-keys", {"name": "tests", "scopes": list(scopes)}, DIRECTOR)
        assert made.status_code == 201, made.text
        return {"X-API-Key": made.json()["key"]}

    async def registered(self, who: dict[str, str] = MANAGER, **over: Any) -> dict[str, Any]:
        """A registered request; of a caller nobody knows, unless told otherwise."""
        body: dict[str, Any] = {"channel": "phone", "contact": {"phone": "+7 913 765-43-21"}, "subject": "Вопрос"}
        answer = await self.post("/v1/requests", body | over, who)
        assert answer.status_code in {200, 201}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def client(self, client_id: str = "c1", **over: Any) -> str:
        """A client that intake has heard of, its requests claimed."""
        await publish(self.amqp_url, a_client(client_id, **over))
        revision = over.get("revision", 1)

        async def known() -> bool:
            found = await self.reception.store.clients.get(client_id)
            return found is not None and found.revision >= revision

        await eventually(known)
        return client_id

    async def letter(self, raw: bytes, who: dict[str, str] = MANAGER) -> Any:
        """The answer to a raw letter."""
        return await self.http.post("/v1/emails", content=raw, headers=who | {"Content-Type": "message/rfc822"})

    async def webhook(self, body: Any, webhook_id: str | None = None, **over: str) -> Any:
        """The answer to a webhook of the generic telephony, once it is worked off."""
        answer = await self.sent(body, webhook_id, **over)
        await self.worked_off()
        return answer

    async def sent(self, body: Any, webhook_id: str | None = None, **over: str) -> Any:
        """The answer to a webhook of the generic telephony, as soon as it is kept."""
        content, sent, named = json.dumps(body), machine_now() - timedelta(seconds=1), webhook_id or random_id()
        headers = {
            "webhook-id": named,
            "webhook-timestamp": str(int(sent.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(named, sent, content),
        }
        return await self.http.post("/v1/calls/generic", content=content, headers=headers | over)

    async def worked_off(self) -> None:
        """Wait until nothing that was kept waits any more."""
        webhooks = self.reception.store.webhooks

        async def nothing_waits() -> bool:
            return await webhooks.count("waiting") == 0

        await eventually(nothing_waits)


@pytest.fixture
def settings(settings_for: SettingsFor) -> IntakeSettings:
    """Settings on a database of this test's own, every door set up."""
    return settings_for(IntakeSettings, webhook_secret=SECRET, mango_api_key=MANGO_KEY, mango_api_salt=MANGO_SALT)


@pytest.fixture
async def doors(settings: IntakeSettings) -> AsyncIterator[Doors]:
    """Intake running."""
    app, url = build_app(settings), settings.amqp_url.get_secret_value()
    async with listening(url, "request.#", "call.#", "message.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, url)


@pytest.fixture
async def outside() -> AsyncIterator[Post]:
    """A mail server outside."""
    async with mail_server() as running:
        yield running


@pytest.fixture
async def post(settings_for: SettingsFor, outside: Post) -> AsyncIterator[Doors]:
    """Intake with a way out for letters."""
    settings = settings_for(
        IntakeSettings,
        smtp_url=outside.url,
        mail_from="Svoy <help@svoy.example>",
        mail_addresses="help@svoy.example",
        public_url=PUBLIC,
    )
    app, url = build_app(settings), settings.amqp_url.get_secret_value()
    async with listening(url, "request.#", "message.#") as heard, serving(app) as http:
        yield Doors(http, heard, app, url)
