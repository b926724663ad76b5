"""The samples of a tag as tiles, one sample on a page of its own, and their pictures."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from contents.listing.errors import ListingError
from contents.listing.signing import sign_file
from contents.listing.walker import UnreliableServerError
from contents.thumbnails.views import KEPT_SECONDS, picture_answer, tile_answer, tries_of
from datasets.access import dataset_for
from samples import masks, queries
from samples.exports.places import ReadUrls, place_of
from samples.models import Sample, Tag
from samples.pages.downloads import FORMATS, snippet_of
from samples.pages.links import run_url
from samples.pages.tags import tag_for
from samples.pictures.services import Place, picture_of
from samples.tags.filters import Filter, mask_of
from samples.telling import predictions_of
from teams.models import User
from teams.requests import PageRequest

PAGE_SIZE = 60
LONGEST_FILTER = 500


@require_GET
def tag(request: PageRequest, dataset_id: str, tag_id: str) -> HttpResponse:
    """Page by page: `after` is the position after which to go on, `contains` a part of names."""
    found = tag_for(request.user, dataset_id, tag_id)
    contains = request.GET.get("contains", "").replace("\0", "")[:LONGEST_FILTER]
    after = _number(request.GET.get("after", ""))
    positions = _positions(found, contains)
    start = 0 if after is None else bisect_right(positions, after)
    shown = positions[start : start + PAGE_SIZE]
    is_more = start + PAGE_SIZE < len(positions)
    tiles = [_tile(found, sample, contains) for sample in queries.samples_at(found.dataset_id, shown)]
    context = {
        "dataset": found.dataset,
        "tag": found,
        "parent": found.previous,
        "run_url": run_url(found.dataset_id, found.run_id),
        "is_leaf": not found.following.exists(),
        "tiles": tiles,
        "fitting": len(positions),
        "contains": contains,
        "first": _query(contains=contains),
        "is_later_page": start > 0,
        "next": _query(contains=contains, after=str(shown[-1])) if is_more else "",
        "formats": FORMATS,
        "snippet": snippet_of(found),
    }
    return render(request, "samples/tag.html", context)


def _positions(found: Tag, contains: str) -> Sequence[int]:
    bits = mask_of(found.dataset, Filter(contains=contains, within=found)) if contains else found.bits
    return masks.positions_in(bits)


def _tile(found: Tag, sample: Sample, contains: str) -> dict[str, Any]:
    address = reverse("samples:sample", args=[found.dataset_id, sample.pk])
    return {
        "sample": sample,
        "url": address + _query(tag=found.pk, contains=contains),
        "shown": Place("thumbnail", sample).begin(),
    }


def _query(**told: str) -> str:
    return f"?{urlencode({name: value for name, value in told.items() if value})}"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 11 else None


def _sample(user: User, dataset_id: str, sample_id: str) -> Sample:
    dataset = dataset_for(user, dataset_id)
    sample = Sample.objects.filter(dataset=dataset, pk=sample_id).first()
    if sample is None:
        raise Http404(gettext("The dataset has no such sample."))
    sample.dataset = dataset
    return sample


@require_GET
def sample(request: PageRequest, dataset_id: str, sample_id: str) -> HttpResponse:
    """`tag`: whose samples are before and behind it; all of the dataset's by default."""
    found = _sample(request.user, dataset_id, sample_id)
    among = Tag.objects.filter(dataset=found.dataset, pk=request.GET.get("tag", "")[:24].replace("\0", "")).first()
    among = among or queries.initial_tag_of(found.dataset)
    contains = request.GET.get("contains", "").replace("\0", "")[:LONGEST_FILTER]
    context = {
        "dataset": found.dataset,
        "sample": found,
        "tag": among,
        "tags": [tag for tag in queries.tags_of(found.dataset) if masks.has(tag.bits, found.position)],
        "shown": Place("preview", found).begin(),
        "run_url": run_url(found.dataset_id, found.run_id),
        "measured": sorted(found.meta_data.items()),
        "told": sorted((found.custom_meta_data or {}).items()),
        "exif": sorted(found.exif.items()),
        "predictions": predictions_of(found),
        **(_beside(found, among, contains) if among else {}),
    }
    return render(request, "samples/sample.html", context)


def _beside(found: Sample, among: Tag, contains: str) -> dict[str, str]:
    positions = _positions(among, contains)
    at = bisect_left(positions, found.position)
    is_there = at < len(positions) and positions[at] == found.position
    wanted = {"before": at - 1, "behind": at + 1 if is_there else at}
    numbers = {name: positions[place] for name, place in wanted.items() if 0 <= place < len(positions)}
    rows = queries.values_at(found.dataset_id, sorted(numbers.values()), "position", "pk")
    ids: dict[int, str] = dict(rows)
    query = _query(tag=among.pk, contains=contains)
    addresses = {
        name: reverse("samples:sample", args=[found.dataset_id, ids[number]]) + query
        for name, number in numbers.items()
    }
    after = positions[max(0, at // PAGE_SIZE * PAGE_SIZE - 1)] if at >= PAGE_SIZE else None
    page = _query(contains=contains, after="" if after is None else str(after))
    back = f"{reverse('samples:tag', args=[found.dataset_id, among.pk])}{page}#tile-{found.pk}"
    return addresses | {"back": back}


@require_GET
def original(request: PageRequest, dataset_id: str, sample_id: str) -> HttpResponse:
    """Leads to the file itself, in its storage."""
    found = _sample(request.user, dataset_id, sample_id)
    purpose, name = place_of(found.type, found.file_name)
    try:
        urls = ReadUrls(request, found.dataset, request.user)
        url = sign_file(found.dataset, purpose, name, method="GET", redirect_url=urls)
    except (ListingError, UnreliableServerError):
        words = gettext("The file can't be opened now. The bulbs of the dataset say why.")
        return render(request, "samples/unreadable.html", {"dataset": found.dataset, "words": words}, status=422)
    answer = redirect(url)
    answer["Cache-Control"] = "no-store"
    return answer


@require_GET
def picture(request: PageRequest, dataset_id: str, sample_id: str, size: str) -> HttpResponse:
    """The bytes, which we encoded. 202 while they are being made; 422 and the reason where there are none."""
    answer = picture_of(_sample(request.user, dataset_id, sample_id), size, by=request.user)
    return picture_answer(answer, f"private, max-age={KEPT_SECONDS}")


@require_GET
def tile(request: PageRequest, dataset_id: str, sample_id: str, size: str) -> HttpResponse:
    """What stands in the place of the picture. While it is being made, this part asks for itself again."""
    found = _sample(request.user, dataset_id, sample_id)
    answer = picture_of(found, size, by=request.user)
    return tile_answer(request, Place(size, found).asked(answer, tries_of(request)))
