"""What was told long ago is forgotten, so that tables stay bounded."""

from datetime import timedelta

from django.utils import timezone

from notifications.models import Mail, Notice, Sending, WebhookDelivery

NOTICES = timedelta(days=90)
DELIVERIES = timedelta(days=30)


def prune() -> None:
    now = timezone.now()
    Notice.objects.filter(created_at__lt=now - NOTICES).delete()
    Mail.objects.exclude(state=Sending.PENDING).filter(finished_at__lt=now - DELIVERIES).delete()
    WebhookDelivery.objects.exclude(state=Sending.PENDING).filter(finished_at__lt=now - DELIVERIES).delete()
