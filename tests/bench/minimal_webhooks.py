"""The yardstick of the webhook door: what one writes by hand for the same purpose with the same durability.

    POST form ──▶ token compared ──▶ one insert, journaled ──▶ 200        python -m tests.bench.minimal_webhooks

It knows no repeats and no providers, and nobody ever does anything about what it keeps.
"""

import os
from hmac import compare_digest
from urllib.parse import parse_qsl

import uvicorn
from fastapi import FastAPI, HTTPException, Request

from shared.clock import machine_now
from shared.ids import random_id
from tests.bench.minimal import database

TOKEN = "the-yardstick-has-one-token"
COLLECTION = "webhooks"


def door(mongo_url: str) -> FastAPI:
    """The only door."""
    webhooks = database(mongo_url)[COLLECTION]
    app = FastAPI()

    @app.post("/webhooks")
    async def take(request: Request) -> dict[str, str]:
        form = dict(parse_qsl((await request.body()).decode()))
        if not compare_digest(form.pop("crm_token", ""), TOKEN):
            raise HTTPException(401)
        webhook_id = random_id()
        await webhooks.insert_one({"_id": webhook_id, "at": machine_now(), "form": form})
        return {"webhook_id": webhook_id}

    return app


def main() -> None:
    """Serve; `BENCH_MONGO_URL` and `BENCH_PORT` say where."""
    app, port = door(os.environ["BENCH_MONGO_URL"]), int(os.environ["BENCH_PORT"])
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")


if __name__ == "__main__":
    main()
