"""An empty installation in this process: its database, its caches and its static files."""

from functools import partial

import django
from django.core.management import call_command
from django.test import Client

# Its answers are what people wait for, so anything else than 200 would measure the wrong thing.
_GOOD = 200


def prepare() -> None:
    """Set up Django and forget all rows of an earlier measurement."""
    django.setup()
    command = partial(call_command, verbosity=0)
    command("migrate")
    command("createcachetable")
    command("collectstatic", interactive=False)
    command("flush", interactive=False)


def signed_in(email: str) -> Client:
    """A browser in which this person is signed in, as the sign-in page does it."""
    from django.conf import settings

    from teams.models import User

    client = Client()
    client.force_login(User.objects.get(email=email), settings.AUTHENTICATION_BACKENDS[0])
    return client


def get(client: Client, path: str) -> None:
    """Fetch a page. Raises RuntimeError unless the page itself comes, and not a redirect or an error."""
    response = client.get(path)
    if response.status_code != _GOOD:
        raise RuntimeError(f"GET {path} answered {response.status_code}, {response.headers.get('Location', '')}")
