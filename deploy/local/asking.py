"""What commands ask running services, with a director's pass of a few minutes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx

from deploy.local import given
from deploy.local.board import read_board
from deploy.local.credentials import Credentials
from deploy.local.errors import HouseError, NotRunning
from deploy.local.home import Home
from deploy.local.ports import HOST
from deploy.tokens import sign
from shared.settings import PORTS

PASS_FOR = timedelta(minutes=5)


def private_key() -> str:
    """What passes are signed with: given, or that of the house on this machine. Raises `HouseError`."""
    own = given.private_key()
    if own is not None:
        return own
    home = Home.usual()
    if not home.credentials.exists():
        raise HouseError(
            f"Нет ключа: в папке {home.root} система ещё не запускалась. Запустите svoy up или задайте "
            "SVOY_JWT_PRIVATE_KEY (закрытый ключ Ed25519 в виде JWK)."
        )
    return Credentials.kept(home.credentials).jwt_private_key


def ask(service: str, method: str, path: str, *, url: str | None, within: float, **body: Any) -> dict[str, Any]:
    """The answer of a service's door, at `url` or on this machine; `body` is `params` or `json`, `within` seconds.

    Raises `HouseError` where the service does not answer, or refuses.
    """
    url = (url or _address(service)).rstrip("/")
    bearer = sign(private_key(), f"svoy-{service}", ["director"], PASS_FOR)
    try:
        # Not through a proxy of the environment: the pass is for the service alone.
        with httpx.Client(timeout=within, trust_env=False) as client:
            answer = client.request(method, url + path, headers={"Authorization": f"Bearer {bearer}"}, **body)
            found: dict[str, Any] = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise HouseError(f"{service} по адресу {url} не ответил: {error}.") from None
    if answer.is_error:
        raise HouseError(f"{service} отказал: {found.get('detail') or found.get('title')} {found.get('errors') or ''}")
    return found


def ask_pages(service: str, path: str, *, url: str | None, within: float) -> Iterator[dict[str, Any]]:
    """The answers of a door that looks through everything page by page; raises as `ask` does."""
    after: str | None = None
    while True:
        params = {} if after is None else {"after": after}
        page = ask(service, "GET", path, url=url, within=within, params=params)
        yield page
        after = page["next"]
        if after is None:
            return


def _address(service: str) -> str:
    home = Home.usual()
    if home.keeper() is None:
        raise NotRunning(f"Система не запущена в папке {home.root}. Запустить: svoy up; или назовите --url.")
    ports = {row.name: row.port for row in read_board(home.board).rows}
    return f"http://{HOST}:{ports.get(service) or PORTS[service]}"
