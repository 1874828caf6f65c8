"""Why routing says no. The text is what a person reads; public attributes stand beside it in the answer."""

from collections.abc import Mapping, Sequence

from services.routing.domain.said import stage_said, step_said


class RoutingError(Exception):
    """Так нельзя."""


class UnknownRequest(RoutingError):
    """Такой заявки нет, или она ещё не дошла до распределения; повторите через несколько секунд."""


class UnknownSpecialist(RoutingError):
    """Такого специалиста нет."""


class NotYours(RoutingError):
    """Эта заявка не у вас: её видит только назначенный специалист."""


class NotYourBase(RoutingError):
    """Это заявка клиента другого менеджера."""


class StepRefused(RoutingError):
    """The table of the work's life does not allow this step now."""

    def __init__(self, step: str, stage: str, allowed: Sequence[str]) -> None:
        super().__init__(
            f"Нельзя {step_said(step)}; заявка сейчас: {stage_said(stage)}. "
            + (
                f"Можно: {'; '.join(map(step_said, allowed))}."
                if allowed
                else "Вам с ней сейчас ничего сделать нельзя."
            )
        )
        self.stage = stage
        self.allowed = list(allowed)


class NotAssignedToYou(RoutingError):
    """Somebody else has it, or nobody: no step of theirs is allowed."""

    def __init__(self, stage: str) -> None:
        super().__init__(
            f"Эта заявка сейчас не у вас ({stage_said(stage)}): о ней говорит только назначенный специалист, "
            "ваших шагов нет."
        )
        self.stage = stage
        self.allowed: list[str] = []


class Overtaken(RoutingError):
    """Somebody else changed the work while a place was looked for."""

    def __init__(self, stage: str, allowed: Sequence[str]) -> None:
        super().__init__("Пока искали место, заявку успел изменить кто-то другой; посмотрите, у кого она, и повторите.")
        self.stage = stage
        self.allowed = list(allowed)


class NobodyCan(RoutingError):
    """Nobody passes the hard conditions; `reasons` counts the specialists by what stood against them."""

    def __init__(self, text: str, reasons: Mapping[str, int]) -> None:
        super().__init__(text)
        self.reasons = dict(reasons)


class BadDate(RoutingError):
    """Дата неверна."""


class BoundByDate(RoutingError):
    """Whoever must finish by a date does not put it off."""

    def __init__(self, stage: str, allowed: Sequence[str]) -> None:
        super().__init__("Менеджер назначил срок: откладывать нельзя.")
        self.stage = stage
        self.allowed = list(allowed)


class BadProfile(RoutingError):
    """Сведения о специалисте противоречивы."""


class CapacityBelowLoad(RoutingError):
    """Ёмкость меньше, чем заявок сейчас в работе."""


class BadPolicy(RoutingError):
    """Политика распределения неверна."""


class PolicyOvertaken(RoutingError):
    """Политику успел изменить кто-то другой; посмотрите её и повторите."""


class UnknownPolicy(RoutingError):
    """Такой версии политики нет."""


class UnknownAbsence(RoutingError):
    """Такого отсутствия нет; возможно, его уже отменили."""


class BadAbsence(RoutingError):
    """Отсутствие указано неверно."""


class BadPause(RoutingError):
    """Пауза указана неверно."""


class UnknownExclusion(RoutingError):
    """Такого запрета нет."""


class BadExclusion(RoutingError):
    """Запрет указан неверно."""


class PostponedEnough(RoutingError):
    """The policy lets a specialist postpone the same work only so often."""

    def __init__(self, limit: int, stage: str, allowed: Sequence[str]) -> None:
        rule = f"по политике предел переносов одной заявки — {limit}" if limit else "по политике её не откладывают"
        super().__init__(f"Отложить нельзя: {rule}. Начните её или объясните менеджеру, почему не можете.")
        self.limit = limit
        self.stage = stage
        self.allowed = list(allowed)
