"""What payroll measures besides what every service does."""

from typing import get_args

from prometheus_client import Counter, Gauge, Histogram

from services.payroll.domain.facts import Kind

FACTS = Counter("svoy_payroll_facts", "Facts recorded: won, lost, handed_over, reversed.", ["kind"])
MONTHS = Counter("svoy_payroll_months_closed", "Months closed.")
STATEMENTS = Counter("svoy_payroll_statements_closed", "Statements closed.")
ADJUSTMENTS = Counter("svoy_payroll_adjustments", "Adjustment lines in closed statements (R-PAY-6).")
CLOSE_TIME = Histogram(
    "svoy_payroll_month_close_seconds", "Time to close a month, from the first statement to the last.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)  # fmt: skip
RESUMED = Counter("svoy_payroll_closes_resumed", "Times a month found half closed was closed further.")

for _kind in get_args(Kind):
    FACTS.labels(kind=_kind)

EXPORTS = Counter("svoy_payroll_exports", "Months given to the payroll of 1С, the first time or once more.", ["again"])
DIFFERENCES = Gauge(
    "svoy_payroll_closed_differences", "What the last nightly verification of the closed months found otherwise."
)
VERIFIED = Gauge("svoy_payroll_verified_timestamp_seconds", "When the closed months were last verified as a whole.")
DISPUTES = Counter("svoy_payroll_disputes", "Objections of managers to their statements.")
