"""A queue and somebody who may create tickets; prints their token and the queue's id as JSON."""

import json
import sys

import django  # type: ignore[import-not-found]  # in the bench's own environment only
from django.core.management import call_command  # type: ignore[import-not-found]  # likewise

django.setup()
call_command("migrate", verbosity=0)

from django.contrib.auth import get_user_model  # type: ignore[import-not-found]  # noqa: E402 - after the setup
from helpdesk.models import Queue  # type: ignore[import-not-found]  # noqa: E402 - likewise
from rest_framework.authtoken.models import Token  # type: ignore[import-not-found]  # noqa: E402 - likewise

user = get_user_model().objects.create_superuser("bench")
queue = Queue.objects.create(title="Support", slug="support")
json.dump({"token": Token.objects.create(user=user).key, "queue": queue.id}, sys.stdout)
