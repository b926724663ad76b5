"""The part of a video's page with a player, or why there is none, and stills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from contents.filmstrips.files import STILLS, filmstrip_name, is_origin, still_name
from contents.index.queries import TABS, look_at
from contents.models import FileKind
from contents.thumbnails.cache import Facts, Picture, Refusal, Started
from contents.thumbnails.files import Listed, cache, listed, refusal_of
from contents.thumbnails.reasons import Reason, words_of
from contents.thumbnails.services import Waiting, ask
from contents.thumbnails.views import KEPT_SECONDS, PAUSES, SAFE, THROTTLED_SECONDS, tries_of
from datasets.access import dataset_for
from teams.models import User
from teams.requests import PageRequest

TASK = "contents.tasks.make_filmstrip"
Shown = dict[str, Any]
"""What the template _filmstrip.html takes."""


@require_GET
def filmstrip(request: PageRequest, dataset_id: str, tab: str, row: str) -> HttpResponse:
    """While it is being made, this part asks for itself again.

    A page allows media of the storage only once it knows its address: then it is loaded again, with the player.
    """
    found = _listed(request, dataset_id, tab, row)
    if found is None:
        shown = _refused(Refusal(Reason.OUTDATED))
    else:
        shown = Place(found, dataset_id, tab).asked(request.user, tries_of(request))
    response = render(request, "contents/filmstrips/_filmstrip.html", {"filmstrip": shown})
    response["Cache-Control"] = "no-store"
    if shown.get("plays"):
        response["HX-Refresh"] = "true"
    return response


@require_GET
def still(request: PageRequest, dataset_id: str, tab: str, row: str, number: str) -> HttpResponse:
    """The bytes of one, which we encoded."""
    found = _listed(request, dataset_id, tab, row)
    entry = cache().read(still_name(found, int(number))) if found and int(number) < STILLS else None
    if not isinstance(entry, Picture):
        words = f"{words_of(Reason.OUTDATED)}\n"
        return HttpResponse(words, "text/plain; charset=utf-8", 422, headers=SAFE | {"Cache-Control": "no-store"})
    headers = SAFE | {"Cache-Control": f"private, max-age={KEPT_SECONDS}"}
    return HttpResponse(entry.data, content_type=entry.content_type, headers=headers)


@dataclass(frozen=True)
class Place:
    """Where a page shows a video."""

    listed: Listed
    dataset_id: str
    tab: str

    def begin(self) -> Shown:
        """Of a page that asks for nothing yet."""
        if refusal := refusal_of(self.listed):
            return _refused(refusal)
        found = cache().read(filmstrip_name(self.listed))
        if isinstance(found, Facts | Refusal):
            return self._told(found)
        return {"again": self._address("filmstrip"), "trigger": "load"}

    def asked(self, by: User, tries: int) -> Shown:
        if self.listed.file.kind != FileKind.VIDEO:
            return _refused(Refusal(Reason.NO_MEDIA))
        if refusal := refusal_of(self.listed):
            return _refused(refusal)
        name = filmstrip_name(self.listed)
        found = cache().read(name)
        if isinstance(found, Facts | Refusal):
            return self._told(found)
        answer = Waiting() if isinstance(found, Started) else ask(self.listed, TASK, name, by=by)
        if isinstance(answer, Waiting) and not answer.is_throttled and tries >= len(PAUSES):
            answer = Refusal(Reason.BUSY)
        if isinstance(answer, Refusal):
            return _refused(answer)
        pause = THROTTLED_SECONDS if answer.is_throttled else PAUSES[tries]
        address = f"{self._address('filmstrip')}?tries={tries if answer.is_throttled else tries + 1}"
        return {"again": address, "trigger": f"load delay:{round(pause * 1000)}ms"}

    def _told(self, answer: Facts | Refusal) -> Shown:
        if isinstance(answer, Refusal):
            return _refused(answer)
        facts = answer.content
        stills = [
            {"src": self._address("still", number), "seconds": seconds, "time": _time(seconds)}
            for number, seconds in enumerate(facts["stills"])
        ]
        plays = not facts["unplayable"] and is_origin(facts["origin"])
        return facts | {
            "is_there": True,
            "frame": {"address": self._address("frame")},
            "stills": stills,
            "plays": plays,
            "broken": words_of(Reason(facts["broken"])) if facts["broken"] else "",
            "length": _time(facts["seconds"]),
            "rate": f"{facts['rate']:.4g}",
        }

    def _address(self, name: str, *more: int) -> str:
        return reverse(f"contents:{name}", args=[self.dataset_id, self.tab, self.listed.file.pk, *more])


def _refused(refusal: Refusal) -> Shown:
    return {"refused": words_of(refusal.reason), "detail": refusal.detail}


def _time(seconds: float) -> str:
    """As players write it: 0:07.5, 1:02:03.0."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    ending = f"{rest // 10:02}.{rest % 10}"
    return f"{hours}:{minutes:02}:{ending}" if hours else f"{minutes}:{ending}"


def _listed(request: PageRequest, dataset_id: str, tab: str, row: str) -> Listed | None:
    dataset = dataset_for(request.user, dataset_id)
    index = look_at(dataset, TABS[tab]).index
    return listed(index.pk, int(row)) if index else None
