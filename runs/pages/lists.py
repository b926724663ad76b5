"""Lists of runs: all that a person may see, and those of one dataset. Live as long as a run works or waits."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from datasets.access import dataset_for
from datasets.models import Dataset
from runs.access import workers_for
from runs.models import ENDED_STATES, Run, ScheduledRun, WorkerState
from runs.pages.access import runs_for, waiting_for
from runs.pages.showing import lasted, look_of
from runs.scheduling import registry
from teams.models import User
from teams.requests import PageRequest

PAGE_SIZE = 25
MOST_WAITING = 25
MOST_WORKERS = 50
_WORKER_LOOKS: dict[str, str] = {WorkerState.IDLE: "granted", WorkerState.BUSY: "checking"}


@require_GET
def runs(request: PageRequest) -> HttpResponse:
    return render(request, "runs/runs.html", _all(request))


@require_GET
def run_list(request: PageRequest) -> HttpResponse:
    return render(request, "runs/_list.html", _all(request))


@require_GET
def dataset_runs(request: PageRequest, dataset_id: str) -> HttpResponse:
    return render(request, "runs/dataset_runs.html", _of_dataset(request, dataset_id))


@require_GET
def dataset_run_list(request: PageRequest, dataset_id: str) -> HttpResponse:
    return render(request, "runs/_list.html", _of_dataset(request, dataset_id))


def _all(request: PageRequest) -> dict[str, Any]:
    shown = _list(request, runs_for(request.user), waiting_for(request.user))
    return shown | {"list_url": reverse("runs:list"), "workers": _workers(request.user), "shows_workers": True}


def _workers(user: User) -> list[dict[str, Any]]:
    """Those that live first. What one is at is named only to who may see that run."""
    workers = list(workers_for(user).order_by("name", "pk")[:MOST_WORKERS])
    led = runs_for(user).exclude(state__in=ENDED_STATES).filter(worker__in=workers)
    by_worker = {run.worker_id: run for run in led}
    alive = {worker.pk for worker in registry.living()}
    rows = [
        {
            "worker": worker,
            "is_alive": worker.pk in alive,
            "look": _WORKER_LOOKS.get(worker.state, "off") if worker.pk in alive else "off",
            "run": by_worker.get(worker.pk),
        }
        for worker in workers
    ]
    return sorted(rows, key=lambda row: not row["is_alive"])


def _of_dataset(request: PageRequest, dataset_id: str) -> dict[str, Any]:
    dataset: Dataset = dataset_for(request.user, dataset_id)
    runs_here = runs_for(request.user).filter(dataset=dataset)
    waiting = waiting_for(request.user).filter(dataset=dataset)
    place = {"dataset": dataset, "tab": "runs", "list_url": reverse("runs:dataset_list", args=[dataset.pk])}
    return _list(request, runs_here, waiting) | place


def _list(request: PageRequest, found: QuerySet[Run], waiting: QuerySet[ScheduledRun]) -> dict[str, Any]:
    paginator = Paginator(found, PAGE_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    open_ones = list(waiting[:MOST_WAITING])
    rows = [
        {"run": run, "look": look_of(run), "lasted": lasted(run), "selected": run.sizes.get("nSelected")}
        for run in page
    ]
    return {
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "rows": rows,
        "waiting": open_ones,
        "is_live": bool(open_ones) or any(not run.has_ended for run in page),
        "may_compare": sum(1 for run in page if run.has_ended) > 1,
    }
