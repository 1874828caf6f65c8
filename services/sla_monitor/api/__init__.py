"""The doors of sla_monitor: what is owed, what was broken and who was called to it, who can be called, how well
promises were kept, and what changes."""

from services.sla_monitor.api import clocks, doors, escalations, people, performance, policies, stream

ROUTES = (
    doors.routes,
    policies.routes,
    clocks.routes,
    escalations.routes,
    people.routes,
    performance.routes,
    stream.routes,
)

__all__ = ["ROUTES"]
