"""Checks of annotations in real buckets of every provider."""

from __future__ import annotations

import pytest

from datasets.models import Dataset
from tests.contents.annotation_reports.support import checked, findings_of, ready, spoilt, stored_findings
from tests.servers import Cloud

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints", "sent")]


@pytest.mark.parametrize("provider", ["S3", "AZURE", "GCS", "OBS", "S3Compatible"])
def test_every_provider(clouds: dict[str, Cloud], provider: str, dataset: Dataset) -> None:
    tree = spoilt()
    ready(clouds[provider], dataset, tree)
    report = checked(dataset)
    assert stored_findings(report) == findings_of(tree.report())
    # Boxes and masks were compared with the images, which are read from the Input datasource.
    assert (report.summary["sized"], report.summary["why_unsized"]) == (8, "")
