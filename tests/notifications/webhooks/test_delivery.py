"""Deliveries to webhooks, taken by a real web server: what arrives, and how often it is tried."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from core import broker
from datasources.alerts.topics import TOPICS
from datasources.transitions import AlertKind
from notifications import outbox, tasks, topics
from notifications.models import Sending, Webhook, WebhookDelivery
from notifications.webhooks import delivery as deliveries
from notifications.webhooks import guarded_post
from notifications.webhooks.services import DELIVER_TASK, TEST_EVENT, delete_webhook, send_test
from runs.scheduling.topics import TOPICS as OF_RUNS
from teams.models import Team, User
from tests.conftest import SECRET
from tests.datasources.alerts.raising import raise_alerts
from tests.notifications.webhooks.conftest import DOCUMENT, Verify
from tests.notifications.webhooks.sending import deliver_all, later
from tests.receivers import HookReceiver

pytestmark = pytest.mark.django_db


def test_an_alert_arrives_and_the_documented_code_verifies_it(
    receiver: HookReceiver, secret: str, alice: User, verify: Verify, team: Team
) -> None:
    raise_alerts(alice, 1)
    deliver_all()
    (received,) = receiver.received
    delivery = WebhookDelivery.objects.get()
    assert received.path == "/hook?for=lightly"
    assert received.headers["Content-Type"] == "application/json"
    assert received.headers["Lightly-Event"] == "datasource.broken"
    event = verify(secret, received.headers, received.body)
    assert event["id"] == delivery.pk
    assert event["type"] == "datasource.broken"
    assert event["team"] == {"id": team.pk, "name": "Acme Vision"}
    assert event["dataset"]["name"] == "dataset 00000"
    assert event["datasource"]["purpose"] == "INPUT"
    assert event["title"] == "dataset 00000: Read denied (Input)"
    assert [(fact["permission"], fact["state"]) for fact in event["permissions"]] == [
        ("list", "granted"),
        ("read", "denied"),
    ]
    assert event["url"].startswith("https://lightly.example.com/datasets/")
    assert SECRET not in received.body.decode()
    assert (delivery.state, delivery.status, delivery.attempts) == (Sending.SENT, 204, 1)


def test_every_field_of_the_payload_is_documented(receiver: HookReceiver, secret: str, alice: User) -> None:
    raise_alerts(alice, 1)
    deliver_all()
    text = DOCUMENT.read_text(encoding="utf-8")

    def names(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(names, value))
        return set(value).union(*map(names, value.values())) if isinstance(value, dict) else set()

    documented = json.loads(re.findall(r"```json\n(.+?)```", text, re.DOTALL)[0])
    assert names(json.loads(receiver.received[0].body)) == names(documented)
    assert all(f"`{event}`" in text for event in (*topics.events(), TEST_EVENT))
    assert set(TOPICS) == set(AlertKind)
    of_alerts = [topic.event for topic in TOPICS.values()]
    assert sorted([*of_alerts, *(topic.event for topic in OF_RUNS)]) == sorted(topics.events())


def test_it_is_handed_to_a_worker_at_once(
    receiver: HookReceiver,
    secret: str,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(broker, "send", lambda task, pk, **_: sent.append((task, pk)))
    with django_capture_on_commit_callbacks(execute=True):
        raise_alerts(alice, 1)
        assert sent == []
    pk = WebhookDelivery.objects.get().pk
    assert sent == [(DELIVER_TASK, pk)]
    assert tasks.deliver_webhook.name == DELIVER_TASK
    sent.clear()
    tasks.deliver_webhooks()  # the message was lost: the sweep sends it again
    assert sent == [(DELIVER_TASK, pk)]


def test_a_broker_out_of_reach_loses_nothing(
    receiver: HookReceiver,
    secret: str,
    alice: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        raise_alerts(alice, 1)  # the tests' own process has no Redis
    assert deliveries.due_ids() == [WebhookDelivery.objects.get().pk]


def test_a_task_that_runs_twice_posts_once(receiver: HookReceiver, secret: str, alice: User) -> None:
    raise_alerts(alice, 1)
    pk = WebhookDelivery.objects.get().pk
    deliveries.deliver(pk)
    deliveries.deliver(pk)
    deliveries.deliver("0" * 24)
    assert len(receiver.received) == 1


def test_two_workers_with_the_same_row_post_once(
    receiver: HookReceiver, secret: str, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_alerts(alice, 1)
    post = guarded_post.post

    def interrupted(*arguments: Any, **options: Any) -> int:
        deliveries.deliver(WebhookDelivery.objects.get().pk)
        return post(*arguments, **options)

    monkeypatch.setattr(guarded_post, "post", interrupted)
    stale = WebhookDelivery.objects.get()
    deliver_all()
    assert not deliveries._claim(stale)
    assert len(receiver.received) == 1


def test_it_is_tried_again_for_nearly_a_day(receiver: HookReceiver, secret: str, alice: User) -> None:
    receiver.answers = [500] * 99
    raise_alerts(alice, 1)
    pauses: list[timedelta] = []
    for _ in range(outbox.MOST_ATTEMPTS):
        before = timezone.now()
        deliver_all()
        deliver_all()  # not before its pause is over
        pauses.append(WebhookDelivery.objects.get().next_attempt_at - before)
        later()
    assert [round(pause.total_seconds() / 60) for pause in pauses[:-1]] == [1, 5, 15, 60, 180, 360, 720]
    assert timedelta(hours=20) < sum(pauses[:-1], timedelta()) < timedelta(hours=24)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status, delivery.attempts) == (Sending.FAILED, 500, outbox.MOST_ATTEMPTS)
    deliver_all()
    assert len(receiver.received) == outbox.MOST_ATTEMPTS


def test_a_receiver_that_is_back_gets_the_same_event(
    receiver: HookReceiver, secret: str, alice: User, verify: Verify
) -> None:
    receiver.answers = [503, 404]
    raise_alerts(alice, 1)
    for _ in range(3):
        deliver_all()
        later()
    first, second, third = receiver.received
    assert first.body == second.body == third.body
    assert {each.headers["webhook-id"] for each in (first, second, third)} == {WebhookDelivery.objects.get().pk}
    assert verify(secret, third.headers, third.body)
    assert WebhookDelivery.objects.get().state == Sending.SENT


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: HookReceiver, secret: str, alice: User, status: int) -> None:
    receiver.answers = [status]
    raise_alerts(alice, 1)
    deliver_all()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status, delivery.problem) == (
        Sending.PENDING,
        status,
        "redirects are not followed",
    )
    assert [received.path for received in receiver.received] == ["/hook?for=lightly"]


def test_private_addresses_are_refused_unless_allowed(
    receiver: HookReceiver, secret: str, alice: User, settings: Settings
) -> None:
    settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS = ()
    raise_alerts(alice, 1)
    deliver_all()
    assert receiver.received == []
    assert "private" in WebhookDelivery.objects.get().problem


def test_of_tests_one_waits_at_a_time(receiver: HookReceiver, secret: str) -> None:
    webhook = Webhook.objects.get()
    assert len({send_test(webhook=webhook).pk for _ in range(5)}) == 1
    deliver_all()
    send_test(webhook=webhook)
    deliver_all()
    assert len(receiver.received) == 2


def test_a_lost_encryption_key_says_so(receiver: HookReceiver, secret: str, alice: User) -> None:
    Webhook.objects.update(sealed_url="gibberish")
    raise_alerts(alice, 1)
    deliver_all()
    assert WebhookDelivery.objects.get().problem == "the stored address can't be decrypted: enter it again"


def test_a_team_without_webhook_sends_nothing(alice: User) -> None:
    raise_alerts(alice, 1)
    assert WebhookDelivery.objects.count() == 0


def test_a_removed_webhook_takes_along_what_waits(receiver: HookReceiver, secret: str, alice: User) -> None:
    raise_alerts(alice, 1)
    delete_webhook(webhook=Webhook.objects.get())
    assert WebhookDelivery.objects.count() == 0
