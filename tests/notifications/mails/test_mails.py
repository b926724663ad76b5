"""Mails about alerts, taken by a real mail server."""

from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from datasets.models import Dataset
from datasources.models import Datasource
from datasources.transitions import AlertKind
from notifications import outbox
from notifications.mails import services as mails
from notifications.models import Mail, NotificationSettings, Sending
from notifications.preferences.queries import who_want_mail
from notifications.preferences.services import save_settings
from notifications.topics import mail_choices
from teams.models import Membership, User
from tests.conftest import SECRET
from tests.datasources.alerts.raising import raise_alerts
from tests.receivers import MailServer, plain_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    with MailServer() as server:
        settings.LIGHTLY_SENDS_MAIL = True
        settings.LIGHTLY_PUBLIC_URL = "https://lightly.example.com"
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 10
        settings.DEFAULT_FROM_EMAIL = "lightly@example.com"
        yield server


def parts(mail: EmailMessage) -> tuple[str, str]:
    html = mail.get_body(("html",))
    assert html is not None
    return plain_text(mail), str(html.get_content())


def later() -> None:
    """All pauses are over."""
    Mail.objects.filter(state=Sending.PENDING).update(next_attempt_at=timezone.now())


def test_a_mail_says_what_why_what_to_do_and_where(server: MailServer, alice: User) -> None:
    raise_alerts(alice, 1)
    assert mails.send_due() == 1
    ((recipients, mail),) = server.mails
    dataset = Dataset.objects.get()
    assert recipients == ["alice@example.com"]
    assert (mail["From"], mail["To"]) == ("lightly@example.com", "alice@example.com")
    assert mail["Subject"] == "dataset 00000: Read denied (Input)"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == "<https://lightly.example.com/notifications/settings/>"
    for text in parts(mail):
        for words in (
            "dataset 00000: Read denied (Input)",
            "Read: denied: s3:GetObject.",
            "The policy lacks it.",
            "Allow s3:GetObject.",
            f"https://lightly.example.com/datasets/{dataset.pk}/settings/input/",
            "https://lightly.example.com/notifications/settings/",
        ):
            assert words in text
        assert SECRET not in text
    assert mails.send_due() == 0
    assert Mail.objects.get().state == Sending.SENT


def test_many_alerts_come_in_one_mail(server: MailServer, alice: User) -> None:
    raise_alerts(alice, 500)
    assert mails.send_due() == 1
    ((_, mail),) = server.mails
    assert mail["Subject"] == "500 alerts: dataset 00000, dataset 00001 and 498 more"
    assert plain_text(mail).count("Read denied") == mails.MOST_IN_A_MAIL
    assert f"And {500 - mails.MOST_IN_A_MAIL} more: https://lightly.example.com/inbox/" in plain_text(mail)
    assert not Mail.objects.exclude(state=Sending.SENT).exists()


def test_the_number_of_queries_does_not_grow_with_the_alerts(server: MailServer, alice: User) -> None:
    def queries(count: int) -> int:
        raise_alerts(alice, count)
        with CaptureQueriesContext(connection) as captured:
            assert mails.send_due() == 1
        return len(captured)

    few = queries(2)
    assert queries(40) == few


def test_each_person_gets_their_own(server: MailServer, alice: User, bob: User) -> None:
    save_settings(user=bob, scope="TEAM", mail_choices={})
    raise_alerts(alice, 3)
    assert mails.send_due() == 2
    assert sorted(recipients for recipients, _ in server.mails) == [["alice@example.com"], ["bob@example.com"]]


def test_a_mail_server_that_is_down_loses_nothing(
    server: MailServer, alice: User, bob: User, caplog: pytest.LogCaptureFixture
) -> None:
    save_settings(user=bob, scope="TEAM", mail_choices={})
    raise_alerts(alice, 2)
    server.broken = True
    assert mails.send_due() == 0
    assert "The mail server does not take mails" in caplog.text
    # The first one noticed; the other did not wait for the same.
    assert sorted(Mail.objects.values_list("attempts", flat=True)) == [0, 0, 1, 1]
    server.broken = False
    assert mails.send_due() == 1  # the other at once
    assert mails.send_due() == 0
    later()
    assert mails.send_due() == 1
    assert len(server.mails) == 2


