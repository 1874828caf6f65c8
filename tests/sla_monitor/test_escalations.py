"""From a broken promise to a person: called in order, by letter and webhook, once; taken, ended, seen by their own."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from services.sla_monitor.bases import Bases
from services.sla_monitor.domain.escalation import Call, Escalation
from services.sla_monitor.domain.ladder import PROMISE, Ladder, Role, Step
from services.sla_monitor.domain.people import Person
from services.sla_monitor.domain.policies import Terms
from services.sla_monitor.domain.timeline import Timeline
from services.sla_monitor.main import build_app
from services.sla_monitor.notify.escalations import Escalations
from services.sla_monitor.notify.notifier import Notifier
from services.sla_monitor.notify.postponing import Postponing
from services.sla_monitor.notify.store import NotifyStore
from services.sla_monitor.settings import SlaMonitorSettings
from shared.clock import FixedClock, ServiceClock, machine_now
from shared.contracts import intake
from shared.contracts.accounts import ClientChanged, ManagerRegistered
from shared.contracts.base import Decision, Event
from shared.contracts.routing import WorkPostponed
from shared.contracts.sla_monitor import EscalationAcknowledged, EscalationRaised, SlaBreached
from shared.delivery import Deliveries
from shared.service import Service
from tests.conftest import SettingsFor, Unserved
from tests.kit import eventually, listening, publish, serving, token
from tests.mail_server import Post, mail_server
from tests.sla_monitor.climbing import escalation
from tests.sla_monitor.conftest import Running
from tests.sla_monitor.outside import SECRET, Listener, hook_server
from tests.sla_monitor.policing import body, clock, rules, version
from tests.sla_monitor.telling import (
    MERGED,
    MISSED,
    RETURNED,
    RULES,
    UNMERGED,
    ZONE,
    Telling,
    assigned,
    call,
    lapsed,
    minute,
    postponed,
    promised,
    registered,
    started,
)

VERA, OLGA = "vera@svoy.example", "olga@svoy.example"
M1, M2, LEAD = token("manager", subject="m1"), token("manager", subject="m2"), token("lead", subject="l1")
ALL = "/v1/escalations"
CALLED = Call(step=1, role="manager", at=minute(0), person_ids=("m1",))


@dataclass(frozen=True)
class House(Running):
    """A running sla_monitor with a mail server and a server for webhooks."""

    post: Post
    hooks: Listener
    settings: SlaMonitorSettings

    async def escalation(self, key: str, **over: Any) -> dict[str, Any]:
        """An escalation, once it stands so."""

        async def found() -> dict[str, Any] | None:
            answer = await self.client.get(f"{ALL}/{key}", headers=LEAD)
            if answer.status_code != 200:
                return None
            shown: dict[str, Any] = answer.json()
            return shown if all(shown[name] == value for name, value in over.items()) else None

        return await eventually(found)

    async def person(self, person_id: str, status: int = 200, **body: Any) -> Any:
        """Set somebody."""
        usual = {"role": "manager", "name": person_id}
        director = token("director", subject="d1")
        answer = await self.client.put(f"/v1/people/{person_id}", headers=director, json={**usual, **body})
        assert answer.status_code == status, answer.text
        return answer.json()

    async def acknowledge(self, key: str, who: dict[str, str], status: int = 200, **body: Any) -> Any:
        """Take it."""
        answer = await self.client.post(f"{ALL}/{key}/acknowledge", headers=who, json={"minutes": 30, **body})
        assert answer.status_code == status, answer.text
        return answer.json()

    async def known(self, person_id: str) -> dict[str, Any]:
        """A person, once heard of."""

        async def found() -> Any:
            answer = await self.client.get(f"/v1/people/{person_id}", headers=LEAD)
            return answer.json() if answer.status_code == 200 else None

        return await eventually(found)


@pytest.fixture
async def house(settings_for: SettingsFor, amqp_url: str) -> AsyncIterator[House]:
    """A running sla_monitor that can write to people."""
    clock = ServiceClock()
    async with mail_server() as post, hook_server() as hooks:
        settings = settings_for(
            SlaMonitorSettings, smtp_url=SecretStr(post.url), mail_from="svoy@svoy.example", hook_secrets=SECRET
        )
        async with (
            serving(build_app(settings, clock)) as client,
            listening(amqp_url, "sla.#", "escalation.#") as ear,
        ):
            yield House(client, ear, clock, amqp_url, post, hooks, settings)


def manager(house: House, manager_id: str = "m1", **over: Any) -> Event:
    """As accounts tells of one."""
    usual = {"revision": 1, "name": "Вера", "hired": date(2026, 1, 1), "email": VERA}
    return ManagerRegistered(at=house.clock.now(), manager_id=manager_id, **{**usual, **over})


def handed_over(house: House, to: str) -> Event:
    """The client c1 as accounts says after a hand-over."""
    about: dict[str, Any] = {"client_id": "c1", "name": "Гимназия № 3", "inn": "7707083893", "zone": ZONE}
    fee = {"fee": "20000.00", "source": "opening", "since": date(2026, 1, 1)}
    return ClientChanged(at=house.clock.now(), revision=2, manager_id=to, **about, **fee)


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


async def test_of_important_work_put_off_at_night_the_manager_hears_in_the_morning(
    settings_for: SettingsFor, unserved: Unserved
) -> None:
    settings = settings_for(SlaMonitorSettings, smtp_url="smtp://127.0.0.1:9", mail_from="svoy@svoy.example")
    service = unserved(Service("sla_monitor", settings))
    night = service.clock
    night.offset = minute(60 * 9) - machine_now()
    store, deliveries = NotifyStore(service), Deliveries(service, settings)
    vera = Person(person_id="m1", role="manager", name="Вера", email=VERA)
    await store.people.step("m1", lambda _: Decision(vera), new=True)
    telling = Telling().hear(registered("important"), assigned())
    postponing = Postponing(
        store=store, bases=Bases(service), deliveries=deliveries, clock=night, company_zone=ZONE, rules=lambda: RULES
    )
    for priority in ("urgent", "important"):
        event = postponed(900)(night.now()).model_copy(update={"priority": priority})
        assert isinstance(event, WorkPostponed)
        await postponing.tell(event, telling.state, priority)
    found = await deliveries.documents.find({})
    waits = {one.delivery_id: round((one.due - one.created_at) / timedelta(hours=1)) for one in found if one.due}
    assert waits == {"postponed-urgent-m1-letter": 0, "postponed-important-m1-letter": 12}


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


async def test_who_does_not_act_is_followed_by_the_lead_and_the_director(house: House) -> None:
    await house.publish(manager(house))
    await house.known("m1")
    await house.person("l1", role="lead", email=OLGA)
    await house.person("d1", role="director")
    await house.tell(MISSED, ago=310)
    await house.escalation("k1:callback:1", step=1)
    await house.forward(minutes=11)
    await house.escalation("k1:callback:1", step=2)
    await house.post.letters(1, OLGA)
    await house.forward(minutes=21)
    shown = await house.escalation("k1:callback:1", step=3)
    assert [(call["role"], call["person_ids"]) for call in shown["calls"]] == [
        ("manager", ["m1"]),
        ("lead", ["l1"]),
        ("director", ["d1"]),
    ]


async def test_what_is_done_late_ends_the_ladder(house: House) -> None:
    await house.publish(manager(house))
    await house.tell(MISSED, ago=310)
    await house.escalation("k1:callback:1")
    await house.tell(RETURNED)
    shown = await house.escalation("k1:callback:1", state="ended")
    assert (shown["ending"], shown["next_due"]) == ("met", None)
    await house.acknowledge("k1:callback:1", LEAD, 409)
    assert (await house.get(ALL))["items"] == []
    assert len((await house.get(ALL, state="ended"))["items"]) == 1


async def test_what_is_open_again_and_late_calls_again(house: House) -> None:
    """Merged by mistake nobody is called; undone, what was broken is broken still and no promise is forgotten."""
    await house.publish(manager(house))
    await house.known("m1")
    await house.tell(registered(), assigned(), ago=700)
    key = "r1:wait_promise:1"
    await house.escalation(key, state="raised")
    await house.tell(MERGED)
    await house.escalation(key, state="ended", ending="cancelled")
    await house.tell(UNMERGED)
    again = await house.escalation(key, state="raised", step=1)
    assert [one["person_ids"] for one in again["calls"]] == [["m1"]]


async def test_taken_by_a_person_it_is_quiet_until_the_term_and_then_returns(house: House) -> None:
    await house.publish(manager(house))
    await house.known("m1")
    await house.tell(MISSED, ago=310)
    await house.escalation("k1:callback:1", step=1)
    shown = await house.acknowledge("k1:callback:1", M1, minutes=40, note="звоню")
    assert (shown["state"], shown["acknowledgements"][0]["by"], shown["acknowledgements"][0]["note"]) == (
        "acknowledged",
        "m1",
        "звоню",
    )
    heard = (await house.ear.one("escalation.acknowledged")).as_(EscalationAcknowledged)
    assert (heard.by, heard.step) == ("m1", 1)
    await house.forward(minutes=41)
    shown = await house.escalation("k1:callback:1", state="raised", count=2)
    assert [call["role"] for call in shown["calls"]] == ["manager", "manager"]


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


async def test_a_broken_promise_says_so_and_comes_first_in_the_list(house: House) -> None:
    await house.publish(manager(house))
    now = house.clock.now()
    await house.tell(MISSED, ago=310)
    promise = promised(0)(now).model_copy(update={"until": now + timedelta(seconds=1)})
    await house.publish(registered()(now - timedelta(seconds=5)), assigned()(now), promise)
    await house.escalation("r1:start:1", promise_broken=True, step=1)
    await house.escalation("k1:callback:1", step=1)
    items = (await house.get(ALL))["items"]
    assert [one["escalation_id"] for one in items] == ["r1:start:1", "k1:callback:1"]
    page = await house.get(ALL, limit=1)
    assert [one["escalation_id"] for one in (await house.get(ALL, limit=1, cursor=page["next"]))["items"]] == [
        "k1:callback:1"
    ]
    subjects = await eventually(
        lambda: [str(one["Subject"]) for one in house.post.to(VERA) if "обещание" in one["Subject"]] or None
    )
    assert subjects[0].startswith("Нарушено обещание: заявка № 100 245, Гимназия № 3")


async def test_a_broken_promise_calls_at_once_whatever_hours_and_ladder_its_clock_has(
    service: Service,
) -> None:
    step = Step("lead", timedelta(hours=5))
    slow = Ladder(steps=(step,), repeat_every=timedelta(hours=5))
    important = Terms(priorities=("important",), target=timedelta(hours=8), calendar="company", ladder=slow)
    half_past_eight = 8.5 * 60
    telling = Telling(rules(version(2, -1, clock("start", terms=(important,))))).hear(
        registered("important"), assigned(), promised(half_past_eight)
    )
    telling.until(half_past_eight + 1)
    (broken,) = [one for one in telling.said if isinstance(one, SlaBreached) and one.clock == "start"]

    async def load(*_: str) -> Timeline | None:
        return telling.timeline

    async def manager_of(_: object) -> str:
        return "m1"

    store = NotifyStore(service)
    escalations = Escalations(
        store, telling.clock, ZONE, load=load, rules=lambda: telling.rules, manager_of=manager_of, changed=print
    )
    await escalations.begin(broken.model_copy(update={"promise_broken": False}))
    begun = await escalations.get("r1:start:1")
    assert (begun.promise_broken, begun.ladder, begun.next_due) == (True, PROMISE, telling.clock.now())
    await escalations.tick()
    assert (await escalations.get("r1:start:1")).step == 1


async def keep(store: NotifyStore, one: Escalation) -> None:
    await store.escalations.step(one.escalation_id, lambda _: Decision(one), new=True)


async def test_what_was_called_in_the_day_and_is_told_late_waits_for_the_morning(
    settings: SlaMonitorSettings, service: Service
) -> None:
    night = FixedClock(minute(60 * 9))
    store = NotifyStore(service)
    one = escalation(priority="important", terms=1, untold=("m1",), calls=(CALLED,), step=1, count=1)
    await keep(store, one)

    async def nothing(*_: object) -> None:
        return None

    escalations = Escalations(store, night, ZONE, load=nothing, rules=lambda: RULES, manager_of=nothing, changed=print)
    notifier = Notifier(store, Deliveries(service, settings), night, ZONE, hours=escalations.hours)
    await notifier.tick()
    assert await store.inboxes.get("m1") is None
    assert escalations.hours(escalation(terms=0), night.now()) == ()
    assert escalations.hours(escalation(terms=1, promise_broken=True), night.now()) == ()
    night.moment = minute(60 * 22)
    await notifier.tick()
    told = await store.inboxes.get("m1")
    assert told is not None
    assert told.number == 1
    assert told.hours[0] == (minute(60 * 22), minute(60 * 25))  # until lunch; tried again, it does not go out at night


async def test_of_a_backlog_the_most_urgent_is_called_first(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.sla_monitor.notify.store.TOGETHER", 2)
    store = NotifyStore(service)
    backlog = [("routine", False), ("important", False), ("urgent", False), ("routine", True)]
    for number, (priority, broken) in enumerate(backlog):
        own: dict[str, Any] = {"priority": priority, "promise_broken": broken, "next_due": minute(number)}
        one = escalation(escalation_id=f"r{number}", untold=("m1",), **own)
        await keep(store, one)
    assert [one.escalation_id for one in await store.due(minute(9))] == ["r3", "r2"]
    assert [one.escalation_id for one in await store.untold_to("m1")] == ["r3", "r2"]


async def test_however_many_fail_the_others_are_called(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than are looked at together, and all before the others."""
    monkeypatch.setattr("services.sla_monitor.notify.store.TOGETHER", 2)
    store, at = NotifyStore(service), FixedClock(minute(9))
    for number in range(4):
        await keep(store, escalation(escalation_id=f"r{number}", about_id=f"r{number}", next_due=minute(number)))

    async def nothing(*_: object) -> None:
        return None

    async def load(_: str, about_id: str) -> None:
        if about_id != "r3":
            raise LookupError(about_id)

    escalations = Escalations(store, at, ZONE, load=load, rules=lambda: RULES, manager_of=nothing, changed=print)
    for _ in range(2):
        await escalations.tick()
    done = await store.escalations.get("r3")
    assert done is not None
    assert done.ending == "withdrawn"  # there is nothing of the kind any more


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


