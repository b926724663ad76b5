"""Opening the files of a datasource: started, watched and paused on the Contents tab."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import reswap, retarget

from contents.index.queries import TABS, Look, look_at
from contents.index.services import sample_of
from contents.overview.shown import shown
from contents.reading import services
from core.web.dialogs import dialog, done
from datasets.access import dataset_for, editable_dataset_for
from datasets.models import Dataset
from datasources.models import Datasource
from teams.requests import PageRequest


@require_GET
def reading(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """How far it has come; and once it has ended, all that the page shows, in the place of the old."""
    dataset = dataset_for(request.user, dataset_id)
    context = shown(request, dataset, tab)
    if context["reading_progress"]:
        return render(request, "contents/_reading.html", context)
    response = render(request, "contents/_contents.html", context | {"announce_reading": True})
    return reswap(retarget(response, "#contents"), "outerHTML")


@require_POST
def read_sample(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """Open as many files as the team's samples have."""
    dataset, datasource, _ = _editable(request, dataset_id, tab)
    _start(datasource, sample_of(dataset.team_id), request)
    if not request.htmx:
        messages.success(request, gettext("Files are being opened."))
        return redirect("contents:contents", dataset.pk, tab)
    return render(request, "contents/_reading.html", shown(request, dataset, tab))


@require_http_methods(["GET", "POST"])
def read_all(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """Says first what it costs."""
    dataset, datasource, look = _editable(request, dataset_id, tab)
    page = reverse("contents:contents", args=[dataset.pk, tab])
    if request.method == "POST":
        _start(datasource, 0, request)
        return done(request, gettext("Files are being opened."), page)
    cost = services.cost_of(look.totals, look.reading)
    title = gettext("Open all files?")
    return dialog(request, "contents/_read_all.html", title=title, back=page, cost=cost, look=look)


@require_POST
def pause(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """What was read is kept."""
    dataset, datasource, _ = _editable(request, dataset_id, tab)
    services.pause(datasource, by=request.user)
    if not request.htmx:
        messages.success(request, gettext("Paused. What was read is kept."))
        return redirect("contents:contents", dataset.pk, tab)
    return render(request, "contents/_reading.html", shown(request, dataset, tab))


def _start(datasource: Datasource, sample: int, request: PageRequest) -> None:
    try:
        services.start(datasource, sample=sample, by=request.user)
    except services.NoIndexError:
        raise Http404(gettext("There is no index of this datasource yet.")) from None


def _editable(request: PageRequest, dataset_id: str, tab: str) -> tuple[Dataset, Datasource, Look]:
    dataset = editable_dataset_for(request.user, dataset_id)
    look = look_at(dataset, TABS[tab])
    if look.datasource is None or look.index is None:
        raise Http404(gettext("There is no index of this datasource yet."))
    return dataset, look.datasource, look
