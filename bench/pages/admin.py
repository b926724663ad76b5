"""Every list of the admin panel with a few and with many rows of every model."""

from functools import partial
from typing import Any

from bench.measuring import USUAL, Effort, Measured, at_most, median_ms
from bench.pages import installation


def growth(effort: Effort) -> Measured:
    """All lists one after the other; prints those that take more than twice as long with the many rows."""
    installation.prepare()
    from django.contrib import admin
    from django.urls import reverse

    from teams.models import User
    from tests.rows import Rows

    models: list[Any] = list(admin.site._registry)
    paths = {
        model._meta.label: reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in models
    }
    client, rows = installation.signed_in(User.objects.create_superuser("bench@example.com").email), Rows()

    def each_list(count: int) -> dict[str, float]:
        for model in models:
            rows.make(model, count)
        return {
            label: median_ms(partial(installation.get, client, path), effort.times) for label, path in paths.items()
        }

    # To make 10,000 rows of every model takes longer than to measure them.
    largest = effort.many // 4 if effort == USUAL else effort.many
    few, many = each_list(effort.few), each_list(largest)
    for label in paths:
        if many[label] > 2 * few[label]:
            print(f"  {label}: {few[label]:.0f} ms, then {many[label]:.0f} ms")
    what = f"{len(paths)} lists of the admin panel, {largest:,} rows each"
    return Measured(what, sum(many.values()), sum(few.values()), f"{effort.few:,} rows each", at_most(1.2))
