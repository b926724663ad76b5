"""What was found long ago is forgotten, so that tables stay bounded."""

from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from datasources import states
from datasources.checks.lifecycle import KEPT_PER_DATASOURCE
from datasources.models import OPEN_STATES, Alert, Datasource, GrantLink, PermissionCheck

ALERTS = timedelta(days=90)
# At once: a deletion holds locks.
BATCH = 1000


def prune() -> None:
    Alert.objects.filter(created_at__lt=timezone.now() - ALERTS).delete()
    GrantLink.objects.filter(expires_at__lt=timezone.now()).delete()
    while _forget_checks():
        pass
    states.repair()


def _forget_checks() -> int:
    """Of those that nobody sees or waits for. Saves tidy up after themselves, the schedule leaves it to us."""
    rank = Window(RowNumber(), partition_by=[F("datasource")], order_by=[F("queued_at").desc(), F("pk").desc()])
    ranked = PermissionCheck.objects.annotate(rank=rank).filter(rank__gt=KEPT_PER_DATASOURCE)
    shown = Exists(Datasource.objects.filter(latest_check=OuterRef("pk")))
    surplus = list(ranked.exclude(state__in=OPEN_STATES).exclude(shown).values_list("pk", flat=True)[:BATCH])
    PermissionCheck.objects.filter(pk__in=surplus).exclude(state__in=OPEN_STATES).delete()
    return len(surplus)
