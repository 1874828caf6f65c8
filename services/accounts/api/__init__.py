"""The doors of accounts: managers, clients, the import of a base, proposals."""

from fastapi import APIRouter

from services.accounts.api import audit, clients, conflicts, growth, imports, managers, proposals

ROUTERS: tuple[APIRouter, ...] = (
    managers.routes,
    imports.routes,
    clients.routes,
    proposals.routes,
    audit.routes,
    growth.routes,
    conflicts.routes,
)