async def test_after_a_hand_over_the_new_manager_is_called_and_sees_it_and_the_old_one_is_not(house: House) -> None:
    await house.publish(handed_over(house, "m2"), manager(house, "m2", email=OLGA), manager(house))
    await house.known("m1")
    await house.known("m2")
    await house.tell(MISSED)

    async def theirs() -> bool:
        owed = (await house.client.get("/v1/obligations", headers=M2)).json()["items"]
        return [one["obligation_id"] for one in owed] == ["k1:callback:1"]

    await eventually(theirs)
    assert (await house.get("/v1/obligations", who=M1))["items"] == []
    await house.get("/v1/calls/k1/timeline", 403, who=M1)
    await house.forward(minutes=6)
    shown = await house.escalation("k1:callback:1", step=1)
    assert shown["calls"][0]["person_ids"] == ["m2"]
    assert len((await house.get(ALL, who=M2))["items"]) == 1
    assert (await house.get(ALL, who=M1))["items"] == []
    timeline = await house.get("/v1/calls/k1/timeline", who=M2)
    assert [one["escalation_id"] for one in timeline["escalations"]] == ["k1:callback:1"]
    await house.get(f"{ALL}/k1:callback:1", 403, who=M1)
    await house.acknowledge("k1:callback:1", M1, 403)
    await house.acknowledge("k1:callback:1", M2)


