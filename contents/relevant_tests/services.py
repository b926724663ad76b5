"""Tests of relevant filenames files: started by a page, made by a worker, kept until the same person makes another."""

from __future__ import annotations

import zlib
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from contents.annotation_reports.services import bulb_refusal
from contents.index.queries import look_at
from contents.listing.folder import LIGHTLY_FOLDER
from contents.listing.relevant_filenames import is_clean
from contents.models import RelevantTest
from datasets.models import Dataset
from datasources.models import Purpose
from jobs import services as jobs
from jobs.models import Job
from teams.models import User

# The kind of the jobs, see contents.runners. Pinned: it stands in the database.
KIND = "contents.relevant"
MOST_PASTED_BYTES = 1_000_000
LONGEST_NAME = 900
KEPT = timedelta(days=7)


class RefusedError(Exception):
    """Why there can be no test, in a sentence. `field`: which one of the form is at fault; empty: none."""

    def __init__(self, sentence: str, *, field: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


def start(dataset: Dataset, *, by: User, path: str = "", text: str = "") -> tuple[Job, bool]:
    """A job that tests a file of the Lightly datasource, or else this text; or the one of theirs that is under way.

    Raises RefusedError.
    """
    pasted = text.encode("utf-8", "replace")
    if path:
        _must_be_a_name(path)
    elif not pasted.strip():
        raise RefusedError(gettext("Choose a file, or paste its lines."), field="path")
    elif len(pasted) > MOST_PASTED_BYTES:
        words = gettext("This is more than 1 MB. Upload the file to the Lightly datasource, and choose it here.")
        raise RefusedError(words, field="text")
    raw = look_at(dataset, Purpose.INPUT)
    if raw.index is None or raw.index.completed_at is None:
        raise RefusedError(gettext("The Input datasource is not indexed yet, so nobody knows the names of its files."))
    if path and (refusal := bulb_refusal(look_at(dataset, Purpose.LIGHTLY))):
        raise RefusedError(refusal.sentence, field="path")
    nameless = gettext("a pasted text")
    with transaction.atomic():
        job, is_new = jobs.start(
            KIND,
            title=f"{dataset.name}: {path or nameless}",
            subject=f"{dataset.pk}:{by.pk}",
            team=dataset.team,
            dataset=dataset,
            by=by,
        )
        if is_new:
            RelevantTest.objects.filter(dataset=dataset, asked_by=by).delete()
            RelevantTest.objects.create(
                dataset=dataset,
                asked_by=by,
                job=job,
                path=path,
                text=b"" if path else pasted,
                input_index=raw.index.pk,
                input_seen_at=raw.index.completed_at,
            )
    return job, is_new


def _must_be_a_name(path: str) -> None:
    """Of a file below .lightly/. Raises RefusedError."""
    if not path.startswith(LIGHTLY_FOLDER) or not is_clean(path) or not path.isprintable() or len(path) > LONGEST_NAME:
        words = gettext("Relevant filenames files are read below .lightly/ only. For example: .lightly/relevant.txt")
        raise RefusedError(words, field="path")


def newest(dataset: Dataset, person: User) -> RelevantTest | None:
    return RelevantTest.objects.filter(dataset=dataset, asked_by=person).select_related("job").first()


def corrected(test: RelevantTest) -> bytes:
    return zlib.decompress(bytes(test.corrected)) if test.corrected else b""


def tidy() -> None:
    """Nobody looks at old ones any more."""
    RelevantTest.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
