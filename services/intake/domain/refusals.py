"""Why intake refuses. The docstring is what the person reads."""

import inspect


class Refused(Exception):
    """Действие не выполнено."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or inspect.cleandoc(type(self).__doc__ or ""))


class UnknownRequest(Refused):
    """Такой заявки нет. Проверьте её идентификатор."""


class ForeignRequest(Refused):
    """Эта заявка не из вашей базы: её ведёт другой менеджер или прислала другая система."""


class NotPossibleNow(Refused):
    """В нынешнем состоянии заявки это невозможно."""


class TakenBySpecialist(Refused):
    """Слово бухгалтера не может записать специалист: его принимает менеджер."""


class PromiseInThePast(Refused):
    """Обещание подождать должно быть до момента в будущем."""


class PromiseTooFar(Refused):
    """Так долго никто не ждёт: обещание подождать бывает не дальше 90 дней. Проверьте дату, прежде всего год."""


class NatureWithoutImportance(Refused):
    """Сложной или долгой бывает только важная заявка."""


class UnknownClient(Refused):
    """Такого клиента нет. Проверьте идентификатор клиента."""


class UnknownContact(Refused):
    """У этого клиента нет такого бухгалтера."""


class UnknownSender(Refused):
    """Об этом отправителе ничего не известно."""


class KnownByCard(Refused):
    """Этот отправитель записан в карточке другого клиента. Исправьте карточку."""


class UnknownCall(Refused):
    """Такого звонка нет. Проверьте его идентификатор."""


class ForeignCall(Refused):
    """Это звонок клиента другого менеджера: он не из вашей базы."""


class UnknownWebhook(Refused):
    """Такого события телефонии нет. Проверьте его идентификатор."""


class UnknownMail(Refused):
    """Такого письма нет. Проверьте его идентификатор."""


class UnknownAttachment(Refused):
    """У этого письма нет вложения с таким номером."""


class NotTheSameMatter(Refused):
    """Эти заявки нельзя объединить."""


class NotMerged(Refused):
    """Эта заявка ни с какой не объединена."""


class LinkSpent(Refused):
    """Эта ссылка больше не действует: на письмо уже ответили, или работа продолжается."""
