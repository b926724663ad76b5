"""Selections among the samples that a dataset has: `selection()` of the official clients, which is deprecated there.

Light: the web process starts the job, runs.worker.choosing.sampling does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext

from datasets.models import Dataset
from jobs import services
from jobs.models import Job
from samples import masks
from samples.models import INITIAL_TAG, Embedding, Tag
from samples.names import is_tag_name
from samples.queries import initial_tag_of
from samples.tags import errors
from teams.models import User

# Of the runner in runs/runners.py.
KIND = "samples.sampling"


class Method(StrEnum):
    """As the official client spells them."""

    ACTIVE_LEARNING = "ACTIVE_LEARNING"
    CORAL = "CORAL"
    CORESET = "CORESET"
    RANDOM = "RANDOM"

    @property
    def is_diverse(self) -> bool:
        return self in {Method.CORAL, Method.CORESET}

    @property
    def uses_scores(self) -> bool:
        return self in {Method.ACTIVE_LEARNING, Method.CORAL}


class SamplingError(Exception):
    """`code` is one of the official client's ApiErrorCode, `words` are for people."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.code = code
        self.words = words


@dataclass(frozen=True)
class Wish:
    """`samples`: how many the new tag shall have, with those of `preselected`; below 1 a share of `query`; 0 or less:
    as many as `minimum_distance` allows. `query`: None for all samples. `score_type`: empty for all scores of `query`.
    """

    name: str
    method: Method
    samples: float
    minimum_distance: float
    query: Tag | None = None
    preselected: Tag | None = None
    score_type: str = ""


def begin(dataset: Dataset, embedding: Embedding, wish: Wish, *, by: User) -> Job:
    """The job that makes the tag. Raises SamplingError and TagError."""
    query = wish.query or initial_tag_of(dataset)
    if query is None:
        raise errors.no_samples()
    _check_name(dataset, wish.name)
    arguments = {
        "name": wish.name,
        "method": wish.method.value,
        "query": query.pk,
        "preselected": wish.preselected.pk if wish.preselected else "",
        "embedding": embedding.pk,
        "count": _count(wish, query),
        "minimum_distance": _distance(wish),
        "score_types": _score_types(wish, query),
    }
    if wish.method.is_diverse and not embedding.is_processed:
        words = gettext("The file of the embedding %(name)s is not written yet.") % {"name": embedding.name}
        raise SamplingError(400, "EMBEDDING_NOT_READY", words)
    title = gettext("Select samples of %(dataset)s") % {"dataset": dataset.name}
    job, _ = services.start(KIND, title=title, team=dataset.team, dataset=dataset, by=by, arguments=arguments)
    return job


def _check_name(dataset: Dataset, name: str) -> None:
    if not is_tag_name(name):
        raise errors.bad_name()
    if name == INITIAL_TAG or Tag.objects.filter(dataset=dataset, name=name).exists():
        raise errors.taken_name(name)


def _count(wish: Wish, query: Tag) -> int | None:
    """How many samples are to be added to the preselected ones. None: as many as there are."""
    if wish.samples <= 0:
        if wish.minimum_distance > 0:
            return None
        words = gettext("Say in config.stoppingCondition how many samples you want (nSamples), or how far apart.")
        raise SamplingError(400, "MALFORMED_REQUEST", words)
    total = round(wish.samples * query.size) if wish.samples < 1 else int(wish.samples)
    held = wish.preselected.size if wish.preselected else 0
    if total <= held:
        words = gettext("nSamples counts the samples of the preselected tag, which has %(held)s already: ask for more.")
        raise SamplingError(400, "MALFORMED_REQUEST", words % {"held": f"{held:,}"})
    bits = masks.difference(query.bits, wish.preselected.bits) if wish.preselected else query.bits
    if not masks.size_of(bits):
        words = gettext("The tag %(name)s has no samples that could be selected.") % {"name": query.name}
        raise SamplingError(400, "MALFORMED_REQUEST", words)
    return total - held


def _distance(wish: Wish) -> float | None:
    if wish.minimum_distance <= 0:
        return None
    if not wish.method.is_diverse:
        words = gettext("minDistance works with the methods CORESET and CORAL only.")
        raise SamplingError(400, "MALFORMED_REQUEST", words)
    return wish.minimum_distance


def _score_types(wish: Wish, query: Tag) -> list[str]:
    """Which scores of the query tag count."""
    if not wish.method.uses_scores:
        return []
    known = list(query.scores.order_by("score_type").values_list("score_type", flat=True))
    found = [each for each in known if each == wish.score_type] if wish.score_type else known
    if not found:
        words = gettext("The tag %(name)s has no such active learning scores. Upload them first (upload_scores).")
        raise SamplingError(400, "TAG_NO_SCORES_AVAILABLE", words % {"name": query.name})
    return found
