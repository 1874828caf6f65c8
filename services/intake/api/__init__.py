"""The doors of intake: requests and what is said about them, letters, calls."""

from fastapi import APIRouter

from services.intake.api import (
    answers,
    calls,
    conversation,
    emails,
    mailboxes,
    matters,
    requests,
    senders,
    telephony,
    triage,
    webhooks,
    words,
)

ROUTERS: tuple[APIRouter, ...] = (
    requests.routes,
    words.routes,
    matters.routes,
    conversation.routes,
    answers.routes,
    emails.routes,
    mailboxes.routes,
    senders.routes,
    telephony.routes,
    calls.routes,
    webhooks.routes,
    triage.routes,
)
