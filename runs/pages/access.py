"""The doors of the pages: runs by the dataset in their address, and what waits for a worker."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext

from datasets.access import datasets_for
from datasets.models import Dataset
from runs import access
from runs.models import Run, ScheduledRun, ScheduledState
from teams.models import User


def runs_for(user: User) -> QuerySet[Run]:
    """Newest first."""
    return access.runs_for(user).order_by("-created_at", "-pk")


def run_for(user: User, dataset_id: str, run_id: str) -> Run:
    """A run of this dataset, which may be gone. Raises Http404."""
    rows = runs_for(user).select_related("config", "scheduled", "job", "dataset", "worker", "requested_by")
    run = rows.filter(pk=run_id, dataset_key=dataset_id).first()
    if run is None:
        raise Http404(gettext("There is no such run, or you may not see its dataset."))
    return run


def waiting_for(user: User) -> QuerySet[ScheduledRun]:
    """Scheduled runs that no worker has taken, in the order in which workers take them."""
    found = ScheduledRun.objects.filter(state=ScheduledState.OPEN, dataset__in=datasets_for(user).values("pk"))
    return found.select_related("dataset", "requested_by").order_by("-rank", "created_at", "pk")


def scheduled_in(dataset: Dataset, scheduled_id: str) -> ScheduledRun:
    """One of this dataset's, in whatever state. Raises Http404."""
    found = access.scheduled_run_of(dataset, scheduled_id)
    found.dataset = dataset  # it knows what the person may
    return found
