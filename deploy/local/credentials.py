"""Passwords and keys of a house: made once, kept in its folder for its owner alone."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from deploy.local.errors import HouseError
from deploy.local.mongo import ROOT
from deploy.local.rights import ADMIN
from deploy.tokens import new_key
from shared.messaging.topology import SERVICES

OWNER_ONLY = 0o600


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """`amqp` and `mongo` are passwords by user; `api_key` is known once intake has given it out."""

    amqp: dict[str, str]
    mongo: dict[str, str]
    jwt_private_key: str
    webhook_secret: str
    mango_api_key: str
    mango_api_salt: str
    api_key: str | None = None

    @classmethod
    def new(cls) -> "Credentials":
        """Fresh ones."""
        return cls(
            amqp={user: secrets.token_urlsafe(24) for user in (ADMIN, *SERVICES)},
            mongo={user: secrets.token_urlsafe(24) for user in (ROOT, *SERVICES)},
            jwt_private_key=new_key(),
            webhook_secret="whsec_" + base64.b64encode(secrets.token_bytes(32)).decode(),
            mango_api_key=secrets.token_hex(16),
            mango_api_salt=secrets.token_hex(16),
        )

    @classmethod
    def kept(cls, file: Path) -> "Credentials":
        """Those kept in `file`; made, and for services new since then completed, where there are none."""
        try:
            found = cls(**json.loads(file.read_text()))
        except FileNotFoundError:
            return cls.new().keep(file)
        except (ValueError, TypeError) as error:
            raise HouseError(
                f"Файл {file} повреждён: {error}. Восстановите его из копии или начните заново: svoy wipe."
            ) from None
        fresh = cls.new()
        complete = replace(found, amqp=fresh.amqp | found.amqp, mongo=fresh.mongo | found.mongo)
        return found if complete == found else complete.keep(file)

    def keep(self, file: Path) -> "Credentials":
        """Write them to `file`, readable to its owner alone, whole or not at all."""
        new = file.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as out:
            json.dump(asdict(self), out, indent=1)
        new.replace(file)
        return self
