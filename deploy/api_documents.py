"""The kept descriptions of what the services offer: OpenAPI for each service's HTTP, AsyncAPI for all events.

python -m deploy.api_documents        writes docs/api/*.json anew; a test tells when they are out of date
"""

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import SecretStr

from deploy.tokens import new_key, public_key
from shared.contracts.base import Event
from shared.messaging.topology import EVENTS, SERVICES, listeners
from shared.settings import ServiceSettings

FOLDER = Path(__file__).parent.parent / "docs" / "api"


def documents() -> Mapping[str, dict[str, Any]]:
    """Every document by its file name."""
    return {f"{service}.openapi.json": openapi(service) for service in SERVICES} | {"events.asyncapi.json": asyncapi()}


def text_of(document: dict[str, Any]) -> str:
    """As it is kept."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def openapi(service: str) -> dict[str, Any]:
    """What FastAPI says of the service's doors."""
    return app_of(service, public_key(new_key())).openapi()


def app_of(service: str, key: str) -> FastAPI:
    """The service's app, connected to nothing; passes are checked with the public `key`."""
    anywhere = SecretStr("mongodb://127.0.0.1/none")
    module = import_module(f"services.{service}.settings")
    own = [kind for kind in vars(module).values() if getattr(kind, "__module__", None) == module.__name__]
    kind = next(kind for kind in own if isinstance(kind, type) and issubclass(kind, ServiceSettings))
    settings = kind(amqp_url=anywhere, mongo_url=anywhere, jwt_public_key=SecretStr(key))
    app: FastAPI = import_module(f"services.{service}.main").build_app(settings)
    return app


def asyncapi() -> dict[str, Any]:
    """Every event: its schema, who publishes it, who listens."""
    published = {kind.TYPE: (service, kind) for service in SERVICES for kind in events_of(service)}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Svoy: events", "version": "1", "description": "CloudEvents 1.0 in AMQP headers, JSON body."},
        "channels": {
            name: {
                "address": name,
                "description": f"{getdoc(kind)}\n\nPublished by {service}, heard by {_heard_by(name)}.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"}},
                "bindings": {"amqp": {"is": "routingKey", "exchange": {"name": EVENTS, "type": "topic"}}},
            }
            for name, (service, kind) in published.items()
        },
        "operations": {
            name: {"action": "send", "channel": {"$ref": f"#/channels/{name}"}, "tags": [{"name": service}]}
            for name, (service, _) in published.items()
        },
        "components": {
            "messages": {
                name: {
                    "name": name,
                    "summary": (getdoc(kind) or "").splitlines()[0],
                    "contentType": "application/json",
                    "payload": kind.model_json_schema(mode="serialization"),
                }
                for name, (_, kind) in published.items()
            }
        },
    }


def events_of(service: str) -> Iterator[type[Event]]:
    """The events in the contracts of one service."""
    for kind in vars(import_module(f"shared.contracts.{service}")).values():
        if isinstance(kind, type) and issubclass(kind, Event) and "TYPE" in vars(kind):
            yield kind


def _heard_by(event_type: str) -> str:
    return ", ".join(listeners(event_type)) or "nobody yet"


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, document in documents().items():
        (FOLDER / name).write_text(text_of(document), encoding="utf-8")


if __name__ == "__main__":
    main()
