"""Starting a check of predictions and metadata, and clearing away reports that nobody reads any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext

from clouds.permissions import Permission, State
from contents import tidying
from contents.annotation_reports import rows
from contents.index.queries import Look, look_at
from contents.models import AnnotationReport, IndexState, ReportDepth
from datasets.models import Dataset
from datasources.models import CheckState, Datasource, Purpose
from jobs import services as jobs
from jobs.models import OPEN_STATES, Job
from teams.models import User

# The kind of the jobs, see contents.runners. Pinned: it stands in the database.
KIND = "contents.annotations"
# What a check does with the Lightly datasource.
_NEEDED = (Permission.LIST, Permission.READ)


class Missing(StrEnum):
    """What a check can't be started without."""

    DATASOURCE = "datasource"
    GREEN_BULB = "green_bulb"
    INDEX = "index"
    INDEX_OF_THIS_PLACE = "index_of_this_place"


@dataclass(frozen=True)
class Refusal:
    """Why a check can't begin, in a sentence, and whose datasource it is about."""

    missing: Missing
    purpose: Purpose
    sentence: str

    @property
    def tab(self) -> str:
        return "lightly" if self.purpose is Purpose.LIGHTLY else "input"


class RefusedError(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


@dataclass(frozen=True)
class Looks:
    """What is known of the contents of both datasources of a dataset."""

    raw: Look
    lightly: Look

    @property
    def refusal(self) -> Refusal | None:
        """None: a check may begin."""
        for look in (self.raw, self.lightly):
            if found := _refusal(look):
                return found
        return None


def looks_at(dataset: Dataset) -> Looks:
    return Looks(look_at(dataset, Purpose.INPUT), look_at(dataset, Purpose.LIGHTLY))


def bulb_refusal(look: Look, needed: Sequence[Permission] = _NEEDED) -> Refusal | None:
    """Why nothing can be done with a datasource, as far as its bulbs tell."""
    if look.datasource is None:
        words = gettext("The %(purpose)s datasource is not connected yet.") % {"purpose": look.purpose.label}
        return Refusal(Missing.DATASOURCE, look.purpose, words)
    if look.purpose is Purpose.LIGHTLY and (words := _red_bulb(look.datasource, needed)):
        return Refusal(Missing.GREEN_BULB, look.purpose, words)
    return None


def _refusal(look: Look) -> Refusal | None:
    if found := bulb_refusal(look):
        return found
    purpose, name = look.purpose, str(look.purpose.label)
    if look.index is None:
        words = gettext("The %(purpose)s datasource is not indexed yet, so nobody knows the names of its files.")
        return Refusal(Missing.INDEX, purpose, words % {"purpose": name})
    if look.is_elsewhere:
        words = gettext("The %(purpose)s datasource leads elsewhere since it was indexed. Index it again.")
        return Refusal(Missing.INDEX_OF_THIS_PLACE, purpose, words % {"purpose": name})
    return None


def _red_bulb(datasource: Datasource, needed: Sequence[Permission]) -> str:
    """A sentence about the first right that is needed and the datasource is known to lack; else empty."""
    check = datasource.latest_check
    if check is None or check.state != CheckState.DONE:
        return ""
    for permission in needed:
        verdict = check.verdicts.get(permission)
        if verdict and verdict["state"] == State.DENIED:
            words = gettext("The bulb %(bulb)s of the Lightly datasource is red: %(summary)s. Make it green first.")
            return words % {"bulb": permission.capitalize(), "summary": verdict["summary"]}
    return ""


def start(dataset: Dataset, *, reading: ReportDepth, by: User | None) -> tuple[Job, bool]:
    """A job that checks the dataset's annotations, and True; or the one that is under way, and False.

    Raises RefusedError.
    """
    with transaction.atomic():
        # Whoever saves or indexes a datasource of this dataset waits.
        list(Datasource.objects.select_for_update(of=("self",)).filter(dataset=dataset))
        looks = looks_at(dataset)
        if refusal := looks.refusal:
            raise RefusedError(refusal)
        raw, lightly, datasource = looks.raw.index, looks.lightly.index, looks.lightly.datasource
        if not (raw and lightly and datasource and raw.completed_at and lightly.completed_at):
            raise ValueError("a current index lacks what Looks.refusal has seen")
        job, is_new = jobs.start(
            KIND,
            title=f"{dataset.name}: {datasource.get_purpose_display()}",
            subject=datasource.pk,
            team=dataset.team,
            dataset=dataset,
            by=by,
            arguments={"reading": reading.value},
        )
        if is_new:
            AnnotationReport.objects.create(
                datasource=datasource,
                job=job,
                reading=reading,
                input_index=raw.pk,
                input_seen_at=raw.completed_at,
                lightly_index=lightly.pk,
                lightly_seen_at=lightly.completed_at,
            )
    return job, is_new


def open_job(dataset: Dataset) -> Job | None:
    """The check that is under way."""
    return Job.objects.filter(dataset=dataset, kind=KIND, state__in=OPEN_STATES).first()


def tidy(seconds: float) -> bool:
    """Delete reports that were replaced, whose job ended before they were complete, or that are nobody's, with all
    their rows: for so long at most, bit by bit. True: nothing is left.
    """
    replaced = AnnotationReport.objects.filter(state=IndexState.OLD)
    nobodys = AnnotationReport.objects.filter(datasource=None)
    given_up = AnnotationReport.objects.filter(state=IndexState.BUILDING).exclude(job__state__in=OPEN_STATES)
    unread = list((replaced | nobodys | given_up).order_by("pk").values_list("pk", flat=True))
    return tidying.tidy(unread, rows.delete_some, lambda pk: AnnotationReport.objects.filter(pk=pk).delete(), seconds)
