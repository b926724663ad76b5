"""Selects among the samples that a dataset has, and makes a tag of them, for runs.sampling.

Between slices the state stays on the disk of the machine: another one that takes over begins anew, which takes time
and changes nothing about the result. So nothing but the right to read is needed.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.utils.translation import gettext

from jobs.models import Job
from jobs.runners import JobError, Slice, Step
from runs.sampling import Method
from runs.selection.choosing import Chooser
from runs.selection.config import Diversity, Random, Scores, Selection, Strategy, Weights
from runs.selection.samples import Floats, Samples, UnusableInputError
from runs.selection.state import State, UnusableStateError
from runs.worker import disk
from runs.worker.choosing.held import fetch_one, vectors_of
from runs.worker.embedding.matrix import Matrix
from samples import masks
from samples.models import Embedding, Tag
from samples.queries import values_at
from samples.tags import services
from samples.tags.errors import TagError

SPARE_SECONDS = 10.0
LEAST_SECONDS = 2.0
# With less time left, the selection is opened by the next slice.
LEFT_TO_BEGIN = 30.0


@dataclass(frozen=True)
class _Given:
    """What the job was asked, read again in each slice. `held` are positions of preselected samples."""

    job: Job
    query: Tag
    preselected: Tag | None
    candidates: list[int]
    held: list[int]

    @property
    def arguments(self) -> dict[str, Any]:
        found: dict[str, Any] = self.job.arguments
        return found

    @property
    def method(self) -> Method:
        return Method(self.arguments["method"])


def sample_some(this: Slice) -> Step:
    """Chooses for a while; the last slice makes the tag. Raises JobError."""
    given = _given(this.job)
    folder = Path(settings.LIGHTLY_RUNS_DIR) / this.job.pk
    if not _is_fetched(given, this, folder):
        return Step(this.cursor, is_last=False)
    try:
        chooser = Chooser(
            _selection(given),
            _samples(given, folder),
            seed=int(this.job.pk, 16),
            unit_length=False,
            state=_state(folder),
        )
        is_last = chooser.advance(seconds=max(LEAST_SECONDS, this.seconds_left - SPARE_SECONDS))
    except UnusableInputError as error:
        raise JobError(str(error), is_final=True) from None
    except UnusableStateError:  # the tags or the embedding have changed, or the release has
        disk.remove(folder)
        return Step(this.cursor, is_last=False)
    done, wanted = chooser.progress
    counts = {"done": f"{done:,}", "total": f"{wanted:,}"}
    message = gettext("Selected %(done)s of %(total)s") % counts
    if not is_last:
        _keep(folder, chooser.state.to_bytes())
        return Step(this.cursor, is_last=False, message=message)
    disk.remove(folder)
    added = [given.candidates[row] for row in chooser.chosen]
    bits = masks.of_positions([*added, *given.held])
    return Step(this.cursor, is_last=True, done=done, message=message, store=partial(_store, given, bits))


def _given(job: Job) -> _Given:
    asked = job.arguments
    query = Tag.objects.filter(dataset=job.dataset_id, pk=asked["query"]).first()
    preselected = Tag.objects.filter(dataset=job.dataset_id, pk=asked["preselected"]).first()
    if query is None or (asked["preselected"] and preselected is None):
        raise JobError(gettext("The tag was deleted."), is_final=True)
    held = masks.positions_in(preselected.bits) if preselected else []
    chosen = set(held)
    candidates = [position for position in masks.positions_in(query.bits) if position not in chosen]
    return _Given(job, query, preselected, candidates, list(held))


def _selection(given: _Given) -> Selection:
    asked = given.arguments
    strategies: list[Strategy] = []
    if given.method.is_diverse:
        strategies.append(Diversity(minimum_distance=asked["minimum_distance"]))
    # The geometric mean of all scores, so that several of them count no more than one.
    strength = 1.0 / max(1, len(asked["score_types"]))
    strategies += [Weights(Scores("", each), strength=strength) for each in asked["score_types"]]
    if given.method is Method.RANDOM:
        strategies.append(Weights(Random()))
    count = len(given.candidates) if asked["count"] is None else asked["count"]
    return Selection(tuple(strategies), count=min(count, len(given.candidates)))


def _is_fetched(given: _Given, this: Slice, folder: Path) -> bool:
    """Whether the vectors lie on this machine's disk, with time left to use them."""
    if not given.method.is_diverse:
        return True
    embedding = _embedding(given)
    has_all = fetch_one(embedding.dataset, embedding, folder, lambda: this.seconds_left > SPARE_SECONDS)
    return has_all and this.seconds_left > LEFT_TO_BEGIN


def _embedding(given: _Given) -> Embedding:
    rows = Embedding.objects.select_related("dataset")
    found = rows.filter(dataset=given.job.dataset_id, pk=given.arguments["embedding"]).first()
    if found is None:
        raise JobError(gettext("The embedding was deleted."), is_final=True)
    return found


def _samples(given: _Given, folder: Path) -> Samples:
    dataset = given.job.dataset
    assert dataset is not None  # noqa: S101 - jobs go with their datasets
    names = [name for (name,) in values_at(dataset.pk, given.candidates, "file_name")]
    names += [name for (name,) in values_at(dataset.pk, given.held, "file_name")]
    vectors = None
    if given.method.is_diverse:
        vectors = Matrix.of(vectors_of(dataset, _embedding(given), names, folder))
    return Samples(
        names=names,
        preselected=np.arange(len(names)) >= len(given.candidates),
        embeddings=vectors,
        numbers={Scores("", each): _scores(given, each) for each in given.arguments["score_types"]},
    )


def _scores(given: _Given, score_type: str) -> Floats:
    """Of candidates and preselected samples; NaN for those that the query tag does not have."""
    stored = given.query.scores.filter(score_type=score_type).first()
    if stored is None or len(stored.scores) != given.query.size:
        words = gettext("The scores %(name)s do not fit the samples of the tag any more. Upload them again.")
        raise JobError(words % {"name": score_type}, is_final=True)
    known = dict(zip(masks.positions_in(given.query.bits), stored.scores, strict=True))
    return np.array([known.get(each, float("nan")) for each in (*given.candidates, *given.held)], np.float64)


def _state(folder: Path) -> State | None:
    with contextlib.suppress(FileNotFoundError):
        return State.from_bytes((folder / "state.npz").read_bytes())
    return None


def _keep(folder: Path, content: bytes) -> None:
    """Another process of this machine may go on with it."""
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"state-{os.getpid()}.npz"
    written.write_bytes(content)
    written.replace(folder / "state.npz")


def _store(given: _Given, bits: bytes) -> None:
    """Raises JobError."""
    job, dataset = given.job, given.job.dataset
    assert dataset is not None  # noqa: S101
    try:
        tag = services.create(
            dataset,
            name=given.arguments["name"],
            bits=bits,
            previous=given.query if given.preselected is None else None,
            by=job.requested_by,
            creator=f"SAMPLER_{given.method.value}",
            query_tag_id=given.query.pk,
            preselected_tag_id=given.preselected.pk if given.preselected else "",
            change={"sampler": {"method": given.method.value}},
        )
    except TagError as error:
        raise JobError(error.words, is_final=True) from None
    Job.objects.filter(pk=job.pk).update(arguments=job.arguments | {"tag": tag.pk})
