"""The doors of intake: requests and what is said about them, letters, calls."""

from fastapi import APIRouter

from services.intake.api import answers, calls, emails, mailboxes, matters, requests, telephony, triage, webhooks, words

ROUTERS: tuple[APIRouter, ...] = (
    requests.routes,
    words.routes,
    matters.routes,
    answers.routes,
    emails.routes,
    mailboxes.routes,
    telephony.routes,
    calls.routes,
    webhooks.routes,
    triage.routes,
)
