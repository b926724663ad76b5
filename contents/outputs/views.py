"""The page of what is written into the Lightly datasource: thumbnails, and frames of videos."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contents.frames import parts as frame_parts
from contents.frames.queries import Frame, all_frames, count_frames, frames_after
from contents.models import FileKind, IndexedFile
from contents.outputs import services
from contents.outputs.costs import cost_of_frames, cost_of_thumbnails
from contents.outputs.forms import FramesForm
from contents.outputs.progress import newest
from contents.places import (
    Hindrance,
    Places,
    hindrance_of_suffix,
    places_for_thumbnails,
    places_of,
    source_of,
    target_of,
    words_of,
)
from contents.thumbnails import parts as thumbnail_parts
from core.formats.cells import safe_cell
from core.web.dialogs import dialog, done
from datasets.access import dataset_for, editable_dataset_for
from datasets.models import Dataset
from jobs.access import job_for, may_cancel
from jobs.models import Job
from teams import audit
from teams.models import AuditAction
from teams.requests import PageRequest

PAGE_SIZE = 50
LONGEST_TEXT = 2048


@require_GET
def outputs(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    dataset = dataset_for(request.user, dataset_id)
    context = _thumbnails(request, dataset, tab) | _frames(request, dataset, tab)
    return render(request, "contents/outputs/outputs.html", context)


@require_GET
def thumbnails(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """The part of the page that changes while thumbnails are written."""
    context = _thumbnails(request, dataset_for(request.user, dataset_id), tab)
    return render(request, "contents/outputs/_thumbnails.html", context | {"announce": True})


@require_GET
def frames(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """The part of the page that changes while frames are written."""
    context = _frames(request, dataset_for(request.user, dataset_id), tab)
    return render(request, "contents/outputs/_frames.html", context | {"announce": True})


@require_http_methods(["GET", "POST"])
def write_thumbnails(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """Says first what it costs."""
    dataset = editable_dataset_for(request.user, dataset_id)
    page = reverse("contents:outputs", args=[dataset.pk, tab])
    places = places_for_thumbnails(dataset)
    if isinstance(places, Hindrance):
        return _hindered(request, places, page)
    if request.method == "POST":
        return _started(request, lambda: services.start_thumbnails(dataset, by=request.user), page)
    title = gettext("Write thumbnails of all files?")
    cost = cost_of_thumbnails(places)
    return dialog(request, "contents/outputs/_write_thumbnails.html", title=title, back=page, cost=cost, places=places)


@require_POST
def write_frames(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """What was chosen first becomes a question that says what it costs, and is sent again when that is answered."""
    dataset = editable_dataset_for(request.user, dataset_id)
    page = reverse("contents:outputs", args=[dataset.pk, tab])
    places = places_of(dataset)
    if isinstance(places, Hindrance):
        return _hindered(request, places, page)
    form = FramesForm(request.POST, request.FILES)
    if form.is_valid() and (missing := _missing(places, form.choice.videos)):
        words = gettext("The last listing has no video of this name: %(name)s")
        form.add_error("videos", words % {"name": missing})
    if not form.is_valid():
        context = _thumbnails(request, dataset, tab) | _frames(request, dataset, tab) | {"form": form}
        return render(request, "contents/outputs/outputs.html", context, status=422)
    if "confirmed" in request.POST:
        return _started(request, lambda: services.start_frames(dataset, form.choice, by=request.user), page)
    cost = cost_of_frames(places, form.choice)
    title = gettext("Write these frames?")
    return dialog(
        request,
        "contents/outputs/_write_frames.html",
        title=title,
        back=page,
        cost=cost,
        choice=form.choice,
        numbers=", ".join(f"{first}-{last}" if last > first else str(first) for first, last in form.choice.ranges),
        videos="\n".join(form.choice.videos),
    )


@require_GET
def frame_list(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """The frames that were written. `after`: the name after which to go on; `prefix`: how names begin."""
    dataset = dataset_for(request.user, dataset_id)
    source, target = source_of(dataset), target_of(dataset)
    after, prefix = _text(request, "after"), _text(request, "prefix")
    rows = frames_after(source, target, after, limit=PAGE_SIZE + 1, prefix=prefix) if source and target else []
    kept = {"prefix": prefix} if prefix else {}
    following = urlencode(kept | {"after": rows[PAGE_SIZE - 1].name}) if len(rows) > PAGE_SIZE else ""
    context = {"dataset": dataset, "tab": tab, "rows": rows[:PAGE_SIZE], "prefix": prefix, "after": after}
    return render(request, "contents/outputs/frames.html", context | {"next": following})


@require_GET
def frame_csv(request: PageRequest, dataset_id: str, tab: str) -> StreamingHttpResponse:
    dataset = dataset_for(request.user, dataset_id)
    source, target = source_of(dataset), target_of(dataset)
    words = f"a list of frames of {dataset.name}"
    audit.record(team=dataset.team, actor=request.user, action=AuditAction.EXPORTED, target=words, dataset=dataset)
    rows = all_frames(source, target, prefix=_text(request, "prefix")) if source and target else iter(())
    response = StreamingHttpResponse(_csv(rows), content_type="text/csv; charset=utf-8")
    name = f"{dataset.name}-frames.csv".replace(" ", "-")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class _Line:
    """What csv.writer writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: Iterator[Frame]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(["video", "number", "frame", "key", "prediction", "frames", "width", "height", "bytes"])
    for row in rows:
        names = [safe_cell(name) for name in (row.name, row.key, row.prediction)]
        yield writer.writerow([safe_cell(row.video), row.number, *names, row.frames, row.width, row.height, row.bytes])


