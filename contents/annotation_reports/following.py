"""A check that begins with new listings: predictions that came after the last one would be missing in it otherwise.

The wish stands in the arguments of the jobs that list the names; the last of them to end begins the check.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from contents.annotation_reports import services
from contents.annotation_reports.services import Looks, Refusal, RefusedError, bulb_refusal, looks_at
from contents.index import services as index_services
from contents.index.queries import Look
from contents.models import ReportDepth
from datasets.models import Dataset
from datasources.models import Purpose
from jobs import lifecycle
from jobs.models import OPEN_STATES, Job
from teams.models import User

# A listing of the Lightly datasource that is no older says what is there.
FRESH = timedelta(minutes=2)
_WISH = "then_check"


@dataclass(frozen=True)
class Begun:
    """`job` checks, or lists the names first if `lists_first`."""

    job: Job
    is_new: bool
    lists_first: bool


@transaction.atomic
def begin(dataset: Dataset, *, reading: ReportDepth, by: User | None) -> Begun:
    """Check the annotations, after new listings where they are needed. Raises RefusedError.

    Of the Input the listing that there is will do: it may have a million names, and rarely changes with annotations.
    """
    looks = looks_at(dataset)
    under_way = services.open_job(dataset)
    if under_way:
        return Begun(under_way, is_new=False, lists_first=False)
    if refusal := refusal_of(looks):
        raise RefusedError(refusal)
    listings = [_list(look, reading, by) for look in (looks.raw, looks.lightly) if _needs_listing(look)]
    if listings:
        return listings[-1]
    job, is_new = services.start(dataset, reading=reading, by=by)
    return Begun(job, is_new, lists_first=False)


def refusal_of(looks: Looks) -> Refusal | None:
    """Why a check can't begin, not even with new listings."""
    return bulb_refusal(looks.raw) or bulb_refusal(looks.lightly)


def failed_job_of(dataset: Dataset, since: datetime | None) -> Job | None:
    """A listing for a check that failed after this moment."""
    wished = Job.objects.filter(dataset=dataset, kind=index_services.KIND, arguments__has_key=_WISH)
    newest = wished.order_by("-created_at", "-pk").first()
    if newest is None or not newest.error or newest.is_open or (since and newest.created_at < since):
        return None
    return newest


def listing_job_of(dataset: Dataset) -> Job | None:
    """One that lists names for a check."""
    wished = Job.objects.filter(dataset=dataset, kind=index_services.KIND, state__in=OPEN_STATES)
    return wished.filter(arguments__has_key=_WISH).order_by("created_at").first()


def follow(job: Job) -> None:
    """A listing has ended well: the check begins, unless another listing is waited for.

    Called in the transaction that ends the listing.
    """
    wish = Job.objects.get(pk=job.pk).arguments.get(_WISH)
    if wish is None or job.dataset is None:
        return
    others = Job.objects.filter(dataset=job.dataset, kind=index_services.KIND, state__in=OPEN_STATES)
    if others.exclude(pk=job.pk).filter(arguments__has_key=_WISH).exists():
        return
    try:
        services.start(job.dataset, reading=ReportDepth(wish), by=job.requested_by)
    except RefusedError as error:
        lifecycle.log(job, error.refusal.sentence)


def _needs_listing(look: Look) -> bool:
    if look.index is None or look.is_elsewhere or look.index.completed_at is None:
        return True
    return look.purpose is Purpose.LIGHTLY and timezone.now() - look.index.completed_at > FRESH


def _list(look: Look, reading: ReportDepth, by: User | None) -> Begun:
    """A new listing with the wish, or the one that is under way, which gets it."""
    assert look.datasource  # noqa: S101 - see bulb_refusal
    while True:
        job, is_new = index_services.start(look.datasource, by=by)
        # One that ends in this moment may have looked for a wish already.
        locked = Job.objects.select_for_update().get(pk=job.pk)
        if locked.is_open:
            locked.arguments |= {_WISH: reading.value}
            locked.save(update_fields=["arguments"])
            return Begun(locked, is_new, lists_first=True)
