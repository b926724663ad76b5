"""All that the Contents tab shows of one datasource."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from contents.index.queries import TABS, Look, look_at
from contents.index.services import depth_of, sample_of
from contents.models import Depth, ReadState
from contents.overview import inside_progress
from contents.overview.figures import charts
from contents.overview.inside_figures import inside_charts
from contents.overview.progress import progress_of
from contents.overview.unsupported import unsupported
from contents.problems.lists import changes_of, problems_of, read_totals
from contents.reading.services import cost_of, media_of
from contents.reading.totals import ReadTotals
from datasets.models import Dataset
from datasources.models import Outcome
from jobs.access import job_for, may_cancel
from jobs.models import Job, JobState
from teams.requests import PageRequest

# After the end of the check that starts it.
BEGINS_WITHIN = timedelta(seconds=15)


def shown(request: PageRequest, dataset: Dataset, tab: str) -> dict[str, Any]:
    look = look_at(dataset, TABS[tab])
    totals = look.totals
    read, media = read_totals(look), media_of(totals)
    starts_by_itself = look.index is None and tab == "input" and depth_of(dataset.team_id) != Depth.NEVER
    return {
        "dataset": dataset,
        "tab": tab,
        "look": look,
        "totals": totals,
        "charts": charts(totals) if look.index else [],
        "problems": problems_of(look),
        "changes": changes_of(look),
        "unsupported": unsupported(totals),
        "is_green": _is_green(look),
        "starts_by_itself": starts_by_itself,
        "waits": starts_by_itself and _may_begin_soon(look),
        "failed": look.job if look.job and look.job.error and not look.is_building else None,
        "progress": progress_of(look.job) if look.job and look.is_building else None,
        "offers_cancel": _offers_cancel(request, look.job),
        "read": read,
        "media": media,
        "percent_read": 100 * min(read.opened, media) / media if media else 0,
        "unread": _unread(read),
        "inside_charts": inside_charts(read),
        "reading_progress": inside_progress.progress_of(look.reading_job)
        if look.reading_job and look.is_reading
        else None,
        "reading_failed": _failed(look.reading_job),
        "reading_paused": bool(look.reading_job and look.reading_job.state == JobState.CANCELLED),
        "sample_cost": cost_of(totals, look.reading, sample_of(dataset.team_id)),
        "all_cost": cost_of(totals, look.reading),
    }


def _unread(read: ReadTotals) -> list[dict[str, Any]]:
    """Files that could not be opened, and why."""
    found = [(state, read.states.get(str(state.value), [0, 0])[0]) for state in ReadState]
    return [{"why": state.label, "files": files} for state, files in found if files and state != ReadState.READ]


def _failed(job: Job | None) -> Job | None:
    return job if job and job.error and not job.is_open else None


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


def _offers_cancel(request: PageRequest, job: Job | None) -> bool:
    if job is None or not job.may_be_cancelled:
        return False
    return may_cancel(job_for(request.user, job.pk))
