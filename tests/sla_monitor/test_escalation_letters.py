"""Whoever is called or warned hears of it by letter and webhook, once."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from services.sla_monitor.domain.ladder import Ladder, Role, Step
from services.sla_monitor.domain.policies import Terms
from services.sla_monitor.main import build_app
from shared.contracts import intake
from shared.contracts.sla_monitor import EscalationRaised
from shared.delivery import Deliveries
from tests.kit import eventually, publish, serving, token
from tests.sla_monitor.calling import ALL, LEAD, M1, OLGA, VERA, House, manager
from tests.sla_monitor.policing import body, clock
from tests.sla_monitor.telling import MISSED, RETURNED, assigned, call, lapsed, postponed, promised, registered, started


async def test_a_breach_calls_the_manager_by_letter_and_by_webhook_once(house: House) -> None:
    await house.person("m1", email=VERA, hook_url=house.hooks.url)
    await house.tell(MISSED, ago=310)
    raised = (await house.ear.one("escalation.raised")).as_(EscalationRaised)
    assert (raised.role, raised.step, raised.person_ids, raised.clock) == ("manager", 1, ("m1",), "callback")
    (letter,) = await house.post.letters(1, VERA)
    assert letter["Subject"] == "Нарушен срок: звонок k1, Гимназия № 3: не перезвонили"
    (hook,) = await eventually(lambda: house.hooks.taken or None)
    assert hook["type"] == "escalation.raised"
    assert [one["escalation_id"] for one in hook["data"]["escalations"]] == ["k1:callback:1"]
    shown = (await house.client.get("/v1/deliveries", headers=LEAD)).json()["items"]
    assert {one["kind"] for one in shown} == {"letter", "hook"}
    assert len(house.post.taken) == 1


async def test_of_work_put_off_the_manager_hears_at_once_by_letter_and_webhook_once(house: House) -> None:
    await house.person("m1", email=VERA, hook_url=house.hooks.url)
    await house.tell(registered(), assigned())
    put_off = postponed(600)(house.clock.now())
    await publish(house.url, put_off, put_off, ids=["p1", "p1"])
    (letter,) = await house.post.letters(1, VERA)
    assert letter["Subject"] == "Отложено: заявка № 100 245, Гимназия № 3"
    assert "Причина: " in letter.get_content()
    (hook,) = await eventually(lambda: house.hooks.taken or None)
    assert (hook["type"], hook["data"]["number"]) == ("work.postponed", "100 245")
    await house.tell(started())
    await house.timeline("/v1/requests/r1/timeline", 4)
    assert (len(house.post.taken), len(house.hooks.taken)) == (1, 1)


async def test_of_an_order_that_lapsed_whoever_gave_it_hears_beside_the_manager_of_the_client(house: House) -> None:
    await house.person("m1", email=VERA)
    await house.person("m2", email=OLGA, hook_url=house.hooks.url)
    await house.tell(registered(), assigned())
    over = lapsed("m2")(house.clock.now())
    await publish(house.url, over, over, ids=["l1", "l1"])
    for reader in (VERA, OLGA):
        (letter,) = await house.post.letters(1, reader)
        assert letter["Subject"] == "Срок поручения прошёл: заявка № 100 245, Гимназия № 3"
        assert "Причина: некому было" in letter.get_content()
    (hook,) = await eventually(lambda: house.hooks.taken or None)
    assert (hook["type"], hook["data"]["by"]) == ("work.order_lapsed", "m2")
    await house.tell(started())
    await house.timeline("/v1/requests/r1/timeline", 4)
    assert (len(house.post.taken), len(house.hooks.taken)) == (2, 1)


async def warning(house: House, *warned: Role) -> None:
    """From now on the ladder of `callback` names these for a letter with a warning."""
    step = Step("manager", timedelta())
    ladder = Ladder(steps=(step,), repeat_every=timedelta(minutes=30), warned=warned)
    terms = Terms(priorities=(None,), target=timedelta(minutes=5), warnings=(0.5, 0.8), ladder=ladder)
    sent = body([clock("callback", terms=(terms,))])
    headers = token("director", subject="d1") | {"If-Match": '"1"'}
    made = await house.client.put("/v1/policies", headers=headers, json=sent)
    assert made.status_code == 200, made.text
    await house.forward(seconds=6)


async def test_a_warning_goes_by_letter_to_whom_the_ladder_names(house: House) -> None:
    await house.person("m1", email=VERA, hook_url=house.hooks.url)
    await house.person("l1", role="lead", email=OLGA)
    await warning(house, "manager", "lead")
    await house.tell(MISSED)
    await house.timeline("/v1/calls/k1/timeline", 1)
    await house.forward(seconds=170)
    (letter,) = await house.post.letters(1, VERA)
    assert letter["Subject"] == "Скоро срок: звонок k1, Гимназия № 3: не перезвонили"
    assert "Срок ещё не прошёл" in letter.get_content()
    await house.post.letters(1, OLGA)
    (hook,) = await eventually(lambda: house.hooks.taken or None)
    assert hook["type"] == "sla.warned"
    assert [one["escalation_id"] for one in (await warned(house))["items"]] == ["k1:callback:1"]
    problem = await house.acknowledge("k1:callback:1", M1, 409, minutes=5)
    assert problem["type"].endswith("/not-broken-yet")
    await house.tell(RETURNED)
    shown = await house.escalation("k1:callback:1", state="ended", ending="met")
    assert {call["step"] for call in shown["calls"]} == {0}
    assert not house.ear.of("escalation.raised")


async def test_what_breaks_after_the_warning_calls_and_the_usual_ladders_warn_nobody_by_letter(house: House) -> None:
    await house.person("m1", email=VERA)
    await warning(house, "manager")
    await house.tell(MISSED, registered())
    await house.timeline("/v1/calls/k1/timeline", 1)
    await house.forward(seconds=170)
    await house.post.letters(1, VERA)
    await house.forward(minutes=3)
    shown = await house.escalation("k1:callback:1", state="raised", step=1)
    assert [(call["step"], call["role"]) for call in shown["calls"]][-1] == (1, "manager")
    letters = await house.post.letters(2, VERA)
    assert all("Скоро срок" not in letter["Subject"] for letter in letters[1:])
    assert "wait_promise" not in {one["clock"] for one in (await warned(house))["items"]}


async def warned(house: House) -> Any:
    """What was only warned of."""
    return (await house.client.get(ALL, headers=LEAD, params={"state": "warned"})).json()


async def test_many_at_once_are_one_letter_and_broken_promises_stand_before_them(house: House) -> None:
    await house.publish(manager(house))
    await house.known("m1")
    await house.tell(registered(), assigned(), promised(60 * 24 * 365), ago=60)
    await house.timeline("/v1/requests/r1/timeline", 3)
    await house.forward(minutes=20)
    await house.tell(*(call(intake.CallMissed, call_id=f"k{number}") for number in range(12)), ago=310)
    await house.ear.several(12, "escalation.raised")
    await house.forward(minutes=25)

    def told() -> set[str]:
        assert house.post.taken
        return {word for letter in house.post.taken for word in letter.get_content().split() if word.startswith("k")}

    await eventually(lambda: len(told()) >= 12)
    assert len(house.post.to(VERA)) < 12


async def test_a_mail_server_that_refuses_holds_up_nothing_and_is_tried_again(house: House) -> None:
    house.post.answers += ["451 later"]
    await house.publish(manager(house))
    await house.known("m1")
    await house.tell(MISSED, ago=310)
    await house.escalation("k1:callback:1", step=1)

    async def failed() -> Any:
        items = (await house.client.get("/v1/deliveries", headers=LEAD)).json()["items"]
        return [one for one in items if one["attempts"]] or None

    (delivery,) = await eventually(failed)
    again = f"/v1/deliveries/{delivery['delivery_id']}/resend"
    assert (await house.client.post(again, headers=LEAD)).status_code == 200
    await house.post.letters(1, VERA)


async def test_of_two_replicas_each_call_is_told_in_exactly_one_letter(
    house: House,
) -> None:
    many = 30
    await house.publish(manager(house))
    await house.known("m1")
    async with serving(build_app(house.settings, house.clock)):
        for number in range(many):
            await house.tell(call(intake.CallMissed, call_id=f"k{number}"), ago=310)
        await house.ear.several(many, "escalation.raised")

        await house.forward(minutes=2)
        await eventually(lambda: len(lines(house)) >= many)
        await eventually(lambda: delivered(house))
    assert Counter(lines(house)) == Counter(f"звонок k{number}, Гимназия № 3" for number in range(many))


async def test_what_failed_between_the_bundle_and_the_mail_is_told_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, failures = Deliveries.send, [RuntimeError("the process dies here"), RuntimeError("and here")]

    async def send(*args: Any, **more: Any) -> None:
        if failures:
            raise failures.pop()
        await usual(*args, **more)

    monkeypatch.setattr(Deliveries, "send", send)
    await house.publish(manager(house))
    await house.known("m1")
    await house.tell(MISSED, ago=310)
    await house.post.letters(1, VERA)
    assert failures == []
    await eventually(lambda: delivered(house))
    assert lines(house) == ["звонок k1, Гимназия № 3"]


def lines(house: House) -> list[str]:
    """What the letters were about, one line a call."""
    texts = [letter.get_content().replace("\r\n", "\n") for letter in house.post.taken]
    return [part.split("\n")[0].partition(". ")[2] for text in texts for part in text.split("\n\n")[:-1]]


async def delivered(house: House) -> bool:
    """Whether nothing is on its way any more."""
    answer = await house.client.get("/v1/deliveries", params={"standing": "waiting"}, headers=LEAD)
    return not answer.json()["items"]
