"""The conversation of a request: everything said about it, by whatever channel, in its order."""

import re
from datetime import timedelta
from typing import Any

from shared.clock import machine_now
from tests.intake.conftest import MANAGER, OTHER_MANAGER, Doors
from tests.intake.letters import a_letter, done, pressed
from tests.intake.samples import MAIL, PHONE, PUBLIC
from tests.kit import publish
from tests.mail_server import Post


async def test_the_conversation_is_told_in_its_order_with_what_was_merged(post: Doors, outside: Post) -> None:
    await post.client()
    first = (await post.letter(a_letter("Не проходит отчёт"))).json()
    path, number = f"/v1/requests/{first['request_id']}", first["number"]
    await outside.about(number)
    until = (machine_now() + timedelta(hours=1)).isoformat()
    await post.post(f"{path}/wait-promise", {"until": until, "words": "Час подожду", "said_by": "Иванова"})
    await post.letter(a_letter("И баланс", f"Re: [Заявка {number}] Отчёт"))
    await post.letter(a_letter("Я в отпуске", f"Re: [Заявка {number}] Отчёт", Auto_Submitted="auto-replied"))
    await post.post(f"{path}/priority", {"priority": "important", "nature": "long", "reason": "правда долго"})
    other = await post.registered(contact={"phone": PHONE}, subject="Отчёт не проходит")
    await post.post(f"/v1/requests/{other['request_id']}/merge", {"request_id": first["request_id"]})
    said = {"channel": "phone", "words": "Это то же самое"}
    await post.post(f"/v1/requests/{other['request_id']}/follow-ups", said)
    await publish(post.amqp_url, done(first["request_id"]))
    letter = await outside.about(number, 2)
    await pressed(post, letter, "yes", "всё равно не считает")
    await post.post(f"{path}/verdict", {"satisfied": False, "words": "Не считает", "said_by": "Иванова"})
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await post.get(f"{path}/conversation", MANAGER, limit=3, **cursor)).json()
        items += page["items"]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    kinds = [(item["kind"], item["number"] == number) for item in items]
    assert sorted(items, key=lambda item: item["at"]) == items
    assert [kind for kind in kinds if kind[0] not in {"our_letter", "finished"}] == [
        ("registered", True), ("promise", True), ("follow_up", True), ("mail", True), ("priority", True),
        ("registered", False), ("merged", False), ("follow_up", True), ("answered", True), ("doubt", True),
        ("verdict", True),
    ]  # fmt: skip
    assert kinds.count(("our_letter", True)) == 2
    assert kinds.count(("finished", True)) == 1
    words = {item["kind"]: item["words"] for item in items}
    assert (words["finished"], words["promise"]) == ("Готово", "Час подожду")
    said_by = [item["said_by"] for item in items if item["kind"] == "follow_up"]
    assert said_by == [MAIL, None]
    assert [item["contact_id"] for item in items if item["kind"] == "registered"] == ["c1-a", "c1-a"]
    (link,) = re.findall(rf"{PUBLIC}/v1/answers/(\S+)\?solved=yes", letter.get_content())
    assert link.rpartition("/")[2] not in str(items)
    assert (await post.get(f"{path}/conversation", OTHER_MANAGER)).status_code == 403
    assert (await post.get("/v1/requests/nobody/conversation")).status_code == 404


async def test_a_call_stands_in_the_conversation_it_was_had_in(doors: Doors) -> None:
    await doors.client()
    told = {"call_id": "k1", "phone": PHONE, "direction": "in", "at": machine_now().isoformat()}
    call_id = (await doors.webhook(told | {"event": "answered"})).json()["call_id"]
    asked = await doors.registered(contact={"phone": PHONE}, call_id=call_id)
    page = (await doors.get(f"/v1/requests/{asked['request_id']}/conversation")).json()
    assert [(item["kind"], item["call_status"]) for item in page["items"]] == [
        ("call", "answered"), ("registered", None),
    ]  # fmt: skip