def test_pauses_grow_until_it_is_given_up(server: MailServer, alice: User) -> None:
    server.broken = True
    raise_alerts(alice, 1)
    pauses: list[timedelta] = []
    for _ in range(outbox.MOST_ATTEMPTS):
        before = timezone.now()
        mails.send_due()
        pauses.append(Mail.objects.get().next_attempt_at - before)
        later()
    assert [round(pause.total_seconds() / 60) for pause in pauses[:-1]] == [1, 5, 15, 60, 180, 360, 720]
    mail = Mail.objects.get()
    assert (mail.state, mail.attempts, mail.problem) == (Sending.FAILED, outbox.MOST_ATTEMPTS, "SMTPSenderRefused")
    server.broken = False
    assert mails.send_due() == 0


def test_one_mailbox_that_refuses_holds_up_nobody(
    server: MailServer, alice: User, bob: User, caplog: pytest.LogCaptureFixture
) -> None:
    save_settings(user=bob, scope="TEAM", mail_choices={})
    server.refused = {"alice@example.com"}
    raise_alerts(alice, 1)
    assert mails.send_due() == 1
    ((recipients, _),) = server.mails
    assert recipients == ["bob@example.com"]
    assert Mail.objects.get(user=alice).problem == "SMTPRecipientsRefused"
    (ours,) = [record.getMessage() for record in caplog.records if record.name == "notifications.mails.services"]
    assert ours == "A mail about alerts was refused (SMTPRecipientsRefused)"


def test_a_sweep_at_the_same_time_sends_nothing_twice(
    server: MailServer, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_alerts(alice, 2)
    composed, send = [], EmailMultiAlternatives.send

    def interrupted(mail: EmailMultiAlternatives) -> int:
        composed.append(mail)
        mails.send_due()  # while this one is on its way
        return send(mail)

    monkeypatch.setattr(EmailMultiAlternatives, "send", interrupted)
    mails.send_due()
    assert len(composed) == len(server.mails) == 1


def test_somebody_who_is_deleted_meanwhile_holds_up_nobody(
    server: MailServer, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_settings(user=bob, scope="TEAM", mail_choices={})
    raise_alerts(alice, 1)
    Mail.objects.filter(user=alice).update(next_attempt_at=timezone.now())  # bob is first
    claim = mails._claim

    def interrupted(user_id: str) -> QuerySet[Mail]:
        rows = claim(user_id)
        User.objects.filter(pk=bob.pk).delete()
        return rows

    monkeypatch.setattr(mails, "_claim", interrupted)
    assert mails.send_due() == 1
    assert [recipients for recipients, _ in server.mails] == [["alice@example.com"]]


def test_who_may_no_longer_see_it_gets_no_mail(server: MailServer, alice: User) -> None:
    raise_alerts(alice, 1)
    Membership.objects.filter(user=alice).delete()
    assert mails.send_due() == 0
    assert (Mail.objects.get().state, Mail.objects.get().problem) == (Sending.FAILED, "may no longer see it")
    assert server.mails == []


def test_what_was_deleted_meanwhile_is_left_out(server: MailServer, alice: User) -> None:
    raise_alerts(alice, 2)
    Datasource.objects.filter(dataset__name="dataset 00000").delete()
    assert mails.send_due() == 1
    ((_, mail),) = server.mails
    assert mail["Subject"] == "dataset 00001: Read denied (Input)"
    assert "dataset 00000" not in plain_text(mail)


def test_visibility_is_asked_in_parts(server: MailServer, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement takes only so many ids."""
    monkeypatch.setattr(mails, "_IDS_AT_ONCE", 2)
    raise_alerts(alice, 5)
    assert mails.send_due() == 1
    ((_, mail),) = server.mails
    assert plain_text(mail).count("Read denied") == 5


def test_without_a_mail_server_nothing_waits(settings: Settings, alice: User) -> None:
    settings.LIGHTLY_SENDS_MAIL = False
    raise_alerts(alice, 1)
    assert Mail.objects.count() == 0
    assert mails.send_due() == 0


def test_what_is_red_comes_first(server: MailServer, alice: User) -> None:
    raise_alerts(alice, 1, AlertKind.RECOVERED)
    raise_alerts(alice, 1, AlertKind.BROKEN)
    text = str(mails.compose(alice, list(Mail.objects.order_by("created_at"))).body)
    assert text.index("denied (Input)") < text.index("granted again (Input)")


def test_the_defaults_send_mails(alice: User) -> None:
    assert NotificationSettings().scope == "OWN"
    assert [choice.key for choice in mail_choices()] == [
        *("broken", "recovered", "expiring"),
        *("run-finished", "run-failed"),
    ]
    for choice in mail_choices():
        assert who_want_mail([alice], choice) == [alice]
