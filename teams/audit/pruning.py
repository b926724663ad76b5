"""The only way out of the log: entries that are older than the operator keeps them."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from teams.actions import AuditAction
from teams.audit.services import record_for_person
from teams.models import ApiToken, AuditEntry

# At once: a deletion holds locks.
BATCH = 1000


def prune() -> int:
    """Delete what is older than LIGHTLY_AUDIT_RETENTION_DAYS. Returns how many entries that was."""
    before = timezone.now() - timedelta(days=settings.LIGHTLY_AUDIT_RETENTION_DAYS)
    old = AuditEntry.objects.filter(created_at__lt=before).order_by("created_at", "pk")
    count = 0
    while some := list(old.values_list("pk", flat=True)[:BATCH]):
        # Django's own deletion, as the log's refuses.
        count += QuerySet.delete(AuditEntry.objects.filter(pk__in=some))[0]
    return count


def note_expired_tokens() -> int:
    """Write to the log which API tokens have ended by themselves, each once. Returns how many."""
    ended = ApiToken.objects.filter(expires_at__lte=timezone.now(), revoked_at=None, expiry_noted=False)
    count = 0
    for token in list(ended.select_related("user").order_by("expires_at")[:BATCH]):
        with transaction.atomic():
            # Who marks the row writes the entry.
            if ApiToken.objects.filter(pk=token.pk, expiry_noted=False).update(expiry_noted=True):
                target = f"{token.name} of {token.user.get_full_name()}"
                record_for_person(user=token.user, action=AuditAction.TOKEN_EXPIRED, target=target, is_known=False)
                count += 1
    return count
