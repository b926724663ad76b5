"""Gives the picture of a file, or has a worker make it: bounded, and never in a web process."""

from __future__ import annotations

from dataclasses import dataclass

from contents.thumbnails.cache import Picture, Refusal, Started
from contents.thumbnails.files import PREVIEW_SIDE, TILE_SIDE, Listed, cache, refusal_of, stored_name
from contents.thumbnails.reasons import Reason
from core import broker, pulse
from core.queues import Queue
from core.web import throttle
from teams.models import User

# How many files one person may have read in a datasource within a minute.
MOST_READS = 240
# So long a file that was asked for is not asked for again.
IN_FLIGHT_SECONDS = 60
TASKS = {TILE_SIDE: "contents.tasks.make_thumbnail", PREVIEW_SIDE: "contents.tasks.make_preview"}


@dataclass(frozen=True)
class Waiting:
    """It is being made. `is_throttled`: it is not, because this person has asked for too many in this minute."""

    is_throttled: bool = False


Answer = Picture | Refusal | Waiting


def picture_of(listed: Listed, longest_side: int, *, by: User) -> Answer:
    """Gives what is there, or asks a worker for it."""
    if refusal := refusal_of(listed):
        return refusal
    name = stored_name(listed, longest_side)
    found = cache().read(name)
    if isinstance(found, Picture | Refusal):
        return found
    return Waiting() if isinstance(found, Started) else ask(listed, TASKS[longest_side], name, by=by)


def ask(listed: Listed, task: str, name: str, *more: str, by: User) -> Waiting | Refusal:
    """Have a worker make the entry of this name in the cache. Tasks take ids of index and file, and more."""
    ids = (str(listed.index.pk), str(listed.file.pk), *more)
    return ask_for(name, task, *ids, budget=f"thumbnails:{by.pk}:{listed.datasource.pk}")


def ask_for(name: str, task: str, *ids: str, budget: str) -> Waiting | Refusal:
    """The same for a task with these ids. `budget`: what counts what this person has asked for in a minute."""
    in_flight = f"thumbnail:{name}"
    if throttle.count(in_flight, IN_FLIGHT_SECONDS) > 1:
        return Waiting() if _has_worker() else Refusal(Reason.ABSENT)
    if throttle.count(budget) > MOST_READS:
        throttle.forget(in_flight)
        return Waiting(is_throttled=True)
    if not broker.send(task, *ids, queue=Queue.CONTENTS):
        throttle.forget(in_flight)
        return Refusal(Reason.ABSENT)
    return Waiting()


def _has_worker() -> bool:
    sign = pulse.last_signs().get(Queue.CONTENTS.value)
    return sign is not None and sign.is_recent
