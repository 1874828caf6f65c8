"""Webhooks, by Standard Webhooks."""

import json
from collections.abc import Sequence
from http import HTTPStatus

import httpx
from standardwebhooks import Webhook

from shared.clock import machine_now
from shared.delivery.delivery import Delivery, Hook
from shared.delivery.failure import Failed
from shared.settings import server

TIMEOUT = 15.0


class Hooks:
    """Posts what others want to hear of, signed with every key in force."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [Webhook(secret) for secret in secrets]

    async def send(self, delivery: Delivery, hook: Hook) -> None:
        """Post it. Raises `Failed` unless the answer is 2xx; 410 says that nobody wants it any more."""
        body = json.dumps(
            {"type": hook.type, "timestamp": delivery.created_at.isoformat(), "data": hook.payload}, ensure_ascii=False
        )
        headers = self._signed(delivery.delivery_id, body) | {"content-type": "application/json"}
        try:
            async with (
                httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", hook.url, content=body.encode(), headers=headers) as answer,
            ):
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            why = f"{type(error).__name__}: {error}"
            raise Failed(why, f"Адрес не отвечает: {why}") from None
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise Failed(f"answered {status}", f"Адрес ответил: {status}", for_good=status == HTTPStatus.GONE)

    def _signed(self, message_id: str, body: str) -> dict[str, str]:
        now = machine_now()
        signatures = " ".join(key.sign(message_id, now, body) for key in self._keys)
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signatures,
        }


def hook_url(text: str, *, plain: bool = False) -> str:
    """`text` if a webhook may be posted there: https (`plain`: http too), a host, no password in it. Raises
    `ValueError`, in Russian, where it may not."""
    parts = server(text, {"https", "http"} if plain else {"https"})
    if parts is None:
        raise ValueError("адрес вебхука: нужен полный адрес https://…")
    if parts.username or parts.password:
        raise ValueError("адрес вебхука: без имени и пароля в адресе; отправитель узнаётся по подписи")
    return text
