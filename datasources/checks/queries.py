"""What the pages read of checks. The number of queries does not depend on the number of rows."""

from django.db.models import QuerySet

from datasets.models import Dataset
from datasources.models import PermissionCheck


def checks_of(dataset: Dataset) -> QuerySet[PermissionCheck]:
    """All checks of the dataset's datasources, newest first."""
    return (
        PermissionCheck.objects.filter(datasource__dataset=dataset)
        .select_related("datasource", "requested_by")
        .order_by("-queued_at", "-pk")
    )
