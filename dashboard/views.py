"""The datasets home. It works without htmx too; with it, only a part is sent."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from dashboard import queries
from dashboard.onboarding_views import checklist_of
from datasets.access import dataset_for
from datasets.models import Dataset
from datasets.views import OPEN_SETTINGS
from datasources.settings import samples
from datasources.settings.bulbs import statuses_of
from datasources.settings.events import check_finished
from teams.queries import current_team_of
from teams.requests import PageRequest

PAGE_SIZE = 25


@require_GET
def home(request: PageRequest) -> HttpResponse:
    search, sort = request.GET.get("q", "").replace("\0", "").strip(), request.GET.get("sort", queries.DEFAULT_SORT)
    team = current_team_of(request.user)
    paginator = Paginator(queries.home_datasets(request.user, team=team, search=search, sort=sort), PAGE_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "rows": [_row(dataset) for dataset in page],
        "search": search,
        "sort": sort if sort in queries.SORTS else queries.DEFAULT_SORT,
        "sorts": {key: gettext(label) for key, (label, _) in queries.SORTS.items()},
        "summary": queries.home_summary(request.user, team),
        "team": team,
        "open_settings": request.session.pop(OPEN_SETTINGS, None),
        "checklist": checklist_of(request),
        "samples_available": samples.available(),
    }
    return render(request, "dashboard/home.html", context)


@require_GET
def row(request: PageRequest, dataset_id: str) -> HttpResponse:
    """One dataset of the home page. The part fetches itself again while a check is open."""
    dataset_for(request.user, dataset_id)
    dataset = queries.home_datasets(request.user).get(pk=dataset_id)
    shown = _row(dataset)
    response = render(request, "dashboard/_row.html", {"row": shown, "is_poll": True})
    return response if shown["is_open"] else check_finished(response)


def _row(dataset: Dataset) -> dict[str, Any]:
    statuses = statuses_of(dataset.datasources.all())
    return {
        "dataset": dataset,
        "sources": statuses,
        "is_open": any(status.is_open for status in statuses),
        "poll_after": next((status.poll_after for status in statuses if status.is_open), ""),
        "checked_at": max((status.finished_at for status in statuses if status.finished_at), default=None),
        "empty": [status for status in statuses if status.empty],
        "warning": next((status.warning for status in statuses if status.warning), ""),
    }
