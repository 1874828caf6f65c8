"""Letters and webhooks to people outside: kept, tried until they arrive, shown while they do not."""

from shared.delivery.deliveries import Deliveries
from shared.delivery.delivery import Delivery, Hook, Letter
from shared.delivery.hooks import hook_url
from shared.delivery.settings import DeliverySettings

__all__ = ["Deliveries", "Delivery", "DeliverySettings", "Hook", "Letter", "hook_url"]
