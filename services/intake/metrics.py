"""What intake measures besides what every service does."""

from prometheus_client import Counter, Gauge

REQUESTS = Counter(
    "svoy_intake_requests", "Requests registered.", ["channel", "priority", "identified"]
)  # fmt: skip
CALLS = Counter("svoy_intake_call_events", "What happened to calls: rang, answered, missed, returned.", ["event"])
WEBHOOKS = Counter(
    "svoy_intake_webhooks", "Webhooks by provider and what became of them: taken, repeated, refused, not_understood.",
    ["provider", "outcome"],
)  # fmt: skip
WEBHOOKS_WAITING = Gauge("svoy_intake_webhooks_waiting", "Webhooks that are kept and not worked off yet.")
WEBHOOKS_NOT_UNDERSTOOD = Gauge(
    "svoy_intake_webhooks_not_understood", "Webhooks nobody could make sense of: a person looks at them."
)  # fmt: skip
MAILS = Counter("svoy_intake_mails", "Letters by how they could be read: whole, with_faults, repeated.", ["outcome"])
PARKED_MAILS = Gauge("svoy_intake_mails_parked", "Letters of the mailbox that could not be kept so far.")
CLAIMED = Counter("svoy_intake_requests_claimed", "Unidentified requests whose client became known later.")
