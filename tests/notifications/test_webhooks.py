"""Signed webhooks, taken by a real web server."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from clouds import guard
from core import broker
from datasources import tasks
from datasources.models import Sending, Webhook, WebhookDelivery
from datasources.transitions import AlertKind
from notifications import guarded_post as outbound
from notifications import outbox as outgoing
from notifications import preferences as notifications
from notifications import webhooks
from notifications.preferences import renew_secret, save_webhook, send_test
from teams.models import Team, User
from tests.conftest import SECRET
from tests.notifications.test_mails import raise_alerts
from tests.receivers import HookReceiver
from tests.servers.certificates import Authority, self_signed_context

pytestmark = pytest.mark.django_db
DOCUMENT = Path(__file__).parents[2] / "docs" / "alerts.md"
Verify = Callable[..., Any]


@pytest.fixture
def receiver(settings: Settings) -> Iterator[HookReceiver]:
    settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS = ("127.0.0.1",)
    settings.LIGHTLY_PUBLIC_URL = "https://lightly.example.com"
    with HookReceiver() as receiver:
        yield receiver


@pytest.fixture
def secret(receiver: HookReceiver, team: Team, alice: User) -> str:
    """Of the team's webhook."""
    secret = save_webhook(team=team, url=f"{receiver.url}/hook?for=lightly", by=alice)
    assert secret
    return secret


