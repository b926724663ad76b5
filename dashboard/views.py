"""The datasets home. It works without htmx too; with it, only a part is sent."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseNotModified, QueryDict
from django.shortcuts import redirect, render
from django.utils.cache import patch_cache_control
from django.utils.http import quote_etag
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST

from clouds import PROVIDERS
from dashboard import queries
from dashboard.filters import SORTS, Filters
from dashboard.onboarding_views import checklist_of
from dashboard.rows import row_of, stamps_of
from dashboard.summary import state_links, title
from datasets.access import datasets_at_home, datasets_for, no_such_dataset
from datasets.models import Dataset, DatasetType
from datasets.views import OPEN_SETTINGS
from datasources import services
from datasources.models import Datasource
from datasources.settings import samples
from datasources.settings.events import check_finished
from teams.requests import PageRequest, own_teams

PAGE_SIZE = 25
_DATASET_ID = re.compile("[a-f0-9]{24}")
_STAMPED_ROW = re.compile(r"([a-f0-9]{24})\.([a-f0-9]{12})")


@require_GET
def home(request: PageRequest) -> HttpResponse:
    filters, team, within = Filters.of(request.GET.dict()), own_teams(request).current, _at_home(request)
    header = _header(request, filters, within)
    datasets = queries.home_datasets(request.user, team=team, filters=filters, within=within)
    paginator = Paginator(datasets, PAGE_SIZE)
    paginator.count = header["summary"].listed(filters)  # not asked for a second time
    page = paginator.get_page(request.GET.get("page"))
    rows = [row_of(dataset) for dataset in page]
    context = header | {
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
    """One dataset of the home page, and everything on the page that counts."""
    dataset = queries.home_datasets(request.user).filter(pk=dataset_id).first()
    if dataset is None:
        raise no_such_dataset()
    shown = row_of(dataset)
    context = _header(request, _filters_of_page(request)) | {"row": shown, "is_poll": True, "is_news": True}
    response = render(request, "dashboard/_row.html", context)
    return response if shown["is_open"] else check_finished(response)


@require_GET
def open_rows(request: PageRequest) -> HttpResponse:
    """The rows of a page in which a check is open, all in one: those that changed since the page got them.

    The ETag names each row with its stamp, and the page sends back what it shows: 304 if that is still so. Without
    one, as a proxy may take it away, all of the rows come, which is right too.
    """
    ids = [found for found in request.GET.get("rows", "").split("-")[:PAGE_SIZE] if _DATASET_ID.fullmatch(found)]
    known = dict(_STAMPED_ROW.findall(request.headers.get("If-None-Match", "")))
    stamps = stamps_of(request.user, ids)
    changed = [pk for pk in ids if pk not in stamps or stamps[pk] != known.get(pk)]
    response = _changed_rows(request, changed) if changed else HttpResponseNotModified()
    response["ETag"] = quote_etag("-".join(f"{pk}.{stamp}" for pk, stamp in stamps.items()))
    # Each time it is asked whether it is still so, and nobody else gets it.
    patch_cache_control(response, private=True, no_cache=True)
    return response


def _changed_rows(request: PageRequest, ids: list[str]) -> HttpResponse:
    rows = [row_of(dataset) for dataset in queries.home_datasets(request.user).filter(pk__in=ids)]
    gone = set(ids) - {row["dataset"].pk for row in rows}
    context = _header(request, _filters_of_page(request)) | {"rows": rows, "gone": sorted(gone), "is_poll": True}
    response = render(request, "dashboard/_changed.html", context)
    return response if all(row["is_open"] for row in rows) else check_finished(response)


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
        rows = [row_of(dataset) for dataset in queries.home_datasets(request.user).filter(pk__in=own)]
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


def _at_home(request: PageRequest) -> QuerySet[Dataset] | None:
    """What the person's home page may show; None where they are in no team."""
    teams = own_teams(request)
    return datasets_at_home(request.user, teams.memberships, teams.current) if teams.current else None


def _header(request: PageRequest, filters: Filters, within: QuerySet[Dataset] | None = None) -> dict[str, Any]:
    """What of the page counts: the numbers above the list, the page's title and the first steps."""
    within = _at_home(request) if within is None else within
    summary = queries.home_summary(request.user, own_teams(request).current, filters, within=within)
    return {
        "summary": summary,
        "states": state_links(summary, filters),
        "title": title(summary),
        "checklist": checklist_of(request),
    }


def _filters_of_page(request: PageRequest) -> Filters:
    """Those of the page that a part of it is for."""
    return Filters.of(QueryDict(urlsplit(request.htmx.current_url or "").query).dict())
