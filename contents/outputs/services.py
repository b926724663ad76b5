"""Starting the jobs that write into the Lightly datasource."""

from __future__ import annotations

from django.utils.translation import gettext

from contents.models import FileKind
from contents.places import Hindrance, Places, places_for_thumbnails, words_of
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


def paths_of(places: Places) -> list[str]:
    """What a job was begun with: if it is something else by now, the job ends."""
    return [places.source.path, places.target.path]


def media_of(places: Places) -> int:
    """How many images and videos the index has."""
    kinds = places.index.totals["kinds"]
    return sum(int(kinds.get(str(kind.value), [0])[0]) for kind in (FileKind.IMAGE, FileKind.VIDEO))
