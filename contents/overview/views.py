"""The Contents tab of a dataset: what is in each of its datasources, and the button that looks again."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget

from contents.index import services
from contents.index.queries import TABS, look_at
from contents.overview.shown import shown
from datasets.access import dataset_for, editable_dataset_for
from teams.requests import PageRequest


@require_GET
def contents(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    dataset = dataset_for(request.user, dataset_id)
    return render(request, "contents/contents.html", shown(request, dataset, tab))


@require_GET
def progress(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """How far the index has come; and once it is there, all that the page shows of it, in the place of the old."""
    dataset = dataset_for(request.user, dataset_id)
    context = shown(request, dataset, tab)
    if request.htmx.target == "contents":  # who waited for it to begin
        return render(request, "contents/_contents.html", context)
    if context["progress"]:
        return render(request, "contents/_progress.html", context)
    response = render(request, "contents/_contents.html", context | {"announce": True})
    return reswap(retarget(response, "#contents"), "outerHTML")


@require_POST
def start(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """Look again. Whoever asks while an index is being built sees that one."""
    dataset = editable_dataset_for(request.user, dataset_id)
    datasource = look_at(dataset, TABS[tab]).datasource
    if datasource is None:
        raise Http404(gettext("This datasource is not configured yet."))
    _, is_new = services.start(datasource, by=request.user)
    if not request.htmx:
        messages.success(
            request, gettext("The index is being built.") if is_new else gettext("An index is being built already.")
        )
        return redirect("contents:contents", dataset.pk, tab)
    return render(request, "contents/_contents.html", shown(request, dataset, tab))
