"""What was found long ago is forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from datasources import tasks
from datasources.checks import pruning
from datasources.models import Alert, CheckState, PermissionCheck
from teams.models import User
from tests.datasources.alerts.raising import raise_alerts

pytestmark = pytest.mark.django_db


def test_old_alerts_and_checks_are_forgotten(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "KEPT_PER_DATASOURCE", 3)
    monkeypatch.setattr(pruning, "BATCH", 4)
    raise_alerts(alice, 2)
    gone, kept = Alert.objects.order_by("pk")
    Alert.objects.filter(pk=gone.pk).update(created_at=timezone.now() - timedelta(days=91))
    datasource = kept.datasource
    for number in range(12):
        PermissionCheck.objects.create(
            datasource=datasource,
            revision=0,
            provider="S3",
            path="s3://b/",
            state=CheckState.QUEUED if number == 11 else CheckState.DONE,
            queued_at=timezone.now() - timedelta(hours=number + 1),
        )
    tasks.prune()
    assert list(Alert.objects.all()) == [kept]
    left = list(datasource.checks.order_by("-queued_at").values_list("state", flat=True))
    assert left == ["DONE"] * (1 + 3) + ["QUEUED"]  # the one that is shown and the one that is open don't count
    datasource.refresh_from_db()
    assert datasource.latest_check is not None
