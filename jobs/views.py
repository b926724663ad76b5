"""The pages that show jobs. They fetch themselves again while a job is under way, and stop when it has ended."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from core.web.dialogs import dialog, done
from jobs import services
from jobs.access import cancellable_job_for, job_for, jobs_for, may_cancel
from jobs.models import Job, JobState
from jobs.runners import runner_of
from teams.requests import PageRequest

PAGE_SIZE = 25
# As many as the newest screenful; what is older has been read while the job ran.
LINES_SHOWN = 100
# The states the style sheets know.
_LOOKS: dict[str, str] = {
    JobState.QUEUED: "off",
    JobState.RUNNING: "checking",
    JobState.CANCELLING: "unknown",
    JobState.CANCELLED: "off",
    JobState.DONE: "granted",
    JobState.FAILED: "denied",
}


@require_GET
def jobs(request: PageRequest) -> HttpResponse:
    return render(request, "jobs/jobs.html", _list(request))


@require_GET
def job_list(request: PageRequest) -> HttpResponse:
    """The part of the page that changes while jobs run."""
    return render(request, "jobs/_list.html", _list(request))


@require_GET
def job(request: PageRequest, job_id: str) -> HttpResponse:
    return render(request, "jobs/job.html", _detail(request, job_id))


@require_GET
def progress(request: PageRequest, job_id: str) -> HttpResponse:
    """The part of a job's page that changes while it runs."""
    return render(request, "jobs/_progress.html", _detail(request, job_id) | {"announce": True})


@require_http_methods(["GET", "POST"])
def cancel(request: PageRequest, job_id: str) -> HttpResponse:
    """Asks once more; what is done stays done, but nobody can go on where a cancelled job has stopped."""
    found = cancellable_job_for(request.user, job_id)
    page = reverse("jobs:job", args=[found.pk])
    if request.method == "POST":
        is_cancelled = services.cancel(found, by=request.user)
        words = gettext("The job is cancelled.") if is_cancelled else gettext("The job has ended already.")
        return done(request, words, page)
    if not found.may_be_cancelled:  # the button was pressed in the moment it ended
        return done(request, gettext("The job has ended already."), page)
    return dialog(request, "jobs/_cancel.html", title=gettext("Cancel this job?"), back=page, job=found)


def _list(request: PageRequest) -> dict[str, Any]:
    paginator = Paginator(jobs_for(request.user), PAGE_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    return {
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "rows": [_shown(each) for each in page],
        "is_live": any(each.is_open for each in page),
    }


def _detail(request: PageRequest, job_id: str) -> dict[str, Any]:
    found = job_for(request.user, job_id)
    return {
        **_shown(found),
        "lines": list(found.lines.order_by("-pk")[:LINES_SHOWN]),
        "offers_cancel": found.may_be_cancelled and may_cancel(found),
    }


def _shown(found: Job) -> dict[str, Any]:
    runner = runner_of(found.kind)
    return {"job": found, "kind": runner.label if runner else found.kind, "look": _LOOKS[found.state]}
