"""Run by the python of Tryton's own environment: a company with agents and their commissions, settled as its wizard
«Create Commission Invoices» does: one search, one call, one commit. Prints what came of it as JSON.

    settle.py FOLDER MANAGERS FACTS_EACH

The commissions are the facts of `tests.bench.payroll`: what a client pays who was won, minus what one pays who is lost.
"""

import json
import sys
from datetime import date
from decimal import Decimal
from time import perf_counter
from typing import Any

from trytond import backend, config  # type: ignore[import-not-found]  # in the bench's own environment only
from trytond.pool import Pool  # type: ignore[import-not-found]  # likewise
from trytond.transaction import Transaction  # type: ignore[import-not-found]  # likewise

NAME = "bench"
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


def fact(number: int) -> dict[str, Any]:
    """What fact `number` of a manager moves, in roubles, and its day."""
    client, lost = divmod(number, 2)
    fee = Decimal(6_900 + 37 * client - lost)
    return {"amount": -fee if lost else fee, "date": FIRST.replace(day=1 + (client + 14 * lost) % 14 + 14 * lost)}


def installed(folder: str) -> Any:
    """A fresh database with the module in it."""
    config.set("database", "uri", "sqlite://")
    config.set("database", "path", folder)
    with Transaction().start(None, 0, close=True, autocommit=True) as transaction:
        transaction.database.create(transaction.connection, NAME)
    with Transaction().start(NAME, 0) as transaction:
        backend.Database(NAME).init()
        transaction.commit()
    Pool.start()
    pool = Pool(NAME)
    pool.init(update=["ir", "res", "commission"], lang=["en"], activatedeps=True)
    return pool


def company(pool: Any) -> int:
    """A company that counts in roubles; its id."""
    currency = pool.get("currency.currency")(name="Рубль", symbol="₽", code="RUB", digits=2, rounding=Decimal("0.01"))
    currency.save()
    party = pool.get("party.party")(name="Своя компания")
    party.save()
    made = pool.get("company.company")(party=party, currency=currency)
    made.save()
    user = pool.get("res.user")(1)
    user.companies, user.company = [made], made
    user.save()
    found: int = made.id
    return found


def accounts(pool: Any, company_id: int) -> tuple[Any, Any]:
    """What a settlement needs of the books: where it is owed, and a product by which it is paid."""
    kind, account = pool.get("account.account.type"), pool.get("account.account")
    payable = kind(name="Расчёты", company=company_id, statement="balance", payable=True)
    expense = kind(name="Расходы", company=company_id, statement="income", expense=True)
    kind.save([payable, expense])
    owed = account(name="Расчёты", company=company_id, type=payable, reconcile=True, party_required=True)
    spent = account(name="Расходы", company=company_id, type=expense)
    account.save([owed, spent])
    pool.get("account.journal")(name="Вознаграждения", type="commission").save()
    category = pool.get("product.category")(name="Услуги", accounting=True, account_expense=spent)
    category.save()
    (unit,) = pool.get("product.uom").search([("name", "=", "Unit")])
    template = pool.get("product.template")(
        name="Вознаграждение", type="service", default_uom=unit, account_category=category, list_price=Decimal(0)
    )
    template.products = [pool.get("product.product")()]
    template.save()
    return owed, template.products[0]


def earned(pool: Any, company_id: int, managers: int, each: int) -> None:
    """The managers, and what each of them earned in the month."""
    owed, product = accounts(pool, company_id)
    party, address, agent = pool.get("party.party"), pool.get("party.address"), pool.get("commission.agent")
    rouble = pool.get("company.company")(company_id).currency
    parties = [party(name=f"Менеджер {one}", addresses=[address()], account_payable=owed) for one in range(managers)]
    party.save(parties)
    agents = [agent(party=one, type_="agent", company=company_id, currency=rouble) for one in parties]
    agent.save(agents)
    facts = [fact(number) | {"product": product.id} for number in range(each)]
    for one in agents:
        pool.get("commission").create([moved | {"agent": one.id} for moved in facts])


def settle(pool: Any) -> int:
    """How many commissions were settled."""
    commission = pool.get("commission")
    of_month = [("date", ">=", FIRST), ("date", "<=", LAST)]
    due = commission.search(
        [("invoice_line", "=", None), *of_month, ("agent.type_", "=", "agent")],
        order=[("agent", "DESC"), ("date", "DESC")],
    )
    commission.invoice(list(due))
    Transaction().commit()
    return len(due)


def main() -> None:
    """Make the database, fill it, settle, say how long that took and what it came to."""
    folder, managers, each = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    pool = installed(folder)
    with Transaction().start(NAME, 1) as transaction:
        company_id = company(pool)
        transaction.commit()
    ours = {"company": company_id}
    with Transaction().start(NAME, 1, context=ours) as transaction:
        earned(pool, company_id, managers, each)
        transaction.commit()
    with Transaction().start(NAME, 1, context=ours):
        began = perf_counter()
        facts = settle(pool)
        seconds = perf_counter() - began
        lines = pool.get("account.invoice.line").search([])
        total = sum(line.unit_price for line in lines)
    json.dump({"seconds": seconds, "facts": facts, "statements": len(lines), "total": str(total)}, sys.stdout)


if __name__ == "__main__":
    main()
