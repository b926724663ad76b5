"""The findings of reports by the hundred. Names of tables are this module's; all else is a parameter."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from contents import tidying
from contents.models import AnnotationFinding, AnnotationPart

AT_ONCE = 500


def replace(report_id: int, findings: Iterable[AnnotationFinding]) -> None:
    """These findings in the place of those a report has, and of what its parts have kept. Inside a transaction."""
    AnnotationFinding.objects.filter(report=report_id).delete()
    AnnotationPart.objects.filter(report=report_id).delete()
    left = iter(findings)
    while some := list(islice(left, AT_ONCE)):
        AnnotationFinding.objects.bulk_create(some)


def delete_some(report_id: int, most: int) -> int:
    """Delete up to so many rows of each table that belong to a report. How many there were."""
    tables = ("contents_annotationfinding", "contents_annotationpart", "contents_label")
    return tidying.delete_some(tables, "report_id", report_id, most)
