"""Alerts without checks in clouds, for tests of what comes of them."""

from __future__ import annotations

from datasets.models import Dataset
from datasources.alerts import services as alerts
from datasources.alerts.words import permission_facts
from datasources.models import Datasource, Outcome, PermissionCheck
from datasources.transitions import AlertKind
from teams.models import User
from tests.dashboard.test_queries import make_datasets
from tests.datasources.alerts.test_alerts import VERDICTS


def raise_alerts(owner: User, count: int, kind: AlertKind = AlertKind.BROKEN) -> None:
    """Of as many new datasets of this person's."""
    start = Dataset.objects.count()
    make_datasets(owner, count, start=start)
    datasources = Datasource.objects.filter(purpose="INPUT", alerts=None).select_related("dataset__team")
    for datasource in datasources:
        facts = alerts._facts(datasource)
        facts["permissions"] = permission_facts(VERDICTS[Outcome.RED])
        alerts._raise(kind, datasource, facts, check=PermissionCheck.objects.get(pk=datasource.latest_check_id))
