"""The only door from a person and an id to a job. Who may not see it learns nothing of it: 404."""

from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.http import Http404
from django.utils.translation import gettext

from datasets.access import datasets_for
from jobs.models import Job
from teams.models import MANAGING_ROLES, Membership, User


def jobs_for(user: User) -> QuerySet[Job]:
    """Those the person may see, newest first. Each knows whether they may cancel it.

    Staff: all. Owners and admins: those of their teams. Everybody: those about datasets they may see, and the ones they
    asked for themselves, as long as they are in its team.
    """
    member = Membership.objects.filter(team=OuterRef("team"), user=user)
    manages = Exists(member.filter(role__in=MANAGING_ROLES))
    own = Q(requested_by=user) & (Q(team=None) | Exists(member))
    everything = Q() if user.is_staff else own | manages | Q(dataset__in=datasets_for(user).values("pk"))
    may_cancel = Q(pk__isnull=False) if user.is_staff else own | manages
    return (
        Job.objects.filter(everything)
        .annotate(
            asker_may_cancel=Case(When(may_cancel, then=Value(True)), default=False, output_field=BooleanField()),
        )
        .select_related("team", "dataset", "requested_by")
        .order_by("-created_at", "-pk")
    )


def job_for(user: User, job_id: str) -> Job:
    """The job if the person may see it. Raises Http404."""
    job = jobs_for(user).filter(pk=job_id).first()
    if job is None:
        raise Http404(gettext("There is no such job, or you may not see it."))
    return job


def cancellable_job_for(user: User, job_id: str) -> Job:
    """The job if the person may cancel it. Raises Http404, or PermissionDenied for who may only look."""
    job = job_for(user, job_id)
    if not may_cancel(job):
        raise PermissionDenied(gettext("Only the person who started a job and the team's admins may cancel it."))
    return job


def may_cancel(job: Job) -> bool:
    """Whether the person for whom this job was fetched here may cancel it."""
    answer: bool = vars(job)["asker_may_cancel"]
    return answer
