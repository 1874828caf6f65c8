"""Signed passes for people and services: what an identity provider gives out in production, made by hand."""

import json
from collections.abc import Sequence
from datetime import timedelta

from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.clock import machine_now
from shared.roles import ISSUER


def new_key() -> str:
    """A new private Ed25519 key, as a JWK in JSON."""
    key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"}, private=True, auto_kid=True)
    return json.dumps(key.as_dict(private=True))


def public_key(private_key: str) -> str:
    """The public half of a private JWK: what services check passes with (`SVOY_JWT_PUBLIC_KEY`)."""
    return json.dumps(OKPKey.import_key(json.loads(private_key)).as_dict(private=False))


def sign(private_key: str, subject: str, roles: Sequence[str], valid: timedelta) -> str:
    """A pass that says: the bearer is `subject` and has `roles`. A negative `valid` makes an expired one."""
    now = machine_now()
    claims = {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": subject,
        "roles": list(roles),
        "iat": int(now.timestamp()),
        "exp": int((now + valid).timestamp()),
    }
    return jwt.encode({"alg": "Ed25519"}, claims, OKPKey.import_key(json.loads(private_key)), algorithms=["Ed25519"])
