"""The acts of the month: each does something at the doors and says what must then be true.

Times are those of the company's zone. An act moves the clocks of all services forward, never back.
"""

from collections.abc import Mapping
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from deploy.demo.cast import NEWCOMERS, SPECIALISTS, Institution, base_csv, institutions, newcomer
from deploy.demo.doors import DIRECTOR, LEAD, PAYROLL, Differs, until
from deploy.demo.stage import (
    DAYS,
    MINUTE,
    SECOND,
    ZONE,
    Stage,
    call,
    deed,
    fact,
    finished,
    must,
    promise,
    referred,
    registered,
    solved,
    verdict,
)
from shared.ids import random_id


async def opening(stage: Stage) -> None:
    """The manager, the base of 100, the specialists (R-BASE-1)."""
    await stage.at(1, 9)
    doors = stage.doors
    manager = await doors.post(
        "accounts", "/v1/managers", PAYROLL, {"name": "Вера Своя", "hired": stage.month.isoformat()}
    )
    stage.manager = (manager["manager_id"], "manager")
    stage.base = institutions(stage.seed)
    report = await doors.upload(
        "accounts", "/v1/clients/import", DIRECTOR, base_csv(stage.base, stage.month), "text/csv",
        manager_id=manager["manager_id"],
    )  # fmt: skip
    if not report["clients_created"]:
        raise Differs(
            "здесь недоигранное представление. Начать заново: svoy down и svoy wipe; или svoy demo без --running."
        )
    must("клиентов принято", report["clients_created"], len(stage.base))
    hours = {day: ["00:00-24:00"] for day in DAYS}
    for name, products in SPECIALISTS:
        body = {"name": name, "products": products, "hours": hours, "zone": ZONE, "capacity": 20}
        await doors.post("routing", "/v1/specialists", LEAD, body)
    key = {"name": "Демонстрация", "scopes": ["requests:write", "emails:write"], "days": 1}
    doors.api_key = (await doors.post("intake", "/v1/api-keys", DIRECTOR, key))["key"]
    for one in stage.base:
        await _remember(stage, one)
    stage.say(f"база: {len(stage.base)} клиентов, специалистов: {len(SPECIALISTS)}")


async def _remember(stage: Stage, one: Institution) -> None:
    page = await stage.doors.get("accounts", "/v1/clients", DIRECTOR, inn=one.inn)
    stage.clients[one.inn] = page["items"][0]["client_id"]


async def call_answered(stage: Stage) -> None:
    """A call picked up at once; the request it brings is met at every clock (R-URG-1, 3, 4, 5)."""
    await stage.at(2, 10)
    one = stage.base[1]
    exchange_id, call_id = await call(stage, one, "rang")
    await stage.later(8 * SECOND)
    await call(stage, one, "answered", exchange_id)
    await stage.call_clock_is_met(call_id, "pickup")
    request_id = await registered(
        stage, one, "Срочно: зарплата сегодня, а отпускные не считает", "1С:ЗГУ", call_id=call_id
    )
    stage.shown["Срочная, все сроки выдержаны"] = request_id
    holder = await stage.assigned(request_id)
    await promise(stage, request_id, stage.moment + 15 * MINUTE, "Подожду пятнадцать минут, но не дольше")
    await stage.later(6 * MINUTE)
    await deed(stage, request_id, "start", holder)
    for note in ("Нашёл неверный вид расчёта", "Пересчитываю за прошлый месяц"):
        await stage.later(20 * MINUTE)
        await deed(stage, request_id, "progress", holder, note=note)
    await stage.later(15 * MINUTE)
    await finished(stage, request_id, holder, "Отпускные считаются сами")
    await stage.later(10 * MINUTE)
    await verdict(stage, request_id, "Всё посчиталось, спасибо!")
    timeline = await stage.doors.get("sla_monitor", f"/v1/requests/{request_id}/timeline", DIRECTOR)
    must("сроки первой заявки", {one["state"] for one in timeline["obligations"]}, {"met"})
    stage.say("звонок принят за 8 с, срочная заявка решена, все сроки выдержаны")


async def call_returned(stage: Stage) -> None:
    """A missed call, called back within the five minutes (R-URG-2)."""
    await stage.at(3, 11)
    one = stage.base[2]
    exchange_id, call_id = await call(stage, one, "rang")
    await stage.later(15 * SECOND)
    await call(stage, one, "missed", exchange_id)
    await stage.later(3 * MINUTE)
    await call(stage, one, "answered", direction="out")
    await stage.call_clock_is_met(call_id, "callback")
    stage.say("пропущенный звонок: перезвонили через 3 минуты")


async def letter(stage: Stage) -> None:
    """A letter in koi8-r becomes a request of the right client, and is solved."""
    await stage.at(4, 9, 30)
    one = stage.base[3]
    mail = EmailMessage()
    mail["From"], mail["To"] = f"{one.accountant} <{one.email}>", "help@svoy.example"
    mail["Subject"] = "Важно: отчёт 0503127 выходит пустым"
    mail["Message-ID"] = f"<{random_id()}@svoy.example>"
    mail.set_content("Добрый день! Посмотрите, пожалуйста, на этой неделе. 1С:БГУ.\n", charset="koi8-r", cte="base64")
    kept = await stage.doors.integration("/v1/emails", mail.as_bytes(), "message/rfc822")
    request_id = kept["request_id"]
    request = await stage.doors.get("intake", f"/v1/requests/{request_id}", DIRECTOR)
    must("чьё письмо", request["client"]["client_id"], stage.clients[one.inn])
    must("приоритет письма", request["priority"], "important")
    await solved(stage, request_id, "Отчёт формируется")
    stage.say("письмо в koi8-r: клиент узнан, заявка решена")


