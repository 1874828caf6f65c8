"""The doors of intake: requests and what is said about them, letters, calls."""

from fastapi import APIRouter

from services.intake.api import answers, calls, emails, matters, requests, telephony, words

ROUTERS: tuple[APIRouter, ...] = (
    requests.routes,
    words.routes,
    matters.routes,
    answers.routes,
    emails.routes,
    telephony.routes,
    calls.routes,
)
