"""The only door from a person and an id to a run, a worker, a configuration. Who may not see it learns nothing: 404."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext

from datasets.access import datasets_for, datasets_of_teams, editable_datasets_for
from datasets.models import Dataset
from jobs.models import Job
from runs.models import ComputeWorker, Run, RunConfig, ScheduledRun
from runs.runners import SAMPLING_KIND
from teams.models import Membership, User


class NoSuchThingError(Http404):
    """`code` is one of the official client's ApiErrorCode."""

    code = "NOT_FOUND"


class NoSuchRunError(NoSuchThingError):
    """Also of a scheduled run that no worker has taken yet."""

    code = "DOCKER_RUN_UNKNOWN"


class NoSuchWorkerError(NoSuchThingError):
    code = "DOCKER_WORKER_UNKNOWN"


class NoSuchConfigError(NoSuchThingError):
    code = "DOCKER_WORKER_CONFIG_UNKNOWN"


class NoSuchScheduleError(NoSuchThingError):
    code = "DOCKER_WORKER_SCHEDULE_UNKNOWN"


class NoSuchJobError(NoSuchThingError):
    code = "JOB_UNKNOWN"


def sampling_for(user: User, job_id: str) -> Job:
    """A selection among the samples of a dataset that the person may see. Raises NoSuchJobError."""
    job = Job.objects.filter(kind=SAMPLING_KIND, dataset__in=datasets_for(user).values("pk"), pk=job_id).first()
    if job is None:
        raise NoSuchJobError(gettext("There is no such job, or you may not see it."))
    return job


def runs_for(user: User) -> QuerySet[Run]:
    """Those of datasets that the person may see; of deleted ones those of their teams."""
    member = Exists(Membership.objects.filter(team=OuterRef("team"), user=user))
    seen = Q(dataset__in=datasets_for(user).values("pk")) | (Q(dataset=None) & member)
    return Run.objects.filter(seen).select_related("dataset", "team", "worker", "requested_by", "scheduled")


def own_runs(user: User) -> QuerySet[Run]:
    """Those that the person asked for, and those of their own datasets."""
    return runs_for(user).filter(Q(requested_by=user) | Q(dataset__owner=user))


def runs_of_teams(user: User) -> QuerySet[Run]:
    """Those of the person's teams, without their own."""
    in_teams = Q(dataset__in=datasets_of_teams(user).values("pk")) | Q(dataset=None)
    return runs_for(user).filter(in_teams).exclude(Q(requested_by=user) | Q(dataset__owner=user, dataset__isnull=False))


def run_for(user: User, run_id: str) -> Run:
    """Raises NoSuchRunError."""
    run = runs_for(user).filter(pk=run_id).first()
    if run is None:
        raise NoSuchRunError(gettext("There is no such run, or its dataset is not shared with you."))
    return run


def run_of_scheduled_for(user: User, scheduled_id: str) -> Run:
    """Raises NoSuchRunError, also as long as no worker has taken it."""
    run = runs_for(user).filter(scheduled_key=scheduled_id).first()
    if run is None:
        raise NoSuchRunError(gettext("No worker has taken this run yet, or there is none, or you may not see it."))
    return run


def editable_run_for(user: User, run_id: str) -> Run:
    """The run if the person may stop it. Raises NoSuchRunError, or PermissionDenied for who may only look."""
    run = run_for(user, run_id)
    if not may_stop(user, run):
        raise PermissionDenied(gettext("Only the dataset's owner and the team's admins may change it."))
    return run


def may_stop(user: User, run: Run) -> bool:
    return editable_datasets_for(user).filter(pk=run.dataset_id or "").exists()


def scheduled_run_of(dataset: Dataset, scheduled_id: str) -> ScheduledRun:
    """Of a dataset that the person may see. Raises NoSuchScheduleError."""
    found = ScheduledRun.objects.filter(dataset=dataset, pk=scheduled_id).select_related("dataset__team").first()
    if found is None:
        raise NoSuchScheduleError(gettext("The dataset has no such scheduled run."))
    return found


def configs_for(user: User) -> QuerySet[RunConfig]:
    """Those that the person stored, and those of runs that they may see."""
    scheduled = ScheduledRun.objects.filter(config=OuterRef("pk"), dataset__in=datasets_for(user).values("pk"))
    runs = runs_for(user).filter(config=OuterRef("pk"))
    return RunConfig.objects.filter(Q(created_by=user) | Exists(scheduled) | Exists(runs))


def config_for(user: User, config_id: str) -> RunConfig:
    """Raises NoSuchConfigError."""
    config = configs_for(user).filter(pk=config_id).first()
    if config is None:
        raise NoSuchConfigError(gettext("There is no such configuration, or you may not see it."))
    return config


def workers_for(user: User) -> QuerySet[ComputeWorker]:
    """Their own, those of people in their teams, and those of the installation, which work for everybody."""
    return ComputeWorker.objects.filter(Q(owner=None) | Q(owner=user) | _of_team_mates(user)).select_related("owner")


def own_workers(user: User) -> QuerySet[ComputeWorker]:
    """Their own, and those of the installation."""
    return ComputeWorker.objects.filter(Q(owner=None) | Q(owner=user)).select_related("owner")


def workers_of_teams(user: User) -> QuerySet[ComputeWorker]:
    """Of people in their teams, without their own."""
    return ComputeWorker.objects.filter(_of_team_mates(user)).exclude(owner=user).select_related("owner")


def _of_team_mates(user: User) -> Q:
    teams = Membership.objects.filter(user=user).values("team")
    return Q(owner__in=Membership.objects.filter(team__in=teams).values("user"))


def worker_for(user: User, worker_id: str) -> ComputeWorker:
    """Raises NoSuchWorkerError."""
    worker = workers_for(user).filter(pk=worker_id).first()
    if worker is None:
        raise NoSuchWorkerError(gettext("There is no such worker, or you may not see it."))
    return worker


def own_worker_for(user: User, worker_id: str) -> ComputeWorker:
    """The worker if it is the person's own. Raises NoSuchWorkerError or PermissionDenied."""
    worker = worker_for(user, worker_id)
    if worker.owner_id != user.pk:
        raise PermissionDenied(gettext("Only who registered a worker may change it."))
    return worker
