"""A run that waits for a worker: its page, which leads on to the run as soon as there is one, and taking it back."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from core.web.dialogs import dialog, done
from datasets.access import dataset_for, editable_dataset_for
from runs.models import Run, ScheduledRun, ScheduledState
from runs.pages.access import scheduled_in, waiting_for
from runs.pages.showing import poll_after
from runs.scheduling import registry, services
from runs.scheduling.errors import NotOpenError
from teams.requests import PageRequest


@require_GET
def scheduled(request: PageRequest, dataset_id: str, scheduled_id: str) -> HttpResponse:
    found = scheduled_in(dataset_for(request.user, dataset_id), scheduled_id)
    run = _run_of(found)
    if run:
        return redirect("runs:run", run.dataset_key, run.pk)
    return render(request, "runs/scheduled.html", _shown(request, found))


@require_GET
def waiting(request: PageRequest, dataset_id: str, scheduled_id: str) -> HttpResponse:
    """The part of the page that changes, until a worker takes the run."""
    found = scheduled_in(dataset_for(request.user, dataset_id), scheduled_id)
    run = _run_of(found)
    if run:
        return HttpResponseClientRedirect(reverse("runs:run", args=[run.dataset_key, run.pk]))
    return render(request, "runs/_waiting.html", _shown(request, found) | {"announce": True})


@require_http_methods(["GET", "POST"])
def cancel(request: PageRequest, dataset_id: str, scheduled_id: str) -> HttpResponse:
    found = scheduled_in(editable_dataset_for(request.user, dataset_id), scheduled_id)
    page = reverse("runs:dataset", args=[found.dataset_id])
    if request.method == "POST":
        try:
            services.cancel(found, by=request.user)
        except NotOpenError as error:
            return done(request, error.text, page)
        return done(request, gettext("The run is cancelled."), page)
    if found.state != ScheduledState.OPEN:  # the button was pressed in the moment a worker took it
        return done(request, gettext("A worker has taken the run already."), page)
    back = reverse("runs:scheduled", args=[found.dataset_id, found.pk])
    return dialog(request, "runs/_cancel.html", title=gettext("Cancel this run?"), back=back, scheduled=found)


def _run_of(found: ScheduledRun) -> Run | None:
    return Run.objects.filter(scheduled_key=found.pk).first()


def _shown(request: PageRequest, found: ScheduledRun) -> dict[str, Any]:
    """Why it waits: who could do it, and what is before it."""
    fitting = [worker for worker in registry.living() if registry.fits(worker, found.runs_on)]
    is_open = found.state == ScheduledState.OPEN
    before = 0
    if is_open:
        ids = list(waiting_for(request.user).values_list("pk", flat=True)[:100])
        before = ids.index(found.pk) if found.pk in ids else 0
    return {
        "scheduled": found,
        "dataset": found.dataset,
        "tab": "runs",
        "is_open": is_open,
        "fitting": fitting,
        "busy": sum(1 for worker in fitting if worker.state == "BUSY"),
        "before": before,
        "poll_after": poll_after(found.created_at),
        "labels": ",".join(found.runs_on),
    }
