"""The part of a video's page that shows any frame by its number, with the name that the format prescribes."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from contents.frames.entries import count_entry, frame_entry
from contents.frames.numbers import MOST_NUMBER
from contents.index.queries import TABS, look_at
from contents.media.frame_names import frame_name
from contents.models import FileKind
from contents.thumbnails.cache import Facts, Picture, Refusal, Started
from contents.thumbnails.files import Listed, cache, listed, refusal_of
from contents.thumbnails.reasons import Reason, words_of
from contents.thumbnails.services import Waiting, ask
from contents.thumbnails.views import KEPT_SECONDS, PAUSES, SAFE, THROTTLED_SECONDS, tries_of
from datasets.access import dataset_for
from datasets.models import Dataset
from teams.requests import PageRequest

TASK = "contents.tasks.make_frame"
Shown = dict[str, Any]
"""What the template _frame.html takes."""


@require_GET
def frame(request: PageRequest, dataset_id: str, tab: str, row: str) -> HttpResponse:
    """`number` of the frame, from 0. While it is being made, this part asks for itself again."""
    dataset = dataset_for(request.user, dataset_id)
    found = _listed(dataset, tab, row)
    address = reverse("contents:frame", args=[dataset.pk, tab, row])
    shown: Shown = {"address": address, "number": request.GET.get("number", "")[:20]}
    number = _number(shown["number"])
    if found is None:
        shown["refused"] = words_of(Reason.OUTDATED)
    elif number is None:
        shown["wrong"] = gettext("Enter the number of a frame: 0 is the first one.")
    else:
        shown |= _asked(request, dataset, tab, found, number)
    template = "contents/frames/_frame.html" if request.htmx else "contents/frames/frame.html"
    response = render(request, template, {"frame": shown, "dataset": dataset, "tab": tab, "listed": found})
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def picture(request: PageRequest, dataset_id: str, tab: str, row: str, number: str) -> HttpResponse:
    """The bytes of a frame that was made, which we encoded."""
    found = _listed(dataset_for(request.user, dataset_id), tab, row)
    entry = cache().read(frame_entry(found, int(number))) if found else None
    if not isinstance(entry, Picture):
        words = f"{words_of(Reason.OUTDATED)}\n"
        return HttpResponse(words, "text/plain; charset=utf-8", 422, headers=SAFE | {"Cache-Control": "no-store"})
    headers = SAFE | {"Cache-Control": f"private, max-age={KEPT_SECONDS}"}
    return HttpResponse(entry.data, content_type=entry.content_type, headers=headers)


def _asked(request: PageRequest, dataset: Dataset, tab: str, found: Listed, number: int) -> Shown:
    if found.file.kind != FileKind.VIDEO:
        return {"refused": words_of(Reason.NO_MEDIA)}
    if refusal := refusal_of(found):
        return _refused(refusal)
    name, tries = frame_entry(found, number), tries_of(request)
    entry = cache().read(name)
    if isinstance(entry, Picture):
        return _there(dataset, tab, found, number)
    if isinstance(entry, Refusal):
        return _refused(entry)
    answer = Waiting() if isinstance(entry, Started) else ask(found, TASK, name, str(number), by=request.user)
    if isinstance(answer, Waiting) and not answer.is_throttled and tries >= len(PAUSES):
        answer = Refusal(Reason.BUSY)
    if isinstance(answer, Refusal):
        return _refused(answer)
    pause = THROTTLED_SECONDS if answer.is_throttled else PAUSES[tries]
    tries = tries if answer.is_throttled else tries + 1
    address = reverse("contents:frame", args=[dataset.pk, tab, found.file.pk])
    return {"again": f"{address}?number={number}&tries={tries}", "trigger": f"load delay:{round(pause * 1000)}ms"}


def _there(dataset: Dataset, tab: str, found: Listed, number: int) -> Shown:
    counted = cache().read(count_entry(found))
    frames = int(counted.content["frames"]) if isinstance(counted, Facts) else 0
    name = frame_name(found.file.key, number, frames) if number < frames else ""
    source = reverse("contents:frame-picture", args=[dataset.pk, tab, found.file.pk, number])
    return {"src": source, "name": name, "frames": frames, "before": number - 1, "behind": number + 1}


def _refused(refusal: Refusal) -> Shown:
    if refusal.reason is Reason.NO_FRAME:
        return {"refused": gettext("The video has %(frames)s frames") % {"frames": refusal.detail}}
    return {"refused": words_of(refusal.reason), "detail": refusal.detail}


def _number(text: str) -> int | None:
    told = text.strip()
    is_number = told.isascii() and told.isdecimal() and len(told) < 8
    return int(told) if is_number and int(told) <= MOST_NUMBER else None


def _listed(dataset: Dataset, tab: str, row: str) -> Listed | None:
    index = look_at(dataset, TABS[tab]).index
    return listed(index.pk, int(row)) if index else None