@pytest.fixture
def verify() -> Verify:
    """The receiver's side, as docs/alerts.md tells people to write it."""
    (code,) = re.findall(r"```python\n(.+?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(code, namespace)  # noqa: S102 - that is the test
    verify: Verify = namespace["verify"]
    return verify


def deliver_all() -> None:
    for delivery_id in webhooks.due_ids():
        webhooks.deliver(delivery_id)


def later() -> None:
    WebhookDelivery.objects.filter(state=Sending.PENDING).update(next_attempt_at=timezone.now())


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
    event = verify(secret, received.headers[webhooks.SIGNATURE], received.body)
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
    assert all(f"`{event}`" in text for event in (*webhooks.EVENTS.values(), webhooks.TEST_EVENT))
    assert set(webhooks.EVENTS) == set(AlertKind)


def test_the_documented_code_refuses_what_is_not_ours(
    receiver: HookReceiver, secret: str, alice: User, verify: Verify
) -> None:
    raise_alerts(alice, 1)
    deliver_all()
    body, header = receiver.received[0].body, receiver.received[0].headers[webhooks.SIGNATURE]
    for wrong in (
        ("whsec_other", header, body),
        (secret, header, body + b" "),
        (secret, header.replace("v1=", "v1=0"), body),
        (secret, re.sub(r"t=\d+", f"t={int(time.time()) - 1}", header), body),
        (secret, webhooks.signature(secret, int(time.time()) - 3600, body), body),  # recorded, and sent again
        (secret, "", body),
        (secret, header.replace("v1=", "v1=é"), body),
    ):
        with pytest.raises(ValueError, match="signature"):
            verify(*wrong)


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
    assert sent == [(webhooks.TASK, pk)]
    assert tasks.deliver_webhook.name == webhooks.TASK
    sent.clear()
    tasks.deliver_webhooks()  # the message was lost: the sweep sends it again
    assert sent == [(webhooks.TASK, pk)]


def test_a_broker_out_of_reach_loses_nothing(
    receiver: HookReceiver,
    secret: str,
    alice: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        raise_alerts(alice, 1)  # the tests' own process has no Redis
    assert webhooks.due_ids() == [WebhookDelivery.objects.get().pk]


def test_a_task_that_runs_twice_posts_once(receiver: HookReceiver, secret: str, alice: User) -> None:
    raise_alerts(alice, 1)
    pk = WebhookDelivery.objects.get().pk
    webhooks.deliver(pk)
    webhooks.deliver(pk)
    webhooks.deliver("0" * 24)
    assert len(receiver.received) == 1


def test_two_workers_with_the_same_row_post_once(
    receiver: HookReceiver, secret: str, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_alerts(alice, 1)
    post = outbound.post

    def interrupted(*arguments: Any, **options: Any) -> int:
        webhooks.deliver(WebhookDelivery.objects.get().pk)
        return post(*arguments, **options)

    monkeypatch.setattr(outbound, "post", interrupted)
    stale = WebhookDelivery.objects.get()
    deliver_all()
    assert not webhooks._claim(stale)
    assert len(receiver.received) == 1


def test_it_is_tried_again_for_nearly_a_day(receiver: HookReceiver, secret: str, alice: User) -> None:
    receiver.answers = [500] * 99
    raise_alerts(alice, 1)
    pauses: list[timedelta] = []
    for _ in range(outgoing.MOST_ATTEMPTS):
        before = timezone.now()
        deliver_all()
        deliver_all()  # not before its pause is over
        pauses.append(WebhookDelivery.objects.get().next_attempt_at - before)
        later()
    assert [round(pause.total_seconds() / 60) for pause in pauses[:-1]] == [1, 5, 15, 60, 180, 360, 720]
    assert timedelta(hours=20) < sum(pauses[:-1], timedelta()) < timedelta(hours=24)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status, delivery.attempts) == (Sending.FAILED, 500, outgoing.MOST_ATTEMPTS)
    deliver_all()
    assert len(receiver.received) == outgoing.MOST_ATTEMPTS


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
    assert verify(secret, third.headers[webhooks.SIGNATURE], third.body)
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


def test_the_address_that_was_judged_is_the_one_connected_to(
    receiver: HookReceiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads to a public address when it is judged, and to this machine when asked again."""
    settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS = ()
    answers = ["8.8.8.8", "127.0.0.1"]
    connected: list[str] = []

    def look_up(host: str, port: int, **_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        raise OSError("no route")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(outbound.UndeliveredError, match="the connection failed"):
        outbound.post("https://rebind.example/", b"", {}, allowed_private_hosts=())
    assert connected == ["8.8.8.8"]


class TestTrouble:
    """What can go wrong on the way says so in words of our own."""

    def problem(self, url: str) -> str:
        with pytest.raises(outbound.UndeliveredError) as raised:
            outbound.post(url, b"{}", {}, allowed_private_hosts=["127.0.0.1", "localhost"])
        return str(raised.value)

    @pytest.fixture
    def silent(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        """A server that answers one byte at a time, for ever."""
        monkeypatch.setattr(outbound, "SECONDS", 0.3)
        listener = socket.create_server(("127.0.0.1", 0))
        stop = threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                for byte in b"HTTP/1.1 200 OK\r\n" + b"X-More: yes\r\n" * 1000:
                    if stop.wait(0.02):
                        return
                    try:
                        connection.sendall(bytes([byte]))
                    except OSError:  # that is what we wait for
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        stop.set()
        thread.join()
        listener.close()

    def test_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        assert self.problem(f"http://127.0.0.1:{port}/") == "the connection failed"

    def test_a_server_that_drips(self, silent: str) -> None:
        started = time.monotonic()
        assert self.problem(silent) == "no answer within 0.3 s"
        assert time.monotonic() - started < 2

    def test_a_server_that_drips_after_a_slow_connection(self, silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first of its addresses leads nowhere, so the time is over before there is a connection to hang up."""
        connect = guard.connect

        def slow(host: str, port: int, **options: Any) -> socket.socket:
            alarms = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
            for alarm in alarms:
                alarm.join()
            return connect(host, port, **options)

        monkeypatch.setattr(guard, "connect", slow)
        started = time.monotonic()
        assert self.problem(silent) == "no answer within 0.3 s"
        assert time.monotonic() - started < 2

    def test_an_unknown_name(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unknown(*_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)
        assert self.problem("https://no.such.host.example/") == "the host name is unknown"

    def test_a_certificate_nobody_trusts(self, tmp_path: Path) -> None:
        with HookReceiver(tls=self_signed_context(tmp_path)) as receiver:
            assert self.problem(receiver.url) == "no trusted TLS certificate"
            assert receiver.received == []

    def test_a_certificate_of_somebody_else(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        authority = Authority(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
        with HookReceiver(tls=authority.server_context("other.example")) as receiver:
            assert self.problem(receiver.url) == "no trusted TLS certificate"
        with HookReceiver(tls=authority.server_context()) as receiver:
            assert outbound.post(receiver.url, b"{}", {}, allowed_private_hosts=["127.0.0.1"]) == 204
            assert receiver.received[0].body == b"{}"


def test_the_secret_is_shown_once_and_sealed(receiver: HookReceiver, secret: str, team: Team, alice: User) -> None:
    assert re.fullmatch(r"whsec_[\w-]{43}", secret)
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
    assert verify(new, last.headers[webhooks.SIGNATURE], last.body)
    with pytest.raises(ValueError, match="signature"):
        verify(secret, last.headers[webhooks.SIGNATURE], last.body)


def test_a_test_is_signed_and_delivered_like_an_alert(receiver: HookReceiver, secret: str, verify: Verify) -> None:
    send_test(webhook=Webhook.objects.get())
    deliver_all()
    (received,) = receiver.received
    assert verify(secret, received.headers[webhooks.SIGNATURE], received.body)["type"] == "test"


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
    notifications.delete_webhook(webhook=Webhook.objects.get())
    assert WebhookDelivery.objects.count() == 0
