"""One run: how far it is, what it said, what it left; and once it has ended, its results."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import reswap, retarget

from contents.thumbnails.views import Shown
from core.web.dialogs import dialog, done
from datasets.access import datasets_for
from jobs.models import ShardState
from runs import artifacts
from runs.access import editable_run_for, may_stop
from runs.configuration import InvalidConfigError
from runs.models import ArtifactType, Run, RunLogLine, RunPick, RunState
from runs.pages.access import run_for
from runs.pages.pictures import pictures_of
from runs.pages.reports import distributions_of, goals_of, report_of, said_words
from runs.pages.showing import lasted, look_of, poll_after, stages_of
from runs.pages.snippets import snippet_of
from runs.scheduling import configs, services
from runs.scheduling.errors import NotOpenError
from teams.requests import PageRequest

# As many as the newest screenful; the whole log is an artifact.
LINES_SHOWN = 100
PICKS_A_PAGE = 50
SIZES = (
    ("nInput", gettext_lazy("Files looked at")),
    ("nCorrupt", gettext_lazy("Unreadable")),
    ("nDuplicate", gettext_lazy("Exact duplicates")),
    ("nPreselectedDatapool", gettext_lazy("In the datapool before")),
    ("nSelected", gettext_lazy("Selected")),
    ("nSelectedWithDatapool", gettext_lazy("In the datapool now")),
)


@require_GET
def run(request: PageRequest, dataset_id: str, run_id: str) -> HttpResponse:
    found = run_for(request.user, dataset_id, run_id)
    shown = _shown(request, found)
    return render(request, "runs/run.html", shown | _results(found) if found.has_ended else shown)


@require_GET
def progress(request: PageRequest, dataset_id: str, run_id: str) -> HttpResponse:
    """What changes while it works; and once it has ended, all of the page's content."""
    found = run_for(request.user, dataset_id, run_id)
    if not found.has_ended:
        return render(request, "runs/_live.html", _shown(request, found))
    response = render(request, "runs/_run.html", _shown(request, found) | _results(found) | {"announce": True})
    return reswap(retarget(response, "#run"), "outerHTML")


@require_http_methods(["GET", "POST"])
def abort(request: PageRequest, dataset_id: str, run_id: str) -> HttpResponse:
    """Asks once more: an aborted run leaves nothing."""
    run_for(request.user, dataset_id, run_id)
    found = editable_run_for(request.user, run_id)
    page = reverse("runs:run", args=[found.dataset_key, found.pk])
    if request.method == "POST":
        try:
            services.abort(found, by=request.user)
        except NotOpenError as error:
            return done(request, error.text, page)
        return done(request, gettext("The run is being stopped."), page)
    if found.has_ended:  # the button was pressed in the moment it ended
        return done(request, gettext("The run has ended already."), page)
    return dialog(request, "runs/_abort.html", title=gettext("Abort this run?"), back=page, run=found)


@require_GET
def artifact(request: PageRequest, dataset_id: str, run_id: str, artifact_id: str) -> HttpResponseBase:
    found = run_for(request.user, dataset_id, run_id).artifacts.filter(pk=artifact_id).first()
    if found is None:
        raise Http404(gettext("The run has no such file."))
    response = StreamingHttpResponse(artifacts.content(found), content_type="application/octet-stream")
    response["Content-Length"] = str(found.size)
    response["Content-Disposition"] = f'attachment; filename="{found.file_name}"'
    return response


@require_GET
def picks(request: PageRequest, dataset_id: str, run_id: str) -> HttpResponse:
    """Why samples were chosen, or why the best others were not: `?left_out=1`. By place, or the one of a name."""
    found = run_for(request.user, dataset_id, run_id)
    template = "runs/_picks.html" if request.htmx else "runs/picks.html"
    return render(request, template, _picks(request, found))


def _picks(request: PageRequest, found: Run) -> dict[str, Any]:
    chosen = request.GET.get("left_out", "") != "1"
    name = request.GET.get("name", "")[:1024]
    after = request.GET.get("after", "")
    after_place = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
    rows = RunPick.objects.filter(run=found, is_chosen=chosen)
    rows = rows.filter(file_name=name) if name else rows.filter(place__gt=after_place)
    page = list(rows.order_by("place")[: PICKS_A_PAGE + 1])
    head = _shown_head(request, found)
    pictures = pictures_of(head["dataset"], [each.file_name for each in page[:PICKS_A_PAGE]])
    return head | {
        "rows": [_pick(each) | _picture(pictures, each.file_name) for each in page[:PICKS_A_PAGE]],
        "next_after": page[PICKS_A_PAGE - 1].place if len(page) > PICKS_A_PAGE else 0,
        "is_first": not after_place and not name,
        "chosen": chosen,
        "name": name,
    }


def _picture(pictures: dict[str, tuple[str, Shown]], name: str) -> dict[str, Any]:
    page, shown = pictures.get(name, ("", None))
    return {"page": page, "shown": shown}


def _pick(pick: RunPick) -> dict[str, Any]:
    said = [(str(each.get("strategy", "")), said_words(each)) for each in pick.said if isinstance(each, dict)]
    return {"pick": pick, "said": said}


def _shown_head(request: PageRequest, found: Run) -> dict[str, Any]:
    dataset = datasets_for(request.user).filter(pk=found.dataset_id).first() if found.dataset_id else None
    return {"run": found, "dataset": dataset, "tab": "runs", "look": look_of(found)}


def _shown(request: PageRequest, found: Run) -> dict[str, Any]:
    stages = stages_of(found)
    return _shown_head(request, found) | {
        "stages": stages,
        "current": next((stage for stage in stages if stage.is_current), None),
        "lines": list(RunLogLine.objects.filter(run=found).order_by("-pk")[:LINES_SHOWN]),
        "lasted": lasted(found),
        "poll_after": poll_after(found.created_at),
        "processes": _processes(found),
        "may_abort": not found.has_ended and may_stop(request.user, found),
        "warning": found.scheduled.warning if found.scheduled else "",
        "configuration": json.dumps(found.config.content, indent=2, ensure_ascii=False),
        "ignored": _ignored(found),
        "snippet": snippet_of(found),
    }


def _processes(found: Run) -> list[str]:
    """Who works on it in this moment."""
    if found.job is None or found.has_ended:
        return []
    owners = found.job.shards.filter(state=ShardState.RUNNING).exclude(owner="").values_list("owner", flat=True)
    return sorted(set(owners))


def _ignored(found: Run) -> list[str]:
    try:
        return [str(note) for note in configs.settings_of(found.config).notes]
    except InvalidConfigError:
        return []


def _results(found: Run) -> dict[str, Any]:
    report = report_of(found) if found.state == RunState.COMPLETED else None
    files = list(found.artifacts.order_by("file_name"))
    return {
        "artifacts": files,
        "sizes": [(words, found.sizes[key]) for key, words in SIZES if key in found.sizes],
        "goals": goals_of(found),
        "distributions": distributions_of(report) if report else [],
        "has_large_report": report is None and any(each.type == ArtifactType.REPORT_V2_JSON for each in files),
        "has_picks": found.picks.exists(),
    }
