"""The section of a dataset's overview about its datasources: where they are, their bulbs, and the last checks."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from datasets.access import dataset_for
from datasets.models import Dataset
from datasources.checks import queries
from datasources.settings import timeline
from datasources.settings.bulbs import statuses_of
from datasources.settings.events import check_finished
from teams.requests import PageRequest

LAST_CHECKS = 5


def section(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    """What datasources/_overview.html shows. Two queries."""
    statuses = statuses_of(dataset.datasources.select_related("latest_check"))
    return {
        "statuses": statuses,
        "open": next((status for status in statuses if status.is_open), None),
        "checks": [timeline.Entry(check, [], replaced=False) for check in queries.checks_of(dataset)[:LAST_CHECKS]],
    }


@require_GET
def overview(request: PageRequest, dataset_id: str) -> HttpResponse:
    """The section alone. It fetches itself again while a check is open, and after a change in the dialog."""
    dataset = dataset_for(request.user, dataset_id)
    shown = section(request, dataset)
    response = render(request, "datasources/_overview.html", {"dataset": dataset, "section": shown, "is_poll": True})
    return response if shown["open"] else check_finished(response)
