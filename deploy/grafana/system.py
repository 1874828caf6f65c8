"""The dashboard «Система»: whether every service works, and whether events get where they should."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.panels import Panel, alarm, dashboard, lines, stat, states

SERVICE = "{{service}}"


def system() -> Dashboard:
    """What an engineer looks at first."""
    return dashboard(
        "svoy-system",
        "Система",
        {
            "Сейчас": _now(),
            "Часы и письма": _clocks(),
            "События": _events(),
            "Обработка": _handling(),
            "HTTP": _http(),
        },
        since="3h",
        refresh="10s",
    )


def _now() -> list[Panel]:
    return [
        states(
            "Службы",
            {SERVICE: 'max by (service) (up{job="svoy"})', "rabbitmq": 'max(up{job="rabbitmq"})'},
            "Отвечает ли хотя бы один экземпляр.",
            {0: ("не отвечает", "red"), 1: ("работает", "green")},
            width=24,
        ),
        stat(
            "Отложенные сообщения",
            {SERVICE: "service:svoy_parked_messages:max"},
            "Ждут человека: svoy parked list.",
            width=8,
            steps=alarm(1),
        ),
        stat(
            "Старейшее неотправленное событие",
            {SERVICE: "service:svoy_outbox_oldest_age_seconds:max"},
            "Записано в базу, но ещё не подтверждено брокером.",
            width=8,
            unit="s",
            steps=((None, "green"), (10, "orange"), (60, "red")),
        ),
        stat(
            "Очередь",
            {SERVICE: "service:svoy_queue_messages:max"},
            "Сообщения, до которых служба ещё не дошла.",
            width=8,
            steps=((None, "green"), (100, "orange"), (1000, "red")),
        ),
    ]


def _clocks() -> list[Panel]:
    return [
        stat(
            "Часы смотрят",
            {"назад": "time() - max(svoy_sla_ticker_last_load_timestamp_seconds)"},
            "Когда sla_monitor последний раз смотрел, что нарушается.",
            width=8,
            unit="s",
            steps=alarm(30),
        ),
        stat(
            "Расходятся с фактами",
            {"сроки": "max(svoy_sla_clock_differences)", "зарплата": "max(svoy_payroll_closed_differences)"},
            "Что нашли последние ночные проверки: svoy clocks verify, svoy pay verify.",
            width=8,
            steps=alarm(1),
        ),
        stat(
            "Письма и вебхуки не ушли",
            {"{{service}}": "max by (service) (svoy_deliveries_waiting)"},
            "Ждут другой стороны; что она отвечает: GET /v1/deliveries.",
            width=8,
            steps=alarm(1),
        ),
    ]


def _events() -> list[Panel]:
    return [
        lines(
            "Опубликовано",
            {"{{type}}": "sum by (type) (rate(svoy_events_published_total[$__rate_interval]))"},
            "Событий в секунду, подтверждённых брокером.",
            width=12,
            unit="eps",
        ),
        lines(
            "Обработано",
            {
                "{{service}}: {{outcome}}": "service_outcome:svoy_events_handled:rate1m",
                "{{service}}: duplicate": "sum by (service) (rate(svoy_events_duplicate_total[$__rate_interval]))",
            },
            "applied — применено, retried — отложено до новой попытки, parked — ждёт человека, duplicate — уже было.",
            width=12,
            unit="eps",
        ),
        lines(
            "Ещё не отправлено",
            {SERVICE: "sum by (service) (svoy_outbox_events)"},
            "События, записанные в базу и не подтверждённые брокером.",
            width=12,
        ),
        lines(
            "Очереди RabbitMQ",
            {"ready": "sum(rabbitmq_queue_messages_ready)", "unacked": "sum(rabbitmq_queue_messages_unacked)"},
            "Все сообщения брокера: ждут и в работе.",
            width=12,
        ),
    ]


def _handling() -> list[Panel]:
    return [
        lines(
            "Время обработки сообщения, p99",
            {SERVICE: "service:svoy_handler_seconds:p99_5m"},
            "99 из 100 сообщений обработаны не дольше.",
            width=8,
            unit="s",
        ),
        lines(
            "Записей за одно обращение к базе",
            {
                SERVICE: "sum by (service) (rate(svoy_commit_batch_size_sum[$__rate_interval]))"
                " / sum by (service) (rate(svoy_commit_batch_size_count[$__rate_interval]))"
            },
            "Чем выше нагрузка, тем больше записей уходит вместе.",
            width=8,
        ),
        lines(
            "Столкновения версий",
            {SERVICE: "sum by (service) (rate(svoy_version_conflicts_total[$__rate_interval]))"},
            "Другой экземпляр записал документ раньше; решение принято заново.",
            width=8,
            unit="ops",
        ),
    ]


def _http() -> list[Panel]:
    return [
        lines(
            "Запросы",
            {
                "{{service}} {{status}}": "sum by (service, status)"
                " (rate(svoy_http_request_seconds_count[$__rate_interval]))"
            },
            "В секунду, по ответу.",
            width=8,
            unit="reqps",
        ),
        lines(
            "Время ответа, p99",
            {SERVICE: "service:svoy_http_request_seconds:p99_5m"},
            "99 из 100 запросов отвечены не дольше.",
            width=8,
            unit="s",
        ),
        lines(
            "В работе и отказы",
            {
                "{{service}}: в работе": "sum by (service) (svoy_http_in_flight)",
                "{{service}}: отказы/с": "sum by (service) (rate(svoy_http_refused_total[$__rate_interval]))",
            },
            "Отказ — ответ 503 с Retry-After: служба не берёт больше, чем успевает.",
            width=8,
        ),
    ]
