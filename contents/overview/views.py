"""The Contents tab of a dataset: what is in each of its datasources, and the button that looks again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import reswap, retarget

from contents.index import services
from contents.index.queries import TABS, Look, look_at
from contents.index.services import depth_of
from contents.models import Depth
from contents.overview.figures import charts
from contents.overview.progress import progress_of
from contents.overview.unsupported import unsupported
from contents.problems.lists import changes_of, problems_of
from datasets.access import dataset_for, editable_dataset_for
from datasets.models import Dataset
from datasources.models import Outcome
from jobs.access import job_for, may_cancel
from teams.requests import PageRequest

# After the end of the check that starts it.
BEGINS_WITHIN = timedelta(seconds=15)


@require_GET
def contents(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    dataset = dataset_for(request.user, dataset_id)
    return render(request, "contents/contents.html", _shown(request, dataset, tab))


@require_GET
def progress(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """How far the index has come; and once it is there, all that the page shows of it, in the place of the old."""
    dataset = dataset_for(request.user, dataset_id)
    shown = _shown(request, dataset, tab)
    if request.htmx.target == "contents":  # who waited for it to begin
        return render(request, "contents/_contents.html", shown)
    if shown["progress"]:
        return render(request, "contents/_progress.html", shown)
    response = render(request, "contents/_contents.html", shown | {"announce": True})
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
    return render(request, "contents/_contents.html", _shown(request, dataset, tab))


def _shown(request: PageRequest, dataset: Dataset, tab: str) -> dict[str, Any]:
    look = look_at(dataset, TABS[tab])
    totals = look.totals
    starts_by_itself = look.index is None and tab == "input" and depth_of(dataset.team_id) != Depth.NEVER
    return {
        "dataset": dataset,
        "tab": tab,
        "look": look,
        "totals": totals,
        "charts": charts(totals) if look.index else [],
        "problems": problems_of(totals),
        "changes": changes_of(totals),
        "unsupported": unsupported(totals),
        "is_green": _is_green(look),
        "starts_by_itself": starts_by_itself,
        "waits": starts_by_itself and _may_begin_soon(look),
        "failed": look.job if look.job and look.job.error and not look.is_building else None,
        "progress": progress_of(look.job) if look.job and look.is_building else None,
        "offers_cancel": _offers_cancel(request, look),
    }


def _is_green(look: Look) -> bool:
    check = look.datasource.latest_check if look.datasource else None
    return bool(check and check.outcome == Outcome.GREEN)


def _may_begin_soon(look: Look) -> bool:
    """Whether a check is under way, or was green a moment ago: it starts the first index."""
    check = look.datasource.latest_check if look.datasource else None
    if check is None or look.job:
        return False
    is_new = bool(check.finished_at and timezone.now() - check.finished_at < BEGINS_WITHIN)
    return check.is_open or (check.outcome == Outcome.GREEN and is_new)


def _offers_cancel(request: PageRequest, look: Look) -> bool:
    if look.job is None or not look.job.may_be_cancelled:
        return False
    return may_cancel(job_for(request.user, look.job.pk))
