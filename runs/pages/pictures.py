"""The pictures beside the names that a run chose or left out."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from contents.index.queries import look_at
from contents.models import IndexedFile
from contents.thumbnails.files import Listed
from contents.thumbnails.views import Place, Shown
from datasets.models import Dataset
from datasources.models import Purpose
from samples.models import Sample
from samples.pictures.services import Place as SamplePlace


def pictures_of(dataset: Dataset | None, names: Iterable[str]) -> dict[str, tuple[str, Shown]]:
    """By name: the address of a page about it, empty if there is none, and what shows its picture.

    Of samples of the dataset, else of files in the last listing of Input. Frames of videos that are no samples have no
    file, so they are missing here.
    """
    if dataset is None:
        return {}
    wanted = list(names)
    found: dict[str, tuple[str, Shown]] = {}
    look = look_at(dataset, Purpose.INPUT)
    if look.index is not None and look.datasource is not None:
        for file in IndexedFile.objects.filter(index=look.index.pk, key__in=wanted):
            place = Place("thumbnail", Listed(look.datasource, look.index, file), dataset.pk, "input")
            found[file.key] = ("", place.begin())
    for sample in Sample.objects.filter(dataset=dataset, file_name__in=wanted).select_related("dataset"):
        page = reverse("samples:sample", args=[dataset.pk, sample.pk])
        found[sample.file_name] = (page, SamplePlace("thumbnail", sample).begin())
    return found
