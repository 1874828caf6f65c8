"""The dashboard «База и рост»: clients, won, lost, fees, what is at risk, and what is done about it."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.panels import Panel, Steps, alarm, bars, dashboard, in_words, lines, stat

PARTS = {"start": "на начало", "won": "приведены", "begun": "пришли иначе", "lost": "потеряны", "end": "сейчас"}
BANDS = {"calm": "спокойно", "watch": "присмотреться", "risk": "риск"}
GROWTH = {"goal": "цель +3", "growing": "растут", "level": "ровно", "shrinking": "убывают"}
CALLS = {"planned": "запланированы", "held": "состоялись", "attempted": "не дозвонились"}
PROSPECTS = {
    "known": "знакомы", "trial": "пробная заявка", "tried": "проба решена", "winning": "на подтверждении",
    "won": "наши", "dropped": "отказ",
}  # fmt: skip
FANS = {"fan": "поклонники", "near": "почти поклонники"}
GROWN: Steps = ((None, "red"), (0, "orange"), (1, "yellow"), (3, "green"))
PLAIN: Steps = ((None, "blue"),)
RISKY = 'max(svoy_accounts_fee_by_band_roubles{band="risk"})'


def growth() -> Dashboard:
    """What the commercial director looks at."""
    rows = {"Этот месяц": _month(), "Риск": _risk(), "Звонки и рекомендации": _care(), "Как шло": _history()}
    return dashboard("svoy-growth", "База и рост", rows, since="30d", refresh="1m")


def _clients(part: str) -> str:
    return f'max(svoy_accounts_month_clients{{part="{part}"}})'


def _fees(part: str) -> str:
    return f'max(svoy_accounts_month_fees_roubles{{part="{part}"}})'


def _month() -> list[Panel]:
    moved = 'max by (part) (svoy_accounts_month_fees_roubles{part=~"won|lost"})'
    grown = f"{_clients('end')} - {_clients('start')}"
    return [
        stat("Клиентов", {"сейчас": _clients("end")}, "Все, кто сейчас с нами.", width=4, steps=PLAIN),
        stat("Рост базы", {"за месяц": grown}, "Стало больше на столько клиентов; хороший месяц: +3 на менеджера.",
             width=4, steps=GROWN),
        stat("Приведены", {"за месяц": _clients("won")}, "Пришли в этом месяце (R-BASE-1).", width=4, steps=PLAIN),
        stat("Потеряны", {"за месяц": _clients("lost")}, "Ушли в этом месяце (R-BASE-2).", width=4, steps=alarm(1)),
        stat("Абонентская плата", {"в месяц": _fees("end")}, "Сумма плат всех клиентов.",
             width=8, unit="currencyRUB", steps=PLAIN),
        in_words(
            bars("Плата: пришла и ушла", {"{{part}}": moved},
                 "Плата приведённых и потерянных в этом месяце.", width=12, unit="currencyRUB", steps=PLAIN),
            PARTS,
        ),
        in_words(
            bars("Менеджеры по росту", {"{{growth}}": "max by (growth) (svoy_accounts_managers_by_growth)"},
                 "У скольких менеджеров база растёт, стоит, убывает.", width=12, unit="short", steps=PLAIN),
            GROWTH,
        ),
    ]  # fmt: skip


def _risk() -> list[Panel]:
    control = "max(svoy_accounts_control_oldest_age_seconds)"
    return [
        stat("Плата под риском", {"в месяц": RISKY},
             "Плата клиентов, чей ручной долг в красной полосе (R-IMP-6).",
             width=6, unit="currencyRUB", steps=alarm(1)),
        stat("Под контролем", {"заявок": "max(svoy_accounts_control_requests)"},
             "Стоят под контролем, пока бухгалтер не доволен (R-IMP-4).", width=6, steps=PLAIN),
        stat("Самая старая под контролем", {"возраст": control}, "Сколько она там стоит.",
             width=6, unit="s", steps=((None, "green"), (3 * 86_400, "orange"), (7 * 86_400, "red"))),
        stat("Ждут директора", {"предложений": "max(svoy_accounts_proposals_open)"},
             "Факты, которые двигают деньги, ждут подтверждения (R-BASE-3).", width=6, steps=PLAIN),
        in_words(
            bars("Клиенты по полосам долга", {"{{band}}": "max by (band) (svoy_accounts_clients_by_band)"},
                 "Сколько клиентов в каждой полосе.", width=12, unit="short", steps=PLAIN),
            BANDS,
        ),
        in_words(
            bars("Плата по полосам долга", {"{{band}}": "max by (band) (svoy_accounts_fee_by_band_roubles)"},
                 "Их плата в месяц.", width=12, unit="currencyRUB", steps=PLAIN),
            BANDS,
        ),
    ]  # fmt: skip


def _care() -> list[Panel]:
    held = 'max(svoy_accounts_week_calls{standing="held"})'
    planned = 'max(svoy_accounts_week_calls{standing="planned"})'
    return [
        stat("Поговорили на неделе", {"доля": f"({held} / ({planned} > 0)) or vector(0)"},
             "С каким числом бухгалтеров из тех, кому звонок назначен (R-IMP-1).",
             width=6, unit="percentunit", steps=((None, "red"), (0.5, "orange"), (0.95, "green"))),
        stat("Ни разу не говорили", {"бухгалтеров": "max(svoy_accounts_contacts_never_reached)"},
             "С ними ещё не было ни одного недельного разговора.", width=6, steps=alarm(1)),
        in_words(
            stat("Поклонники", {"{{standing}}": "max by (standing) (svoy_accounts_fans)"},
                 "Кого можно просить о рекомендации и кому не хватает одного шага (R-REF-1).", width=12, steps=PLAIN),
            FANS,
        ),
        in_words(
            bars("Звонки недели", {"{{standing}}": "max by (standing) (svoy_accounts_week_calls)"},
                 "Назначены, состоялись, не дозвонились.", width=12, unit="short", steps=PLAIN),
            CALLS,
        ),
        in_words(
            bars("Потенциальные клиенты", {"{{state}}": "max by (state) (svoy_accounts_prospects)"},
                 "От знакомства до победы или отказа (R-REF-2…4).", width=12, unit="short", steps=PLAIN),
            PROSPECTS,
        ),
    ]  # fmt: skip


def _history() -> list[Panel]:
    return [
        lines("Клиентов", {"всего": _clients("end")}, "Как росла база.", width=12),
        lines("Абонентская плата", {"всего": _fees("end"), "под риском": RISKY},
              "Вся и та, что под риском.", width=12, unit="currencyRUB"),
    ]  # fmt: skip
