"""Settings of intake."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from standardwebhooks import Webhook

from services.intake.mail_settings import MailSettings
from services.intake.telephony_settings import TelephonySettings


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _webhook_secret(value: SecretStr | None) -> SecretStr | None:
    if value is not None:
        try:
            Webhook(value.get_secret_value())
        except Exception as error:
            raise ValueError("must be whsec_ and base64") from error
    return value


OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_or_none)]


class IntakeSettings(MailSettings, TelephonySettings):
    """What intake needs to know besides what every service does. A door whose secret is missing answers 503."""

    webhook_secret: Annotated[OptionalSecret, AfterValidator(_webhook_secret)] = None
    """`whsec_…`: what the generic telephony signs its webhooks with (Standard Webhooks)."""
    mango_api_key: OptionalSecret = None
    """Mango Office's code of the VPBX (`vpbx_api_key`)."""
    mango_api_salt: OptionalSecret = None
    """Mango Office's key for the signature."""
    pair_every_seconds: float = Field(default=5, gt=0)
    """How often it is looked for what a crash left undone: missed calls to be paired, senders' pasts to be joined,
    mergers to be checked."""
