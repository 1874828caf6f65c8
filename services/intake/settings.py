"""Settings of intake."""

from pydantic import Field

from services.intake.mail_settings import MailSettings
from services.intake.telephony_settings import TelephonySettings


class IntakeSettings(MailSettings, TelephonySettings):
    """What intake needs to know besides what every service does."""

    pair_every_seconds: float = Field(default=5, gt=0)
    """How often it is looked for what a crash left undone: missed calls to be paired, senders' pasts to be joined,
    mergers to be checked."""
    key_per_second: float = Field(default=100, gt=0)
    """How many requests and letters a second one integration may send with its API key, on average; more are answered
    429 with `Retry-After`."""
    key_burst: int = Field(default=1_000, gt=0)
    """How many may come at once."""
