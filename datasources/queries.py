"""What the pages read of checks. The number of queries does not depend on the number of rows."""

from django.db.models import Q, QuerySet

from datasets.models import Dataset
from datasources.models import OPEN_STATES, CheckState, Outcome, PermissionCheck

# What all bulbs of a datasource say together, as filters on Datasource.
LOOKS = {
    "green": Q(latest_check__outcome=Outcome.GREEN),
    "red": Q(latest_check__outcome=Outcome.RED),
    "unknown": Q(latest_check__outcome=Outcome.UNKNOWN) | Q(latest_check__state=CheckState.EXPIRED),
    "checking": Q(latest_check__state__in=OPEN_STATES),
}


def checks_of(dataset: Dataset) -> QuerySet[PermissionCheck]:
    """All checks of the dataset's datasources, newest first."""
    return (
        PermissionCheck.objects.filter(datasource__dataset=dataset)
        .select_related("datasource", "requested_by")
        .order_by("-queued_at", "-pk")
    )
