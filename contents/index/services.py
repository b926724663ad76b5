"""Starting an index, and clearing away what nobody reads any more."""

from __future__ import annotations

from django.db import transaction

from contents import tidying
from contents.index import rows
from contents.models import SAMPLE_FILES, AnnotationReport, Depth, Index, IndexState, RelevantTest, TeamIndexing
from datasources.models import Datasource, Outcome, PermissionCheck, Purpose
from jobs import services as jobs
from jobs.models import OPEN_STATES, Job, JobState
from teams import audit
from teams.models import AuditAction, Team, User

# The kind of the jobs, see contents.runners. Pinned: it stands in the database.
KIND = "contents.index"
READING_KIND = "contents.reading"


def start(datasource: Datasource, *, by: User | None) -> tuple[Job, bool]:
    """A job that indexes the datasource, and True; or the one that is under way, and False.

    It is compared with the current index, if that one is of the same place.
    """
    with transaction.atomic():
        # Whoever saves or checks the datasource waits, so that the index is of one revision.
        locked = Datasource.objects.select_for_update(of=("self",)).select_related("dataset__team")
        datasource = locked.get(pk=datasource.pk)
        dataset = datasource.dataset
        base = Index.objects.filter(
            datasource=datasource, state=IndexState.CURRENT, provider=datasource.provider, path=datasource.path
        ).first()
        job, is_new = jobs.start(
            KIND,
            title=f"{dataset.name}: {datasource.get_purpose_display()}",
            subject=datasource.pk,
            team=dataset.team,
            dataset=dataset,
            by=by,
            arguments={"path": datasource.path, "base": base.pk if base else None},
            total=base.files if base else None,
        )
        if is_new:
            Index.objects.create(
                datasource=datasource,
                job=job,
                revision=datasource.revision,
                provider=datasource.provider,
                path=datasource.path,
                base_id=base.pk if base else None,
                base_seen_at=base.completed_at if base else None,
                processed_until=dataset.processed_until,
            )
    return job, is_new


def start_after_check(check: PermissionCheck) -> None:
    """The first green check of an Input starts an index of it, if its team wants that.

    One that failed is tried again after the next green check. One that somebody cancelled is not.
    """
    if check.outcome != Outcome.GREEN:
        return
    datasource = Datasource.objects.select_related("dataset").filter(pk=check.datasource_id).first()
    if datasource is None or datasource.purpose == Purpose.LIGHTLY or datasource.revision != check.revision:
        return
    looked_at = Index.objects.filter(datasource=datasource, provider=datasource.provider, path=datasource.path)
    cancelled = Job.objects.filter(
        kind=KIND, subject=datasource.pk, state=JobState.CANCELLED, arguments__path=datasource.path
    )
    if looked_at.exists() or cancelled.exists() or depth_of(datasource.dataset.team_id) == Depth.NEVER:
        return
    start(datasource, by=None)


def depth_of(team_id: str) -> Depth:
    chosen = TeamIndexing.objects.filter(pk=team_id).first()
    return Depth(chosen.depth) if chosen else Depth.LISTING


def sample_of(team_id: str) -> int:
    """How many files a sample of this team has."""
    chosen = TeamIndexing.objects.filter(pk=team_id).first()
    return chosen.sample if chosen else SAMPLE_FILES


@transaction.atomic
def choose_depth(*, team: Team, depth: Depth, sample: int = SAMPLE_FILES) -> None:
    Team.objects.select_for_update().get(pk=team.pk)
    if (depth_of(team.pk), sample_of(team.pk)) == (depth, sample):
        return
    TeamIndexing.objects.update_or_create(team=team, defaults={"depth": depth, "sample": sample})
    words = "new Input datasources are indexed: " + ("no" if depth == Depth.NEVER else "yes")
    if depth == Depth.SAMPLE:
        words += f", and {sample} files of each are read"
    audit.record(team=team, action=AuditAction.TEAM_CHANGED, target=words)


def tidy(seconds: float) -> bool:
    """Delete rows of indexes that were replaced, whose job ended before they were complete, or that are nobody's.

    For so long at most, bit by bit. True: nothing is left.
    """
    return tidying.tidy(_unread(), rows.delete_some, lambda pk: Index.objects.filter(pk=pk).delete(), seconds)


def _unread() -> list[int]:
    nobodys = Index.objects.filter(datasource=None)
    replaced = Index.objects.filter(state=IndexState.OLD)
    given_up = Index.objects.filter(state=IndexState.BUILDING).exclude(job__state__in=OPEN_STATES)
    # One that is compared with right now is needed until that has ended.
    building = Index.objects.filter(state=IndexState.BUILDING, job__state__in=OPEN_STATES)
    needed = building.exclude(base_id=None).values("base_id")
    found = (nobodys | replaced | given_up).exclude(pk__in=needed)
    # Nor may names go that a check of annotations is looking up.
    checking = AnnotationReport.objects.filter(state=IndexState.BUILDING, job__state__in=OPEN_STATES)
    for column in ("input_index", "lightly_index"):
        found = found.exclude(pk__in=checking.values(column))
    found = found.exclude(pk__in=RelevantTest.objects.filter(job__state__in=OPEN_STATES).values("input_index"))
    return list(found.order_by("pk").values_list("pk", flat=True))