def _thumbnails(request: PageRequest, dataset: Dataset, tab: str) -> dict[str, Any]:
    places = places_of(dataset)
    hindrance = places if isinstance(places, Hindrance) else hindrance_of_suffix(places)
    target = target_of(dataset)
    found = newest(thumbnail_parts.KIND, source_of(dataset))
    return {
        "dataset": dataset,
        "tab": tab,
        "target": target,
        "suffix": target.thumbnail_suffix if target else "",
        "thumbnails_hindrance": words_of(hindrance) if hindrance else "",
        "thumbnails": found,
        "thumbnails_cost": cost_of_thumbnails(places) if isinstance(places, Places) else None,
        "thumbnails_cancel": _offers_cancel(request, found.job) if found else False,
    }


def _frames(request: PageRequest, dataset: Dataset, tab: str) -> dict[str, Any]:
    places = places_of(dataset)
    source, target = source_of(dataset), target_of(dataset)
    found = newest(frame_parts.KIND, source)
    videos = services.kind_of(places, FileKind.VIDEO)[0] if isinstance(places, Places) else 0
    return {
        "dataset": dataset,
        "tab": tab,
        "frames_hindrance": words_of(places) if isinstance(places, Hindrance) else "",
        "frames": found,
        "videos": videos,
        "written_frames": count_frames(source, target) if source and target else 0,
        "frames_cancel": _offers_cancel(request, found.job) if found else False,
        "form": FramesForm(initial={"every": 25}),
    }


def _offers_cancel(request: PageRequest, job: Job) -> bool:
    return job.may_be_cancelled and may_cancel(job_for(request.user, job.pk))


def _hindered(request: PageRequest, hindrance: Hindrance, page: str) -> HttpResponse:
    if request.method == "GET":
        title, words = gettext("Nothing can be written now"), words_of(hindrance)
        return dialog(request, "contents/outputs/_hindered.html", title=title, back=page, words=words)
    messages.error(request, words_of(hindrance))
    return done(request, "", page)


def _started(request: PageRequest, start: Any, page: str) -> HttpResponse:
    try:
        _, is_new = start()
    except services.HinderedError as error:
        return _hindered(request, error.hindrance, page)
    return done(request, "" if is_new else gettext("A job of this kind is under way already."), page)


def _missing(places: Places, videos: tuple[str, ...]) -> str:
    """The first of these names that no video has."""
    if not videos:
        return ""
    found = IndexedFile.objects.filter(index=places.index.pk, key__in=videos, kind=FileKind.VIDEO)
    known = set(found.values_list("key", flat=True))
    return next((name for name in videos if name not in known), "")


def _text(request: PageRequest, name: str) -> str:
    """A parameter. No name that is stored has NUL in it."""
    return request.GET.get(name, "").replace("\0", "")[:LONGEST_TEXT]
