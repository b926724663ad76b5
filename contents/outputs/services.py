"""Starting the jobs that write into the Lightly datasource."""

from __future__ import annotations

from django.utils.translation import gettext

from contents.frames import parts as frames
from contents.frames.parts import Choice
from contents.models import FileKind
from contents.places import Hindrance, Places, places_for_thumbnails, places_of, words_of
from contents.thumbnails import parts
from datasets.models import Dataset
from jobs import services as jobs
from jobs.models import Job
from teams.models import User


class HinderedError(Exception):
    """Nothing can be written. The text is a sentence for people."""

    def __init__(self, hindrance: Hindrance) -> None:
        super().__init__(words_of(hindrance))
        self.hindrance = hindrance


def start_thumbnails(dataset: Dataset, *, by: User) -> tuple[Job, bool]:
    """A job that writes them, and True; or the one that is under way, and False. Raises HinderedError."""
    places = places_for_thumbnails(dataset)
    if isinstance(places, Hindrance):
        raise HinderedError(places)
    return jobs.start(
        parts.KIND,
        title=f"{dataset.name}: {gettext('Thumbnails')}",
        subject=places.source.pk,
        team=dataset.team,
        dataset=dataset,
        by=by,
        arguments={"paths": paths_of(places)},
        total=media_of(places),
    )


def start_frames(dataset: Dataset, choice: Choice, *, by: User) -> tuple[Job, bool]:
    """A job that writes these frames, and True; or the one that is under way, and False. Raises HinderedError."""
    places = places_of(dataset)
    if isinstance(places, Hindrance):
        raise HinderedError(places)
    return jobs.start(
        frames.KIND,
        title=f"{dataset.name}: {gettext('Frames')}",
        subject=places.source.pk,
        team=dataset.team,
        dataset=dataset,
        by=by,
        arguments={"paths": paths_of(places), "choice": choice.stored()},
        total=len(choice.videos) or kind_of(places, FileKind.VIDEO)[0],
    )


def paths_of(places: Places) -> list[str]:
    """What a job was begun with: if it is something else by now, the job ends."""
    return [places.source.path, places.target.path]


def media_of(places: Places) -> int:
    """How many images and videos the index has."""
    return kind_of(places, FileKind.IMAGE)[0] + kind_of(places, FileKind.VIDEO)[0]


def kind_of(places: Places, kind: FileKind) -> tuple[int, int]:
    """Files and bytes of a kind."""
    files, size = places.index.totals["kinds"].get(str(kind.value), [0, 0])
    return int(files), int(size)
