"""Every list of the admin panel with a hundred and with ten thousand rows of every model."""

from functools import partial
from typing import Any

import django
from django.core.management import call_command
from django.test import Client

from bench.__main__ import Measured, median_ms


def growth() -> Measured:
    """All lists one after the other; prints those that take more than twice as long with the many rows."""
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    from django.contrib import admin
    from django.urls import reverse

    from teams.models import User
    from tests.rows import Rows

    models: list[Any] = list(admin.site._registry)
    paths = {
        model._meta.label: reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in models
    }
    client, rows = Client(), Rows()
    client.force_login(User.objects.create_superuser("bench@example.com"), "django.contrib.auth.backends.ModelBackend")

    def each_list(count: int) -> dict[str, float]:
        for model in models:
            rows.make(model, count)
        for path in paths.values():
            assert client.get(path).status_code == 200
        return {label: median_ms(partial(client.get, path), times=5) for label, path in paths.items()}

    few, many = each_list(100), each_list(10_000)
    for label in paths:
        if many[label] > 2 * few[label]:
            print(f"  {label}: {few[label]:.0f} ms, then {many[label]:.0f} ms")
    call_command("flush", interactive=False, verbosity=0)
    name = f"{len(paths)} lists of the admin panel: 100 rows each against 10,000"
    return name, sum(few.values()), "10,000 rows each", sum(many.values())
