"""The doors of intake: requests and what is said about them, letters, calls."""

from fastapi import APIRouter

from services.intake.api import calls, emails, requests, words

ROUTERS: tuple[APIRouter, ...] = (requests.routes, words.routes, emails.routes, calls.routes)
