"""Signatures of real deliveries, verified with the code of docs/alerts.md, which uses the library of the standard."""

import base64
import re
import time

import pytest
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from core.crypto import seal
from notifications.models import Webhook
from notifications.webhooks import signatures
from notifications.webhooks.services import renew_secret, save_webhook, send_test
from teams.models import Team, User
from tests.datasources.alerts.raising import raise_alerts
from tests.notifications.webhooks.conftest import Verify
from tests.notifications.webhooks.sending import deliver_all, later
from tests.receivers import HookReceiver, Received

pytestmark = pytest.mark.django_db
# As release 0.2 made them: safe in URLs, without padding.
OLD_SECRET = "whsec_-_v5aJ4JmbXq-M0yq0yHkWvYvE6tWzr_1kqN2h1y-8A"


@pytest.fixture
def received(receiver: HookReceiver, secret: str, alice: User) -> Received:
    """A delivery of an alert."""
    raise_alerts(alice, 1)
    deliver_all()
    return receiver.received[0]


def test_the_library_accepts_a_delivery(received: Received, secret: str, verify: Verify) -> None:
    event = verify(secret, received.headers, received.body)
    assert event["type"] == "datasource.broken"
    assert received.headers["webhook-id"] == event["id"]
    assert abs(time.time() - int(received.headers["webhook-timestamp"])) < 60


def test_the_library_refuses_what_is_not_ours(received: Received, secret: str, verify: Verify) -> None:
    headers, body = received.headers, received.body
    sent_at, an_hour_ago = int(headers["webhook-timestamp"]), int(time.time()) - 3600
    other = signatures.new_secret()
    for wrong_secret, wrong_headers, wrong_body in (
        (other, headers, body),
        (secret, headers, body + b" "),
        (secret, headers, body.replace(b"denied", b"granted")),
        (secret, headers | {"webhook-id": "0" * 24}, body),
        (secret, headers | {"webhook-timestamp": str(sent_at - 1)}, body),
        (secret, headers | {"webhook-timestamp": str(an_hour_ago)}, body),
        # Recorded, and sent again: correctly signed, but long ago.
        (secret, headers | signatures.headers(secret, headers["webhook-id"], an_hour_ago, body), body),
        (secret, headers | signatures.headers(other, headers["webhook-id"], sent_at, body), body),
        (secret, {name: value for name, value in headers.items() if name != "webhook-signature"}, body),
    ):
        with pytest.raises(WebhookVerificationError):
            verify(wrong_secret, wrong_headers, wrong_body)


def test_every_attempt_has_the_same_id(receiver: HookReceiver, secret: str, alice: User, verify: Verify) -> None:
    receiver.answers = [500, 500]
    raise_alerts(alice, 1)
    for _ in range(3):
        deliver_all()
        later()
    events = [verify(secret, received.headers, received.body) for received in receiver.received]
    assert len(events) == 3
    assert {received.headers["webhook-id"] for received in receiver.received} == {events[0]["id"]}


def test_the_old_header_is_still_there(received: Received, secret: str, verify_old: Verify) -> None:
    body, header = received.body, received.headers["Lightly-Signature"]
    assert verify_old(secret, header, body)["type"] == "datasource.broken"
    for wrong in (
        ("whsec_other", header, body),
        (secret, header, body + b" "),
        (secret, header.replace("v1=", "v1=0"), body),
        (secret, re.sub(r"t=\d+", f"t={int(time.time()) - 1}", header), body),
        (secret, signatures.old_signature(secret, int(time.time()) - 3600, body), body),  # recorded, and sent again
        (secret, "", body),
        (secret, header.replace("v1=", "v1=é"), body),
    ):
        with pytest.raises(ValueError, match="signature"):
            verify_old(*wrong)


def test_a_secret_of_an_older_release_serves_both(
    receiver: HookReceiver, secret: str, alice: User, verify: Verify, verify_old: Verify
) -> None:
    Webhook.objects.update(sealed_secret=seal(OLD_SECRET))
    raise_alerts(alice, 1)
    deliver_all()
    (received,) = receiver.received
    assert verify_old(OLD_SECRET, received.headers["Lightly-Signature"], received.body)
    # As docs/alerts.md tells people to spell it for the libraries.
    spelled = "whsec_" + OLD_SECRET.removeprefix("whsec_").replace("-", "+").replace("_", "/")
    assert verify(spelled, received.headers, received.body)
    assert verify(signatures.standard_spelling(OLD_SECRET), received.headers, received.body)
    with pytest.raises(WebhookVerificationError):  # the library skips what it can't read
        verify(OLD_SECRET, received.headers, received.body)


def test_any_secret_makes_the_signature_of_the_library() -> None:
    for _ in range(50):
        secret = signatures.new_secret()
        assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
        assert signatures.standard_spelling(secret) == secret
        made = signatures.headers(secret, "some-id", int(time.time()), b'{"a": "\xc3\xa9"}')
        assert Verifier(secret).verify(b'{"a": "\xc3\xa9"}', made) == {"a": "é"}


def test_the_secret_is_shown_once_and_sealed(receiver: HookReceiver, secret: str, team: Team, alice: User) -> None:
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    webhook = Webhook.objects.get()
    assert (webhook.secret, webhook.url) == (secret, f"{receiver.url}/hook?for=lightly")
    stored = " ".join(str(field.value_from_object(webhook)) for field in webhook._meta.concrete_fields)
    assert secret not in stored
    assert "hook?for" not in stored
    assert save_webhook(team=team, url="https://elsewhere.example.com/", by=alice) is None
    assert Webhook.objects.get().secret == secret


def test_a_new_secret_signs_what_waits(receiver: HookReceiver, secret: str, alice: User, verify: Verify) -> None:
    receiver.answers = [500]
    raise_alerts(alice, 1)
    deliver_all()
    new = renew_secret(webhook=Webhook.objects.get(), by=alice)
    later()
    deliver_all()
    last = receiver.received[-1]
    assert new != secret
    assert verify(new, last.headers, last.body)
    with pytest.raises(WebhookVerificationError):
        verify(secret, last.headers, last.body)


def test_a_test_is_signed_and_delivered_like_an_alert(receiver: HookReceiver, secret: str, verify: Verify) -> None:
    send_test(webhook=Webhook.objects.get())
    deliver_all()
    (received,) = receiver.received
    assert verify(secret, received.headers, received.body)["type"] == "test"
