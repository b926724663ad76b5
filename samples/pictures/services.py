"""Gives the picture of a sample, or has a worker make it: bounded, and never in a web process."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from contents.thumbnails.cache import Picture, Refusal, Started
from contents.thumbnails.files import cache
from contents.thumbnails.services import Answer, Waiting, ask_for
from contents.thumbnails.views import PicturePlace, Shown
from samples.models import Sample
from samples.pictures.entries import entry_of
from teams.models import User

TASK = "samples.tasks.make_picture"


def picture_of(sample: Sample, size: str, *, by: User) -> Answer:
    """`size`: thumbnail or preview. Gives what is there, or asks a worker for it."""
    name = entry_of(sample, size)
    found = cache().read(name)
    if isinstance(found, Picture | Refusal):
        return found
    if isinstance(found, Started):
        return Waiting()
    return ask_for(name, TASK, sample.pk, size, budget=f"samples:{by.pk}:{sample.dataset_id}")


@dataclass(frozen=True)
class Place(PicturePlace):
    """Of a sample."""

    sample: Sample

    def begin(self) -> Shown:
        """What is in the cache, or what fetches it once it comes into view."""
        return self.begun(is_there=cache().has_picture(entry_of(self.sample, self.size)))

    def source(self) -> str:
        return self._address("picture")

    def tile(self) -> str:
        return self._address("tile")

    def _address(self, name: str) -> str:
        return reverse(f"samples:{name}", args=[self.sample.dataset_id, self.sample.pk, self.size])
