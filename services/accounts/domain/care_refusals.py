"""Why accounts refuses in matters of calls, control, referrals and prospects. The docstring is the text a person
reads unless a better one is given."""

from collections.abc import Sequence

from services.accounts.domain.refusals import AccountsError


class UnknownContact(AccountsError):
    """Такого бухгалтера нет ни у одного клиента."""


class UnknownRequest(AccountsError):
    """Такой заявки нет, или она не этого клиента."""


class UnknownCall(AccountsError):
    """Такого еженедельного звонка нет."""


class UnknownProspect(AccountsError):
    """Такого потенциального клиента нет."""


class AlreadyHeld(AccountsError):
    """С этим бухгалтером на этой неделе уже говорили: разговор записан и не меняется."""


class FindingsMissing(AccountsError):
    """По каждой открытой важной заявке бухгалтера нужен вывод."""

    def __init__(self, request_ids: Sequence[str]) -> None:
        super().__init__(
            "Нужен вывод (findings) по каждой открытой важной заявке бухгалтера, и по той, чей бухгалтер не указан или "
            f"ушёл. Нет вывода: {', '.join(request_ids)}."
        )
        self.request_ids = list(request_ids)


class BadOrder(AccountsError):
    """Так приказать нельзя."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.errors = [{"field": field, "message": message}]


class NotUnderControl(AccountsError):
    """Заявка не под контролем: приказ отдают по заявке с плохим выводом."""


class BadVerdict(AccountsError):
    """Слово бухгалтера так не записать."""


class MayNotAsk(AccountsError):
    """Просить рекомендацию сейчас нельзя."""

    def __init__(self, reasons: Sequence[dict[str, str]]) -> None:
        super().__init__("Просить рекомендацию сейчас нельзя: " + "; ".join(each["why"] for each in reasons) + ".")
        self.reasons = list(reasons)


class WrongMove(AccountsError):
    """С потенциальным клиентом сейчас так поступить нельзя."""


class ContactInThePast(AccountsError):
    """Следующий разговор назначают на будущее: дата нужна всегда, пока клиент не пришёл и не потерян."""


class TrialNotFlawless(AccountsError):
    """Пробная заявка не решена безупречно: такого клиента принимает директор, и с причиной."""
