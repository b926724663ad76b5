"""The doors from a person and an id to runs. Who may not see one learns nothing of it: 404."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext

from datasets.access import datasets_for, editable_datasets_for
from datasets.models import Dataset
from runs.models import Run, ScheduledRun, ScheduledState
from teams.models import Membership, User


def runs_for(user: User) -> QuerySet[Run]:
    """Those of datasets the person may see, newest first, and those of deleted datasets of their teams."""
    member = Membership.objects.filter(team=OuterRef("team"), user=user)
    seen = Q(dataset__in=datasets_for(user).values("pk")) | (Q(dataset=None) & Exists(member))
    found = Run.objects.filter(seen).select_related("dataset", "requested_by", "worker")
    return found.order_by("-created_at", "-pk")


def run_for(user: User, dataset_id: str, run_id: str) -> Run:
    """A run of this dataset, which may be gone. Raises Http404."""
    run = runs_for(user).select_related("config", "scheduled", "job").filter(pk=run_id, dataset_key=dataset_id).first()
    if run is None:
        raise Http404(gettext("There is no such run, or you may not see its dataset."))
    return run


def may_end(user: User, run: Run) -> bool:
    """Whether the person may abort it: whoever may change its dataset."""
    return editable_datasets_for(user).filter(pk=run.dataset_id).exists()


def abortable_run_for(user: User, dataset_id: str, run_id: str) -> Run:
    """Raises Http404, or PermissionDenied for who may only look."""
    run = run_for(user, dataset_id, run_id)
    if not may_end(user, run):
        raise PermissionDenied(gettext("Only the dataset's owner and the team's admins may abort its runs."))
    return run


def waiting_for(user: User) -> QuerySet[ScheduledRun]:
    """Scheduled runs that no worker has taken, in the order in which workers take them."""
    found = ScheduledRun.objects.filter(state=ScheduledState.OPEN, dataset__in=datasets_for(user).values("pk"))
    return found.select_related("dataset", "requested_by").order_by("-rank", "created_at", "pk")


def scheduled_in(dataset: Dataset, scheduled_id: str) -> ScheduledRun:
    """One of this dataset's, in whatever state. Raises Http404."""
    rows = ScheduledRun.objects.filter(dataset=dataset).select_related("requested_by", "config")
    found = rows.filter(pk=scheduled_id).first()
    if found is None:
        raise Http404(gettext("There is no such run in this dataset."))
    found.dataset = dataset  # it knows what the person may
    return found
