"""The life of the work on one request, as a table: stage → step → next stage. A missing step is not allowed.

Nothing a specialist says closes it (R-REQ-2): only `accept` and `withdraw` end it, and both are the accountant's
(R-REQ-3). `finished` waits for that verdict and takes no place of the specialist's capacity. `lapse` is nobody's
choice: words that came late revived an assignment whose place had been given back. `displace` gives a place to urgent
work. `merged` is one matter with another request: it holds nobody and waits for nobody until it is unmerged, and is
then as if it had never been merged, but that a place given back stays given back (a finished one is finished again).
"""

from collections.abc import Mapping
from typing import Literal

Stage = Literal[
    "expected", "waiting", "assigned", "started", "postponed", "cancel_asked", "finished", "merged", "closed",
    "withdrawn",
]  # fmt: skip
Step = Literal[
    "wait", "assign", "start", "progress", "postpone", "finish", "ask_cancel", "replace", "force",
    "lapse", "displace", "accept", "refuse", "withdraw", "merge", "unmerge",
]  # fmt: skip

LIFE: Mapping[Stage, Mapping[Step, Stage]] = {
    "expected": {},
    "waiting": {
        "wait": "waiting",
        "assign": "assigned",
        "replace": "assigned",
        "force": "assigned",
        "accept": "closed",
        "withdraw": "withdrawn",
        "merge": "merged",
    },
    "assigned": {
        "start": "started",
        "postpone": "postponed",
        "ask_cancel": "cancel_asked",
        "replace": "assigned",
        "force": "assigned",
        "displace": "waiting",
        "lapse": "waiting",
        "accept": "closed",
        "withdraw": "withdrawn",
        "merge": "merged",
    },
    "started": {
        "progress": "started",
        "postpone": "postponed",
        "finish": "finished",
        "ask_cancel": "cancel_asked",
        "replace": "assigned",
        "force": "started",
        "lapse": "waiting",
        "accept": "closed",
        "refuse": "waiting",
        "withdraw": "withdrawn",
        "merge": "merged",
    },
    "postponed": {
        "start": "started",
        "postpone": "postponed",
        "ask_cancel": "cancel_asked",
        "replace": "assigned",
        "force": "assigned",
        "lapse": "waiting",
        "accept": "closed",
        "refuse": "waiting",
        "withdraw": "withdrawn",
        "merge": "merged",
    },
    "cancel_asked": {
        "start": "started",
        "postpone": "postponed",
        "ask_cancel": "cancel_asked",
        "replace": "assigned",
        "force": "assigned",
        "lapse": "waiting",
        "accept": "closed",
        "refuse": "waiting",
        "withdraw": "withdrawn",
        "merge": "merged",
    },
    "finished": {
        "replace": "assigned",
        "force": "assigned",
        "accept": "closed",
        "refuse": "waiting",
        "withdraw": "withdrawn",
        "merge": "merged",
    },
    "merged": {
        "unmerge": "waiting",
        "accept": "closed",
        "withdraw": "withdrawn",
    },
    "closed": {
        "refuse": "waiting",
    },
    "withdrawn": {},
}

HOLDING: frozenset[Stage] = frozenset({"assigned", "started", "postponed", "cancel_asked"})
"""The stages in which the work takes one place of its specialist's capacity."""

ENDED: frozenset[Stage] = frozenset({"closed", "withdrawn"})

SPECIALIST_STEPS: tuple[Step, ...] = ("start", "progress", "postpone", "finish", "ask_cancel")
MANAGER_STEPS: tuple[Step, ...] = ("assign", "replace", "force")


def allowed(stage: Stage, steps: tuple[Step, ...]) -> list[str]:
    """Which of `steps` the table allows in `stage`."""
    return [step for step in steps if step in LIFE[stage]]


def diagram() -> str:
    """The table as a Mermaid state diagram, as the README shows it."""
    arrows: dict[tuple[Stage, Stage], list[str]] = {}
    for stage, steps in LIFE.items():
        for step, then in steps.items():
            arrows.setdefault((stage, then), []).append(step)
    lines = [f"    {before} --> {after}: {', '.join(steps)}" for (before, after), steps in arrows.items()]
    lines.append("    merged --> finished: unmerge")
    return "\n".join(["stateDiagram-v2", "    [*] --> expected", "    expected --> waiting: registered", *lines])
