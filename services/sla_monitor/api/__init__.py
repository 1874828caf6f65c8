"""The doors of sla_monitor. All of them only show: what happens is heard from the others."""

from services.sla_monitor.api.doors import routes

__all__ = ["routes"]
