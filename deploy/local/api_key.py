"""The API key for trying intake out, got through intake's own door as anybody gets one."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx

from deploy.local.credentials import Credentials
from deploy.local.errors import HouseError
from deploy.tokens import sign

NAME = "Разработка на этом компьютере"
SCOPES = ["requests:write", "emails:write"]
DAYS = 3650
DOOR = "/v1/api-keys"


async def with_api_key(credentials: Credentials, file: Path, intake_url: str, jwt_private_key: str) -> Credentials:
    """`credentials` with an API key that intake knows: the kept one, else a new one, which is kept in `file`."""
    director = sign(jwt_private_key, "svoy-up", ["director"], timedelta(minutes=5))
    headers = {"Authorization": f"Bearer {director}"}
    try:
        async with httpx.AsyncClient(base_url=intake_url, headers=headers, timeout=10, trust_env=False) as intake:
            known = (await intake.get(DOOR)).raise_for_status().json()
            if any(_is_of(credentials.api_key, key["prefix"]) for key in known):
                return credentials
            made = await intake.post(DOOR, json={"name": NAME, "scopes": SCOPES, "days": DAYS})
            key = made.raise_for_status().json()["key"]
    except httpx.HTTPError as error:
        raise HouseError(f"intake не выдал ключ API для разработки: {error}") from None
    return replace(credentials, api_key=key).keep(file)


def _is_of(key: str | None, prefix: str) -> bool:
    return key is not None and key.startswith(f"{prefix}.")
