"""A dataset's first pictures, for its row on the home page, which asks for them once the row comes into view."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contents.gallery.queries import Chosen, flat
from contents.index.queries import look_at
from contents.thumbnails.cache import Refusal
from contents.thumbnails.files import TILE_SIDE, Listed, cache, refusal_of, stored_name
from contents.thumbnails.views import Place
from datasets.access import dataset_for
from datasources.models import Purpose
from teams.requests import PageRequest

PICTURES = 4
# Of so many files, those that can't be shown are passed over.
LOOKED_AT = 12


@require_GET
def cover(request: PageRequest, dataset_id: str) -> HttpResponse:
    """No content where nobody has looked at the datasource yet, or nothing can be shown: then the icon stays."""
    dataset = dataset_for(request.user, dataset_id)
    look = look_at(dataset, Purpose.INPUT)
    places = []
    if look.index and look.datasource and not look.is_elsewhere:
        found = flat(look.index, Chosen(), "", limit=LOOKED_AT)
        listed = [Listed(look.datasource, look.index, file) for file in found.files]
        places = [Place("thumbnail", each, dataset.pk, "input") for each in listed if _may_be_shown(each)][:PICTURES]
    if not places:
        return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
    context = {"pictures": [place.begin() for place in places], "count": len(places)}
    response = render(request, "contents/gallery/_cover.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _may_be_shown(listed: Listed) -> bool:
    """As far as anybody knows yet."""
    return refusal_of(listed) is None and not isinstance(cache().read(stored_name(listed, TILE_SIDE)), Refusal)
