"""What pages and the REST API read of a report. Findings are read by their numbers, not by their place in a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from contents.annotation_reports.services import KIND, Looks, looks_at
from contents.annotations.rules import Severity
from contents.models import AnnotationFinding, AnnotationReport, IndexState
from datasets.models import Dataset
from jobs.models import Job

_SEVERITIES = {severity.value: number for number, severity in enumerate(Severity)}
SEVERITIES = list(Severity)


@dataclass(frozen=True)
class Standing:
    """What is known of a dataset's annotations.

    `report` is the one to read; `job` the newest that makes, or made, one.
    """

    looks: Looks
    report: AnnotationReport | None
    job: Job | None

    @property
    def is_checking(self) -> bool:
        return bool(self.job and self.job.is_open)

    @property
    def is_outdated(self) -> bool:
        """Whether one of the datasources was listed again since."""
        if self.report is None:
            return False
        known = (self.report.input_index, self.report.lightly_index)
        now = [look.index.pk if look.index else 0 for look in (self.looks.raw, self.looks.lightly)]
        return any(one and one != other for one, other in zip(now, known, strict=True))


def standing_of(dataset: Dataset) -> Standing:
    looks = looks_at(dataset)
    datasource = looks.lightly.datasource
    if datasource is None:
        return Standing(looks, None, None)
    report = AnnotationReport.objects.filter(datasource=datasource, state=IndexState.CURRENT).first()
    jobs = Job.objects.filter(dataset=dataset, kind=KIND, subject=datasource.pk)
    return Standing(looks, report, jobs.order_by("-created_at", "-pk").first())


class Filters(NamedTuple):
    """Empty ones let everything through."""

    severity: str = ""
    rule: str = ""
    task: str = ""


def findings_after(
    report: AnnotationReport, after: int = 0, *, limit: int, filters: Filters | None = None
) -> list[AnnotationFinding]:
    """Up to `limit` findings whose numbers come after `after`."""
    found = AnnotationFinding.objects.filter(report=report.pk, number__gt=after)
    severity, rule, task = filters or Filters()
    if severity:
        found = found.filter(severity=_SEVERITIES[severity])
    if rule:
        found = found.filter(rule=rule)
    if task:
        found = found.filter(task=task)
    return list(found.order_by("number")[:limit])
