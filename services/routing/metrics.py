"""What routing measures, beside what every service does."""

from typing import get_args

from prometheus_client import Counter, Gauge, Histogram

from services.routing.domain.life import MANAGER_STEPS, SPECIALIST_STEPS
from shared.contracts.base import Priority
from shared.observability import FAST

PLACED = Counter("svoy_routing_placed", "Requests a place was looked for, by what was found.", ["priority", "outcome"])
PLACE_TIME = Histogram("svoy_routing_place_seconds", "Time until a place was found and taken, or none.", buckets=FAST)
CLAIMS = Counter("svoy_routing_claims", "Places asked for, by whether another replica was faster.", ["outcome"])
HEALED = Counter("svoy_routing_healed", "Places that nobody used any more, given back by the sweep.", ["why"])
WAITING = Gauge("svoy_routing_waiting", "Requests for which nobody able is free.", ["priority"])
PLACES = Gauge("svoy_routing_places", "Places of specialists who are given work.", ["state"])
ORDERS = Counter("svoy_routing_demands", "Orders and replacements to carry out, by outcome.", ["action", "outcome"])
DISPLACED = Counter("svoy_routing_displaced", "Routine work whose place urgent work took.")
POLICY = Gauge("svoy_routing_policy_version", "The policy in force.")
STEPS = Counter("svoy_routing_steps", "Steps taken with the work.", ["step"])

# What has not happened yet is shown as 0, so that its first time can be told from silence.
for _step in (*SPECIALIST_STEPS, *MANAGER_STEPS):
    STEPS.labels(step=_step)
for _priority in get_args(Priority):
    for _outcome in ("taken", "none"):
        PLACED.labels(priority=_priority, outcome=_outcome)
