"""The doors of payroll, one file a resource."""

from fastapi import APIRouter

from services.payroll.api import (
    consumer,
    dismissals,
    exports,
    facts,
    forecast,
    months,
    objections,
    policies,
    readings,
    statements,
    verification,
)

ROUTERS: tuple[APIRouter, ...] = (
    statements.routes,
    verification.routes,
    facts.routes,
    months.routes,
    exports.routes,
    policies.routes,
    forecast.routes,
    dismissals.routes,
    objections.on_statements,
    objections.routes,
    readings.routes,
    consumer.routes,
)
SCOPES = frozenset({consumer.SCOPE})
"""What the key of an integration may allow."""
