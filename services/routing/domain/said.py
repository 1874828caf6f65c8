"""Steps and stages of the work as people read them; beside a step stands its code, which its door is called by."""

from collections.abc import Mapping

STEPS: Mapping[str, str] = {
    "wait": "ждать специалиста",
    "assign": "назначить",
    "start": "начать",
    "progress": "рассказать, как идёт",
    "postpone": "отложить",
    "finish": "закончить",
    "ask_cancel": "просить отмены",
    "replace": "заменить специалиста",
    "force": "обязать закончить в срок",
    "lapse": "снять назначение, место для которого уже отдано",
    "displace": "уступить место срочной",
    "accept": "принять работу",
    "refuse": "не принять работу",
    "withdraw": "отозвать заявку",
    "merge": "объединить с другой",
    "unmerge": "отделить от другой",
}
STAGES: Mapping[str, str] = {
    "expected": "о ней ещё не всё известно",
    "waiting": "ждёт специалиста",
    "assigned": "специалист назначен",
    "started": "работа идёт",
    "postponed": "работа отложена",
    "cancel_asked": "специалист просит отмены",
    "finished": "специалист закончил, слово за бухгалтером",
    "merged": "объединена с другой",
    "closed": "закрыта: бухгалтер доволен",
    "withdrawn": "отозвана",
}
KEEP = "keep"
"""A manager's order that is no step: whoever has the work keeps it."""


def step_said(step: str) -> str:
    """`step` in words, with its code."""
    return f"{'оставить у того же' if step == KEEP else STEPS.get(step, step)} ({step})"


def stage_said(stage: str) -> str:
    """`stage` in words."""
    return STAGES.get(stage, stage)
