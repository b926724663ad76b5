"""The home page with a hundred and with ten thousand datasets."""

import django
from django.core.management import call_command
from django.test import Client

from bench.__main__ import Measured, median_ms


def growth() -> Measured:
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    from teams.services import create_user
    from tests.dashboard.test_queries import make_datasets

    user = create_user(email="bench@example.com")
    client = Client()
    client.force_login(user, "teams.backends.PasswordBackend")
    make_datasets(user, 100)
    client.get("/")
    few = median_ms(lambda: client.get("/"), times=5)
    make_datasets(user, 9_900, start=100)
    many = median_ms(lambda: client.get("/"), times=5)
    return "home page: 100 datasets against 10,000", few, "10,000 datasets", many
