"""The doors of sla_monitor: what is owed, what was broken and who was called to it, and who can be called."""

from services.sla_monitor.api import doors, escalations, people

ROUTES = (doors.routes, escalations.routes, people.routes)

__all__ = ["ROUTES"]
