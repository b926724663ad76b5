"""What was told long ago is forgotten."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications import tasks
from notifications.models import Mail, Notice, Sending, WebhookDelivery
from notifications.webhooks.services import save_webhook
from teams.models import Team, User
from tests.notifications.notices import notices

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent")]


def test_notices_are_kept_for_90_days(alice: User) -> None:
    old, young = notices(alice, 2)
    Notice.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=91))
    Notice.objects.filter(pk=young.pk).update(created_at=timezone.now() - timedelta(days=89))
    tasks.prune_notices()
    assert list(Notice.objects.all()) == [young]


def test_mails_and_deliveries_are_kept_for_30_days_after_their_end(alice: User, team: Team) -> None:
    save_webhook(team=team, url="https://hooks.example.com/lightly", by=alice)
    now = timezone.now()
    ends = [
        ("old", Sending.SENT, now - timedelta(days=31)),
        ("given-up", Sending.FAILED, now - timedelta(days=31)),
        ("young", Sending.SENT, now - timedelta(days=29)),
        ("waits", Sending.PENDING, None),
    ]
    for key, state, finished_at in ends:
        Mail.objects.create(user=alice, key=key, topic="x", state=state, finished_at=finished_at)
        WebhookDelivery.objects.create(
            webhook=team.webhook, key=key, event="x", body="{}", state=state, finished_at=finished_at
        )
    tasks.prune_notices()
    for model in (Mail, WebhookDelivery):
        assert sorted(model._default_manager.values_list("key", flat=True)) == ["waits", "young"]
