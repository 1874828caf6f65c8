"""The doors of sla_monitor: what is owed, what was broken and who was called to it, who can be called, how well
promises were kept."""

from services.sla_monitor.api import doors, escalations, people, performance

ROUTES = (doors.routes, escalations.routes, people.routes, performance.routes)

__all__ = ["ROUTES"]
