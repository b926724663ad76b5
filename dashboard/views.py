"""The datasets home. It works without htmx too; with it, only a part is sent."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST

from clouds import PROVIDERS
from dashboard import queries
from dashboard.filters import SORTS, Filters
from dashboard.onboarding_views import checklist_of
from dashboard.summary import state_links, title
from datasets.access import datasets_for, no_such_dataset
from datasets.models import Dataset, DatasetType
from datasets.views import OPEN_SETTINGS
from datasources import services
from datasources.models import Datasource
from datasources.settings import samples
from datasources.settings.bulbs import statuses_of
from datasources.settings.events import check_finished
from teams.queries import current_team_of
from teams.requests import PageRequest

PAGE_SIZE = 25
_DATASET_ID = re.compile("[a-f0-9]{24}")


@require_GET
def home(request: PageRequest) -> HttpResponse:
    filters, team = Filters.of(request.GET.dict()), current_team_of(request.user)
    paginator = Paginator(queries.home_datasets(request.user, team=team, filters=filters), PAGE_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    rows = [_row(dataset) for dataset in page]
    context = _header(request, filters) | {
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "rows": rows,
        "filters": filters,
        "sorts": {key: gettext(label) for key, label in SORTS.items()},
        "providers": {key: provider.short for key, provider in PROVIDERS.items()},
        "types": DatasetType.choices,
        "team": team,
        "open_settings": request.session.pop(OPEN_SETTINGS, None),
        "samples_available": samples.available(),
        "check_query": filters.url(page=page.number).partition("?")[2],
        "may_check": any(row["may_check"] for row in rows),
    }
    response = render(request, "dashboard/home.html", context)
    if request.htmx:
        response["HX-Replace-Url"] = filters.url(page=page.number)
    return response


@require_GET
def row(request: PageRequest, dataset_id: str) -> HttpResponse:
    """One dataset of the home page. The part fetches itself again while a check is open.

    With it comes everything on the page that counts, unless the row is as it was: `open` in the address says how many
    of its checks were open when it was shown.
    """
    dataset = queries.home_datasets(request.user).filter(pk=dataset_id).first()
    if dataset is None:
        raise no_such_dataset()
    shown = _row(dataset)
    is_news = not shown["open"] or str(shown["open"]) != request.GET.get("open")
    context: dict[str, Any] = {"row": shown, "is_poll": True, "is_news": is_news}
    if is_news:
        context |= _header(request, _filters_of_page(request))
    response = render(request, "dashboard/_row.html", context)
    return response if shown["open"] else check_finished(response)


@require_POST
def check_shown(request: PageRequest) -> HttpResponse:
    """Check the datasources of these datasets again: those on the page, of which the person may change some.

    The rows change where they are, even if they no longer fit the state to which the list is narrowed.
    """
    ids = [found for found in request.POST.getlist("dataset")[:PAGE_SIZE] if _DATASET_ID.fullmatch(found)]
    datasets = list(datasets_for(request.user).filter(pk__in=ids))
    own = [dataset.pk for dataset in datasets if dataset.may_edit]
    datasources = list(Datasource.objects.filter(dataset__in=own).order_by("pk").values_list("pk", flat=True))
    count = services.check_many_again(datasource_ids=datasources, by=request.user)
    words, filters = _checked_words(count, len(datasets) - len(own)), Filters.of(request.GET.dict())
    if request.htmx:
        rows = [_row(dataset) for dataset in queries.home_datasets(request.user).filter(pk__in=own)]
        context = _header(request, filters) | {"rows": rows, "words": words}
        return render(request, "dashboard/_checked.html", context)
    messages.info(request, words)
    page = request.GET.get("page", "")
    # While they are being checked they would not be in the list of one state.
    known = 1 if filters.state or not re.fullmatch("[0-9]{1,6}", page) else int(page)
    return redirect(filters.url(page=known, state=""))


def _checked_words(count: int, left_out: int) -> str:
    words = ngettext("%(count)s datasource is being checked.", "%(count)s datasources are being checked.", count)
    if not count:
        words = gettext("No datasource here can be checked.")
    more = ngettext(
        "%(left_out)s dataset was left out, as you may only look at it.",
        "%(left_out)s datasets were left out, as you may only look at them.",
        left_out,
    )
    return (f"{words} {more}" if left_out else words) % {"count": count, "left_out": left_out}


def _header(request: PageRequest, filters: Filters) -> dict[str, Any]:
    """What of the page counts: the numbers above the list, the page's title and the first steps."""
    summary = queries.home_summary(request.user, current_team_of(request.user), filters)
    return {
        "summary": summary,
        "states": state_links(summary, filters),
        "title": title(summary),
        "checklist": checklist_of(request),
    }


def _filters_of_page(request: PageRequest) -> Filters:
    """Those of the page that a part of it is for."""
    return Filters.of(QueryDict(urlsplit(request.htmx.current_url or "").query).dict())


def _row(dataset: Dataset) -> dict[str, Any]:
    statuses = statuses_of(dataset.datasources.all())
    return {
        "dataset": dataset,
        "sources": statuses,
        # The gear opens the first tab on which something is denied.
        "tab": next((status.tab for status in statuses if status.dot == "denied"), "input"),
        "open": sum(status.is_open for status in statuses),
        "poll_after": next((status.poll_after for status in statuses if status.is_open), ""),
        "checked_at": max((status.finished_at for status in statuses if status.finished_at), default=None),
        "empty": [status for status in statuses if status.empty],
        "warning": next((status.warning for status in statuses if status.warning), ""),
        "may_check": dataset.may_edit and any(status.datasource for status in statuses),
    }
