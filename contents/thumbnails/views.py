"""Pictures of files for pages: the bytes themselves, and the part of a page that shows them or says why not."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from contents.index.queries import TABS, look_at
from contents.thumbnails.cache import Picture, Refusal
from contents.thumbnails.files import PREVIEW_SIDE, TILE_SIDE, Listed, cache, listed, refusal_of, stored_name
from contents.thumbnails.reasons import Reason, words_of
from contents.thumbnails.services import Answer, Waiting, picture_of
from datasets.access import dataset_for
from teams.requests import PageRequest

SIDES = {"thumbnail": TILE_SIDE, "preview": PREVIEW_SIDE}
# What the address names never changes: it has the version in it.
KEPT_SECONDS = 24 * 3600
RETRY_SECONDS, THROTTLED_SECONDS = 1, 15
# How long a page waits before it asks again, in seconds: about a minute and a half in all.
PAUSES = (0.4, 0.6, 1, 1, 1.5, 2, 2, 3, 3, 4, *[5] * 14)
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}


@require_GET
def picture(request: PageRequest, dataset_id: str, tab: str, size: str, row: str) -> HttpResponse:
    """The bytes, which we encoded. 202 while they are being made; 422 and the reason where there are none."""
    found = _listed(request, dataset_id, tab, row)
    if found is None:
        raise Http404(words_of(Reason.OUTDATED))
    answer = picture_of(found, SIDES[size], by=request.user)
    if isinstance(answer, Picture):
        is_current = request.GET.get("v") == _tag(found, SIDES[size])
        return picture_answer(
            answer, f"private, max-age={KEPT_SECONDS}, immutable" if is_current else "private, no-cache"
        )
    return picture_answer(answer)


def picture_answer(answer: Answer, kept: str = "no-store") -> HttpResponse:
    """`kept`: by whom and how long a picture may be kept, as of Cache-Control. Nothing else ever is."""
    if isinstance(answer, Picture):
        return HttpResponse(answer.data, content_type=answer.content_type, headers=SAFE | {"Cache-Control": kept})
    headers = SAFE | {"Cache-Control": "no-store"}
    if isinstance(answer, Refusal):
        return HttpResponse(f"{words_of(answer.reason)}\n", "text/plain; charset=utf-8", 422, headers=headers)
    seconds = THROTTLED_SECONDS if answer.is_throttled else RETRY_SECONDS
    return HttpResponse(status=429 if answer.is_throttled else 202, headers=headers | {"Retry-After": str(seconds)})


@require_GET
def tile(request: PageRequest, dataset_id: str, tab: str, size: str, row: str) -> HttpResponse:
    """What stands in the place of the picture. While it is being made, this part asks for itself again."""
    found = _listed(request, dataset_id, tab, row)
    if found is None:
        return tile_answer(request, refused(Refusal(Reason.OUTDATED), size))
    place = Place(size, found, dataset_id, tab)
    return tile_answer(request, place.asked(picture_of(found, place.side, by=request.user), tries_of(request)))


def tile_answer(request: PageRequest, shown: Shown) -> HttpResponse:
    response = render(request, "contents/gallery/_picture.html", {"shown": shown})
    response["Cache-Control"] = "no-store"
    return response


Shown = dict[str, str]
"""What the template _picture.html takes."""


@dataclass(frozen=True)
class PicturePlace(ABC):
    """Where a page shows a picture, in one of its sizes."""

    size: str

    @abstractmethod
    def source(self) -> str:
        """Where the picture itself is."""

    @abstractmethod
    def tile(self) -> str:
        """Where the part of the page comes from that shows it."""

    def begun(self, *, is_there: bool) -> Shown:
        """Of a page that asks for nothing yet: the picture, or what fetches it once it comes into view."""
        if is_there:
            return self._picture()
        return {"size": self.size, "again": self._again(0), "trigger": "intersect once"}

    def asked(self, answer: Answer, tries: int) -> Shown:
        """After it was asked for, for the first time or once more."""
        if isinstance(answer, Waiting) and tries >= len(PAUSES):
            return refused(Refusal(Reason.BUSY), self.size)
        if isinstance(answer, Refusal):
            return refused(answer, self.size)
        if isinstance(answer, Picture):
            return self._picture()
        if answer.is_throttled:  # who has asked for too much waits, and does not give up
            words = gettext("Many pictures were asked for: this one comes in a minute.")
            return self._waiting(THROTTLED_SECONDS, tries) | {"words": words}
        return self._waiting(PAUSES[tries], tries + 1)

    def _picture(self) -> Shown:
        return {"size": self.size, "src": self.source(), "tile": self._again(0)}

    def _waiting(self, pause: float, tries: int) -> Shown:
        trigger = f"load delay:{round(pause * 1000)}ms"
        return {"size": self.size, "again": self._again(tries), "trigger": trigger}

    def _again(self, tries: int) -> str:
        return f"{self.tile()}?tries={tries}"


@dataclass(frozen=True)
class Place(PicturePlace):
    """Of a file that an index has."""

    listed: Listed
    dataset_id: str
    tab: str

    @property
    def side(self) -> int:
        return SIDES[self.size]

    def begin(self) -> Shown:
        """What is in the cache, or what fetches it once it comes into view."""
        if refusal := refusal_of(self.listed):
            return refused(refusal, self.size)
        return self.begun(is_there=cache().has_picture(stored_name(self.listed, self.side)))

    def source(self) -> str:
        return f"{self._address('picture')}?{urlencode({'v': _tag(self.listed, self.side)})}"

    def tile(self) -> str:
        return self._address("tile")

    def _address(self, name: str) -> str:
        return reverse(f"contents:{name}", args=[self.dataset_id, self.tab, self.size, self.listed.file.pk])


def refused(refusal: Refusal, size: str) -> Shown:
    return {"size": size, "refused": words_of(refusal.reason), "detail": refusal.detail}


def _listed(request: PageRequest, dataset_id: str, tab: str, row: str) -> Listed | None:
    dataset = dataset_for(request.user, dataset_id)
    index = look_at(dataset, TABS[tab]).index
    return listed(index.pk, int(row)) if index else None


def tries_of(request: PageRequest) -> int:
    told = request.GET.get("tries", "")
    return min(int(told), len(PAUSES)) if told.isascii() and told.isdecimal() and len(told) < 4 else 0


def _tag(found: Listed, longest_side: int) -> str:
    """Differs when the file does."""
    return stored_name(found, longest_side)[:16]