async def specialist_lost(stage: Stage) -> None:
    """The promised time passes and nobody has started: the breach is raised, and routing gives it to another one by
    itself (R-URG-4, R-URG-6, R-URG-7)."""
    await stage.at(8, 14)
    one = stage.base[4]
    request_id = await registered(stage, one, "Срочно! Не могу подписать приказ", "1С:Документооборот")
    stage.shown["Срочная, специалист потерялся"] = request_id
    lost = await stage.assigned(request_id)
    await promise(stage, request_id, stage.moment + 15 * MINUTE, "Пятнадцать минут подожду")
    await stage.later(16 * MINUTE)
    broken = await stage.clock_is_broken(request_id, "start")
    must("обещание нарушено", broken["promise_broken"], wanted=True)
    other = await stage.assigned(request_id, but=lost[0])
    await deed(stage, request_id, "start", other)
    await stage.later(25 * MINUTE)
    await finished(stage, request_id, other, "Подпись настроена")
    await verdict(stage, request_id, "Подписала, наконец-то")
    stage.say("специалист потерялся: нарушение объявлено, заменён сам собой, заявка решена")


async def cancelled_and_brought_back(stage: Stage) -> None:
    """The programmer wants an important request cancelled: without effect; the work is done (R-IMP-3, R-IMP-5)."""
    await stage.at(9, 10)
    one = stage.base[5]
    request_id = await registered(
        stage, one, "Важно: перенести остатки по складу из старой базы", "1С:БГУ", priority="important"
    )
    stage.shown["Важная, программист хотел отменить"] = request_id
    holder = await stage.assigned(request_id)
    await deed(stage, request_id, "ask-cancel", holder, reason="Долго, проще ввести руками")
    request = await stage.doors.get("intake", f"/v1/requests/{request_id}", DIRECTOR)
    must("отмена без слова бухгалтера", request["state"], "open")
    deadline = (stage.moment + timedelta(hours=30)).isoformat()
    await stage.doors.post("routing", f"/v1/requests/{request_id}/force", stage.manager, {"finish_by": deadline})
    await deed(stage, request_id, "start", holder)
    await stage.later(timedelta(hours=3))
    await finished(stage, request_id, holder, "Остатки перенесены обработкой")
    await verdict(stage, request_id, "Остатки сошлись")
    stage.say("отмена программиста не прошла: важная заявка доведена до конца")


async def lost_and_won(stage: Stage) -> None:
    """A client of 20 000 is lost; three are won by referral, each by a trial request that its vendor had failed and we
    solved (R-REF-3, R-REF-4). A director confirms each (R-BASE-2, R-BASE-3)."""
    await stage.at(12, 12)
    leaving = stage.clients[stage.base[0].inn]
    await fact(stage, {"kind": "lost", "client_id": leaving, "reason": "Заявку решил конкурент"})
    for number, fan in enumerate((1, 3, 5)):
        await stage.at(15 + 3 * number, 12)
        await referred(stage, newcomer(stage.seed, number), stage.clients[stage.base[fan].inn])
    stage.say("потерян 1 клиент (20 000), приведены 3 по рекомендации (20 000, 30 000, 50 000)")


async def month_closed(stage: Stage) -> Mapping[str, Any]:
    """The month is over; payroll asks for its close, a director confirms; the manager reads the statement (R-PAY-1)."""
    after = (stage.month + timedelta(days=32)).replace(day=1)
    await stage.go(stage.local(after, 10))
    name, manager_id = f"{stage.month:%Y-%m}", stage.manager[0]
    path = f"/v1/statements/{manager_id}/{name}"

    async def all_facts_there() -> bool:
        statement = await stage.doors.get("payroll", path, PAYROLL)
        return len(statement["won"]) == len(NEWCOMERS) and len(statement["lost"]) == 1

    await until(all_facts_there, "расчёт знает о трёх новых клиентах и одном потерянном")
    await _closed_by_two(stage, f"/v1/months/{name}")

    async def closed() -> Mapping[str, Any] | None:
        statement: Mapping[str, Any] = await stage.doors.get("payroll", path, stage.manager)
        return statement if statement["status"] == "closed" else None

    statement = await until(closed, f"месяц {name} закрыт")
    must("итог", statement["total"], "150000.00")
    must("увольнение предложено", statement["dismissal_proposed"], wanted=False)
    must("оклад", statement["base"], "70000.00")
    must("потери", [line["fee"] for line in statement["lost"]], ["20000.00"])
    must("приведены", sorted(line["fee"] for line in statement["won"]), ["20000.00", "30000.00", "50000.00"])
    formula = statement["formula"].replace("\N{NO-BREAK SPACE}", " ")
    must("формула", formula, "70 000 − 20 000 + 20 000 + 30 000 + 50 000 = 150 000")
    return statement


async def _closed_by_two(stage: Stage, month: str) -> None:
    """Payroll looks the month through and asks; a director confirms, once every fact is known to be there."""
    preview = await stage.doors.post("payroll", f"{month}/review", PAYROLL)
    must("факты, которые не сходятся", preview["doubts"], {})
    await until(lambda: stage.doors.post("payroll", f"{month}/request", PAYROLL), "все факты месяца сообщены")
    await until(lambda: stage.doors.post("payroll", f"{month}/close", DIRECTOR), "директор подтвердил закрытие")


ACTS = (
    opening,
    call_answered,
    call_returned,
    letter,
    specialist_lost,
    cancelled_and_brought_back,
    lost_and_won,
)
