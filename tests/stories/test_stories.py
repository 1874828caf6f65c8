"""What happens to a client, from door to door."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from deploy.demo.cast import newcomer
from deploy.demo.doors import DIRECTOR, until
from deploy.demo.stage import MINUTE, SECOND, Stage, call, deed, finished, promise, referred, registered, verdict
from deploy.local.house import House
from shared.ids import random_id

pytestmark = [pytest.mark.timeout(400), pytest.mark.xdist_group("stories")]


async def test_a_refused_finish_goes_to_somebody_else_and_its_clocks_run_again(stage: Stage) -> None:
    """R-REQ-3, R-COI-2."""
    request_id = await registered(stage, stage.base[7], "Срочно: не проводится документ", "1С:БГУ")
    first = await stage.assigned(request_id)
    await deed(stage, request_id, "start", first)
    await stage.later(10 * MINUTE)
    await finished(stage, request_id, first, "Провёл")
    body = {"satisfied": False, "words": "Всё равно не проводится"}
    await stage.doors.post("intake", f"/v1/requests/{request_id}/verdict", stage.manager, body)
    second = await stage.assigned(request_id, but=first[0])
    await deed(stage, request_id, "start", second)
    await stage.later(10 * MINUTE)
    await finished(stage, request_id, second, "Теперь проведён")
    await verdict(stage, request_id, "Да, проводится")

    async def both_rounds_met() -> bool:
        timeline = await stage.doors.get("sla_monitor", f"/v1/requests/{request_id}/timeline", DIRECTOR)
        met = Counter(one["clock"] for one in timeline["obligations"] if one["state"] == "met")
        return met["start"] == met["finish"] == 2

    await until(both_rounds_met, "часы второго круга шли и выдержаны")
    record = await stage.doors.get("routing", f"/v1/specialists/{first[0]}/record", DIRECTOR)
    assert request_id in record["requests"]["finish_refused"]


async def test_a_due_time_survives_a_restart_and_fires_when_it_comes(stage: Stage, house: House) -> None:
    """R-URG-4, R-URG-6."""
    request_id = await registered(stage, stage.base[8], "Срочно, зарплата сегодня", "1С:ЗГУ")
    await promise(stage, request_id, stage.moment + 15 * MINUTE, "Жду пятнадцать минут")
    await house.kill("sla_monitor")
    await house.start("sla_monitor")
    await stage.later(14 * MINUTE)
    waiting = await stage.clock_is(request_id, "start", "open", "warned")
    await stage.later(1 * MINUTE + timedelta(seconds=1))
    broken = await stage.clock_is_broken(request_id, "start")
    assert broken["promise_broken"]
    assert broken["due"] == waiting["due"]


async def test_an_unknown_sender_is_identified_later_and_every_clock_counts_from_the_true_beginning(
    stage: Stage,
) -> None:
    """Nobody is refused because we do not know them yet (R-URG-2, R-URG-3, R-IMP-6)."""
    phone, one = "+73912000000", stage.base[11]
    stranger = replace(one, phone=phone)
    exchange_id, call_id = await call(stage, stranger, "rang")
    rang_at = stage.moment
    await stage.later(30 * SECOND)
    await call(stage, stranger, "missed", exchange_id)
    missed_at = stage.moment
    await stage.later(1 * MINUTE)
    body = {
        "channel": "phone", "contact": {"phone": phone}, "subject": "Срочно нужна помощь", "text": "",
        "external_id": random_id(),
    }  # fmt: skip
    answer = await stage.doors.post("intake", "/v1/requests", stage.manager, body)
    request_id, registered_at = answer["request_id"], stage.moment
    assert (answer["client_id"], answer["identified"]) == (None, False)
    await stage.later(45 * MINUTE)

    async def waits_since_it_rang() -> bool:
        queue = await stage.doors.get("intake", "/v1/senders/unknown", stage.manager)
        found = [datetime.fromisoformat(item["first_at"]) for item in queue["items"] if item["phone"] == phone]
        return found == [rang_at]

    await until(waits_since_it_rang, "незнакомый номер ждёт с первого звонка")
    client_id = stage.clients[one.inn]
    said = {"phone": phone, "client_id": client_id}
    told = await stage.doors.post("intake", "/v1/senders/identify", stage.manager, said)
    assert (told["requests"], told["calls"]) == (1, 1)

    async def known_everywhere() -> bool:
        work = await stage.doors.get("routing", f"/v1/requests/{request_id}/work", DIRECTOR)
        lines = [
            await stage.doors.get("sla_monitor", f"/v1/{path}/timeline", DIRECTOR)
            for path in (f"requests/{request_id}", f"calls/{call_id}")
        ]
        debt = await stage.doors.get("accounts", f"/v1/clients/{client_id}/debt", DIRECTOR)
        owed = {part["about"] for part in debt["parts"]}
        known = [found["client"] and found["client"]["client_id"] for found in (work, *lines)]
        return known == [client_id] * 3 and {call_id, request_id} <= owed

    await until(known_everywhere, "все службы знают, чьи звонок и заявка")
    for path, clock, beginning in (
        (f"requests/{request_id}", "wait_promise", registered_at),
        (f"calls/{call_id}", "callback", missed_at),
    ):

        async def broken(path: str = path, clock: str = clock) -> datetime | None:
            timeline = await stage.doors.get("sla_monitor", f"/v1/{path}/timeline", DIRECTOR)
            found = [one for one in timeline["obligations"] if one["clock"] == clock and one["state"] == "breached"]
            return datetime.fromisoformat(found[0]["since"]) if len(found) == 1 else None

        since = await until(broken, f"часы {clock} нарушены")
        assert timedelta() <= since - beginning < 5 * MINUTE


async def test_a_withdrawn_request_frees_the_specialist(stage: Stage) -> None:
    """R-REQ-3."""
    request_id = await registered(stage, stage.base[12], "Срочно: настроить подпись", "1С:Документооборот")
    holder = await stage.assigned(request_id)
    await stage.doors.post(
        "intake", f"/v1/requests/{request_id}/withdrawal", stage.manager, {"reason": "Подписали на бумаге"}
    )

    async def free() -> bool:
        specialist = await stage.doors.get("routing", f"/v1/specialists/{holder[0]}", DIRECTOR)
        return request_id not in specialist["holds"]

    await until(free, "специалист свободен")
    await stage.clock_is(request_id, "start", "cancelled")


async def test_a_fans_word_becomes_a_client_after_a_trial_served_like_an_urgent_request(stage: Stage) -> None:
    """R-REF-2 to R-REF-4: accounts opens the trial by event, intake registers it, routing and the clocks serve it."""
    fan = stage.clients[stage.base[9].inn]
    await referred(stage, newcomer(stage.seed, 0), fan)
    chain = await stage.doors.get("accounts", f"/v1/clients/{fan}/referral-chain", stage.manager)
    (brought,) = chain["brought"]
    prospect = await stage.doors.get("accounts", f"/v1/prospects/{brought['prospect_id']}", stage.manager)
    assert (prospect["state"], prospect["next_contact"]) == ("won", None)
    (trial,) = prospect["trials"]
    request = await stage.doors.get("intake", f"/v1/requests/{trial['request_id']}", DIRECTOR)
    assert (request["trial"], request["priority"], request["state"]) == (True, "urgent", "closed")
    timeline = await stage.doors.get("sla_monitor", f"/v1/requests/{trial['request_id']}/timeline", DIRECTOR)
    clocks = {one["clock"] for one in timeline["obligations"]}
    assert clocks >= {"assign", "wait_promise", "start", "finish", "verdict"}
    assert {one["state"] for one in timeline["obligations"]} == {"met"}
    won = await stage.doors.get("accounts", f"/v1/clients/{prospect['wins'][0]['client_id']}", DIRECTOR)
    assert (won["active"], won["source"]) == (True, "referral")


async def test_work_that_waits_goes_to_whoever_frees_up_the_most_urgent_first(stage: Stage) -> None:
    """R-URG-4: the queue is by priority, then by due time."""
    product = f"1С:Архив {random_id()[:6]}"
    hours = {"mon": ["00:00-24:00"], "tue": ["00:00-24:00"], "wed": ["00:00-24:00"], "thu": ["00:00-24:00"]}
    hours |= {"fri": ["00:00-24:00"], "sat": ["00:00-24:00"], "sun": ["00:00-24:00"]}
    only = {"name": "Единственный", "products": {product: 5}, "hours": hours, "zone": "Asia/Krasnoyarsk", "capacity": 1}
    await stage.doors.post("routing", "/v1/specialists", ("demo-lead", "lead"), only)
    taken = await registered(stage, stage.base[13], "Срочно: архив не открывается", product)
    holder = await stage.assigned(taken)
    waiting = {}
    for priority in ("routine", "urgent"):
        body = {
            "channel": "phone", "contact": {"phone": stage.base[14].phone}, "subject": "Архив", "text": "Архив",
            "products": [product], "external_id": random_id(), "priority": priority,
        }  # fmt: skip
        waiting[priority] = (await stage.doors.post("intake", "/v1/requests", stage.manager, body))["request_id"]
        await stage.stage_is(waiting[priority], "waiting")
    await deed(stage, taken, "start", holder)
    await finished(stage, taken, holder, "Открывается")
    assert await stage.assigned(waiting["urgent"]) == holder
    await stage.stage_is(waiting["routine"], "waiting")