async def test_a_substitute_gets_what_is_the_absent_ones_and_may_take_it(house: House) -> None:
    now = house.clock.now()
    absence = {"since": now.isoformat(), "until": (now + timedelta(days=3)).isoformat(), "substitute_id": "m2"}
    await house.person("m2", email=OLGA)
    await house.person("m1", email=VERA, absences=[absence])
    await house.tell(MISSED, ago=310)
    shown = await house.escalation("k1:callback:1", step=1)
    assert shown["calls"][0]["person_ids"] == ["m2"]
    assert len((await house.get(ALL, who=M2))["items"]) == 1
    await house.post.letters(1, OLGA)
    await house.acknowledge("k1:callback:1", M2)
    assert house.post.to(VERA) == []


async def test_what_is_done_before_anybody_looked_calls_nobody(house: House) -> None:
    await house.tell(registered(), assigned(), started(), MISSED, RETURNED, ago=310)
    await house.timeline("/v1/calls/k1/timeline", 2)
    assert (await house.get(ALL))["items"] == []


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


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "boss"}, "role"),
        ({"name": "  "}, "name"),
        ({"email": "vera"}, "email"),
        ({"email": "vera@svoy.example\nBcc: all@svoy.example"}, "email"),
        ({"hook_url": "file:///etc/passwd"}, "hook_url"),
        ({"hook_url": "https://user:pass@svoy.example"}, "hook_url"),
        ({"salary": 1}, "salary"),
        ({"absences": [{"since": "2026-11-24T00:00:00", "until": "2026-11-25T00:00:00Z"}]}, "absences"),
        ({"absences": [{"since": "2026-11-25T00:00:00Z", "until": "2026-11-24T00:00:00Z"}]}, "until"),
        (
            {"absences": [{"since": "2026-11-24T00:00:00Z", "until": "2026-11-25T00:00:00Z", "substitute_id": "x"}]},
            "замещающего x",
        ),
        (
            {"absences": [{"since": "2026-11-24T00:00:00Z", "until": "2026-11-25T00:00:00Z", "substitute_id": "m1"}]},
            "сам себя",
        ),
    ],
)
async def test_a_person_that_makes_no_sense_is_refused_by_name(house: House, body: dict[str, Any], field: str) -> None:
    assert field in (await house.person("m1", 422, **body))["detail"]


async def test_only_a_director_sets_people_and_only_people_take_escalations(house: House) -> None:
    body = {"role": "manager", "name": "Вера"}
    for who, status in ((M1, 403), (LEAD, 403), ({}, 401), (token("integration"), 403)):
        assert (await house.client.put("/v1/people/m1", headers=who, json=body)).status_code == status
    for who, status in ((token("service"), 403), (token("specialist"), 403), ({}, 401)):
        answer = await house.client.post(f"{ALL}/x/acknowledge", headers=who, json={"minutes": 5})
        assert answer.status_code == status
    await house.acknowledge("nobody", LEAD, 404)
    for minutes in (0, -5, 1441, "30", 1.5):
        await house.acknowledge("nobody", LEAD, 422, minutes=minutes)
    await house.get("/v1/people/nobody", 404)


@pytest.mark.parametrize(
    "query",
    [{"clock": "lunch"}, {"state": "late"}, {"about": "request"}, {"about_id": "r1"}, {"cursor": "???"},
     {"cursor": "bm8="}],
)  # fmt: skip
async def test_a_list_that_makes_no_sense_is_refused(house: House, query: dict[str, Any]) -> None:
    await house.get(ALL, 422, **query)
