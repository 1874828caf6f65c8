"""What the codes in a legend are called on our dashboards."""

from collections.abc import Mapping

CLOCKS: Mapping[str, str] = {
    "pickup": "снять трубку",
    "callback": "перезвонить",
    "wait_promise": "получить обещание подождать",
    "assign": "дать специалиста",
    "start": "начать",
    "progress": "подать признак жизни",
    "finish": "закончить",
    "verdict": "услышать бухгалтера",
    "weekly_call": "поговорить на неделе",
    "prospect_contact": "связаться с потенциальным клиентом",
}
"""The clocks there always are; one that a policy adds is shown under its own name."""
PRIORITIES = {"urgent": "срочная", "important": "важная", "routine": "обычная", "none": "не заявка"}
WORDS: Mapping[str, str] = dict(CLOCKS) | PRIORITIES

CLOCK = "{{clock}}"
BOTH = "{{clock}}, {{priority}}"
