"""Gives the picture of a sample, or has a worker make it: bounded, and never in a web process."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext

from contents.thumbnails.cache import Picture, Refusal, Started
from contents.thumbnails.files import cache
from contents.thumbnails.reasons import Reason
from contents.thumbnails.services import IN_FLIGHT_SECONDS, MOST_READS, Answer, Waiting
from contents.thumbnails.views import PAUSES, THROTTLED_SECONDS, Shown, refused
from core import broker, pulse
from core.queues import Queue
from core.web import throttle
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
    return Waiting() if isinstance(found, Started) else _ask(sample, size, name, by=by)


def _ask(sample: Sample, size: str, name: str, *, by: User) -> Waiting | Refusal:
    in_flight = f"thumbnail:{name}"
    if throttle.count(in_flight, IN_FLIGHT_SECONDS) > 1:
        return Waiting() if _has_worker() else Refusal(Reason.ABSENT)
    if throttle.count(f"samples:{by.pk}:{sample.dataset_id}") > MOST_READS:
        throttle.forget(in_flight)
        return Waiting(is_throttled=True)
    if not broker.send(TASK, sample.pk, size, queue=Queue.CONTENTS):
        throttle.forget(in_flight)
        return Refusal(Reason.ABSENT)
    return Waiting()


def _has_worker() -> bool:
    sign = pulse.last_signs().get(Queue.CONTENTS.value)
    return sign is not None and sign.is_recent


@dataclass(frozen=True)
class Place:
    """Where a page shows the picture of a sample."""

    sample: Sample
    size: str

    def begin(self) -> Shown:
        """Of a page that asks for nothing yet: what is in the cache, or what fetches it once it comes into view."""
        if cache().has_picture(entry_of(self.sample, self.size)):
            return self._picture()
        return {"size": self.size, "again": self._again(0), "trigger": "intersect once"}

    def shown(self, answer: Answer, tries: int) -> Shown:
        if isinstance(answer, Refusal):
            return refused(answer, self.size)
        if isinstance(answer, Picture):
            return self._picture()
        if answer.is_throttled:  # who has asked for too much waits, and does not give up
            words = gettext("Many pictures were asked for: this one comes in a minute.")
            return self._waiting(THROTTLED_SECONDS, tries) | {"words": words}
        return self._waiting(PAUSES[tries], tries + 1)

    def _picture(self) -> Shown:
        return {"size": self.size, "src": self._address("picture"), "tile": self._again(0)}

    def _waiting(self, pause: float, tries: int) -> Shown:
        return {"size": self.size, "again": self._again(tries), "trigger": f"load delay:{round(pause * 1000)}ms"}

    def _again(self, tries: int) -> str:
        return f"{self._address('tile')}?tries={tries}"

    def _address(self, name: str) -> str:
        return reverse(f"samples:{name}", args=[self.sample.dataset_id, self.sample.pk, self.size])
