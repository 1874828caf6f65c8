"""What earlier versions of the program kept is still understood, and pays the same."""

from dataclasses import replace
from typing import Any

from services.payroll.domain.asking import Doubts, Outlook, request_close, review_month
from services.payroll.domain.books import Books
from services.payroll.domain.ledger import Ledger
from services.payroll.domain.policy import Policies
from services.payroll.domain.review import Preview
from services.payroll.domain.seal import seal_of
from services.payroll.domain.statement import Statement
from shared.money import ZERO
from shared.store.codec import from_fields, to_fields
from tests.payroll.given import AT, POLICIES, Told, client_lost, client_won, roubles

LATER = AT.replace(year=2027)
SEP, OCT = "2026-09", "2026-10"
NEW = {
    "ledger": ("cases", "reversals", "settled_to", "earlier"),
    "manager": ("personnel_number", "snils"),
    "statement": ("reversed", "policy", "seal", "sealed_by"),
    "fact": ("reverses_fact_id", "undoes", "sign", "missed", "order"),
    "adjustment": ("policy", "forgiven"),
}


def without(fields: dict[str, Any], kind: str) -> dict[str, Any]:
    """As it was kept before."""
    return {name: value for name, value in fields.items() if name not in NEW[kind]}


def old_statement(fields: dict[str, Any]) -> dict[str, Any]:
    """A statement as it was kept before."""
    lists = {name: [without(fact, "fact") for fact in fields[name]] for name in ("won", "lost", "without_pay")}
    lines = [
        without(line, "adjustment") | {"fact": line["fact"] and without(line["fact"], "fact")}
        for line in fields["adjustments"]
    ]
    return without(fields, "statement") | lists | {"adjustments": lines}


def old(ledger: Ledger) -> dict[str, Any]:
    """A ledger as it was kept before."""
    fields = without(to_fields(ledger), "ledger")
    return fields | {
        "manager": without(fields["manager"], "manager"),
        "facts": [without(fact, "fact") for fact in fields["facts"]],
        "closed": [old_statement(statement) for statement in fields["closed"]],
    }


def test_a_ledger_of_before_goes_on_as_it_would_have() -> None:
    told = Told.of(client_won(30000, SEP))
    told.close(SEP)
    told.hear(client_lost(50000, SEP))
    told.close(OCT)
    told.ledger = from_fields(old(told.ledger), Ledger)
    (november,) = [told.statement("2026-11")]
    assert (november.carried_in, november.carried) == (roubles(-30000), roubles(-30000))
    told.hear(client_won(50000, SEP))
    assert [line.amount for line in told.statement("2026-11").adjustments] == [roubles(30000)]
    assert told.ledger.done_with(OCT)


def test_a_statement_sealed_by_the_formula_of_before_keeps_its_seal_and_others_cover_what_is_behind_each_fact() -> None:
    told = Told.of(client_won(30000, SEP, fact_id="w"))
    statement = replace(told.statement(SEP), closed_at=AT)
    of_before = from_fields(without(to_fields(statement), "statement"), Statement)
    assert seal_of(of_before) == "f2c34f3eb29dfbccd869c44080d40b1a77c1f17544605e69ba66c3bcab63432a"
    (fact,) = statement.won
    behind: dict[str, Any] = {"request_id": "r", "vouched_by_client_id": "c", "confirmed_by": "d2", "client_name": "Я"}
    others = [replace(statement, won=(replace(fact, **{name: value}),)) for name, value in behind.items()]
    assert len({seal_of(each) for each in (statement, of_before, *others)}) == 6
    told.close(SEP)
    told.hear(client_lost(1000, SEP))
    october = told.statement(OCT)
    (line,) = october.adjustments
    by_another = replace(october, adjustments=(replace(line, policy=replace(line.policy, version=7)),))
    assert seal_of(by_another) != seal_of(october)


def test_a_review_and_a_preview_of_before_go_together_and_everything_is_looked_at_again() -> None:
    review = {"month": OCT, "state": "in_review", "number": 3, "by": "p2", "at": AT}
    books = from_fields({"months": [], "review": review}, Books)
    line = {"manager_id": "m1", "manager_name": "Мария", "total": ZERO, "growth": ZERO, "dismissal_proposed": False}
    kept = {"month": OCT, "number": 3, "at": AT, "by": "p2", "lines": [line | {"seal": "s"}], "doubts": {"f": "почему"}}
    preview = from_fields(kept, Preview)
    assert (preview.versions, preview.doubts, len(preview.lines)) == ((), {"f": "почему"}, 1)
    asked = request_close(books, OCT, Doubts(look=preview.look), by="p2", now=AT, zone="UTC").state
    assert asked.state(OCT) == "requested"
    assert review_month(asked, OCT, Outlook(employed=True), by="p2", now=LATER, zone="UTC").state.looks == 1


def test_books_of_before_keep_their_months() -> None:
    kept = {
        "months": [
            {"month": SEP, "state": "closed", "by": "p1", "started_at": AT, "closed_at": AT,
             "statements": 1, "total": ZERO},
        ]
    }  # fmt: skip
    books = from_fields(kept, Books)
    assert (books.first_open, books.begin, books.state(SEP), books.state(OCT)) == (OCT, SEP, "closed", "open")
    assert books.in_force(POLICIES.usual) == Policies(POLICIES.usual)
