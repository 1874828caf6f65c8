"""The doors of payroll: statements, facts, months."""

from fastapi import APIRouter

from services.payroll.api import facts, months, statements

ROUTERS: tuple[APIRouter, ...] = (statements.routes, facts.routes, months.routes)
