"""The page that tests relevant filenames: what each line matches, what is wrong, and a corrected file to keep."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contents.annotation_pages.figures import LOOKS, SEVERITY_WORDS, share
from contents.annotations.catalogue import RULES
from contents.index.queries import look_at
from contents.listing.folder import LIGHTLY_FOLDER
from contents.listing.shards import successor
from contents.models import FileKind, Index, IndexedFile, RelevantTest
from contents.overview.progress import poll_after
from contents.relevant_tests import saving, services
from contents.relevant_tests.services import RefusedError
from datasets.access import dataset_for, editable_dataset_for
from datasets.models import Dataset
from datasources.models import Purpose
from teams.models import User
from teams.requests import PageRequest

MOST_SUGGESTED = 50
# There are many files in them, and none of these.
_CROWDED = tuple(
    f"{LIGHTLY_FOLDER}{name}/" for name in ("embeddings", "frames", "metadata", "predictions", "thumbnails")
)


@require_http_methods(["GET", "POST"])
def tester(request: PageRequest, dataset_id: str) -> HttpResponse:
    """Whoever may change the dataset may start a test, which reads a file and costs a worker's time."""
    if request.method == "GET":
        dataset = dataset_for(request.user, dataset_id)
        return render(request, "contents/relevant/tester.html", _shown(request.user, dataset))
    dataset = editable_dataset_for(request.user, dataset_id)
    path, text = request.POST.get("path", "").strip(), request.POST.get("text", "")
    try:
        services.start(dataset, by=request.user, path=path, text=text)
    except RefusedError as error:
        shown = _shown(request.user, dataset) | {"path": path, "text": text, "refused": error}
        return render(request, "contents/relevant/tester.html", shown, status=422)
    return redirect("contents:relevant", dataset.pk)


@require_GET
def progress(request: PageRequest, dataset_id: str) -> HttpResponse:
    """The part of the page that changes while a test or a write is under way."""
    dataset = dataset_for(request.user, dataset_id)
    return render(request, "contents/relevant/_outcome.html", _shown(request.user, dataset) | {"announce": True})


@require_POST
def save(request: PageRequest, dataset_id: str) -> HttpResponse:
    """Write the corrected file under the name that the person sees and may change."""
    dataset = editable_dataset_for(request.user, dataset_id)
    name = request.POST.get("name", "").strip()
    try:
        saving.start(services.newest(dataset, request.user), name=name, by=request.user)
    except RefusedError as error:
        shown = _shown(request.user, dataset) | {"name": name, "save_refused": error}
        return render(request, "contents/relevant/tester.html", shown, status=422)
    return redirect("contents:relevant", dataset.pk)


@require_GET
def download(request: PageRequest, dataset_id: str) -> HttpResponse:
    dataset = dataset_for(request.user, dataset_id)
    test = _must_exist(services.newest(dataset, request.user))
    response = HttpResponse(services.corrected(test), content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="relevant-corrected.txt"'
    return response


def _must_exist(test: RelevantTest | None) -> RelevantTest:
    if test is None or not test.corrected:
        raise Http404(gettext("There is no corrected file: test one first."))
    return test


def _shown(person: User, dataset: Dataset) -> dict[str, Any]:
    test = services.newest(dataset, person)
    writing = saving.newest(test) if test else None
    job = test.job if test else None
    open_job = next((each for each in (job, writing) if each and each.is_open), None)
    raw, lightly = look_at(dataset, Purpose.INPUT), look_at(dataset, Purpose.LIGHTLY)
    return {
        "dataset": dataset,
        "tab": "annotations",
        "raw": raw,
        "suggested": _suggested(lightly.index) if lightly.index else [],
        "test": test,
        "outcome": _outcome(test) if test and test.completed_at else None,
        "failed": job if job and job.error and not job.is_open else None,
        "poll_after": poll_after(open_job) if open_job else "",
        "is_testing": bool(job and job.is_open),
        "writing": writing,
        "name": saving.suggested_name(test) if test else "",
        "path": test.path if test else "",
    }


def _suggested(index: Index) -> list[str]:
    """Text files below .lightly/, a query for each stretch between the crowded folders."""
    found: list[str] = []
    begin = LIGHTLY_FOLDER
    for end in (*_CROWDED, successor(LIGHTLY_FOLDER)):
        rows = IndexedFile.objects.filter(
            index=index.pk, key__gte=begin, key__lt=end, kind=FileKind.LIGHTLY, extension="txt"
        )
        found += rows.order_by("key").values_list("key", flat=True)[: MOST_SUGGESTED - len(found)]
        begin = successor(end)
    return found


def _outcome(test: RelevantTest) -> dict[str, Any]:
    """As it is stored, with words."""
    stored: dict[str, Any] = test.outcome
    lines = [line | {"notes": [_note(note) for note in line["notes"]]} for line in stored["lines"]]
    folders = [
        folder | {"share": share(folder["relevant"], folder["files"]), "width": _percent(folder)}
        for folder in stored["folders"]
    ]
    return stored | {
        "lines": lines,
        "findings": [finding | _note(finding) for finding in stored["findings"]],
        "folders": folders,
        "fall_out": [folder["folder"] for folder in folders if not folder["relevant"]],
        "share": share(stored["relevant"], stored["files"]),
        "more_lines": max(0, stored["lines_count"] - len(lines)),
    }


def _percent(folder: dict[str, Any]) -> float:
    return round(100 * folder["relevant"] / folder["files"], 1) if folder["files"] else 0.0


def _note(note: dict[str, Any]) -> dict[str, Any]:
    severity = note["severity"]
    return note | {
        "title": RULES[note["rule"]].title if note["rule"] in RULES else note["rule"],
        "look": LOOKS[severity],
        "severity_word": gettext(SEVERITY_WORDS[severity]),
    }
