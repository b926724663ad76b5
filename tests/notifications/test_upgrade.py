"""From the database of release 0.2: every row is still there, and what waited to be sent is sent, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core import mail
from django.db import IntegrityError, connections, transaction
from django.db.models import Model, UniqueConstraint
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings

from core.crypto import seal
from notifications.mails import services as mails
from notifications.models import Mail, Notice, NotificationSettings, Sending, Webhook, WebhookDelivery
from teams.models import User
from tests.notifications.webhooks.conftest import documented
from tests.notifications.webhooks.sending import deliver_all, later
from tests.receivers import HookReceiver
from tests.upgrading import ALIAS, OldDatabase

pytestmark = pytest.mark.django_db

RELEASE = (
    ("teams", "0005_teams_and_invitations"),
    ("datasets", "0004_dataset_read_url_version"),
    ("datasources", "0006_check_indexes"),
)
SECRET = "whsec_-_v5aJ4JmbXq-M0yq0yHkWvYvE6tWzr_1kqN2h1y-8A"
URL = "https://hooks.example.com/lightly?for=acme"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
READ = {"permission": "read", "cause": "denied", "likely_cause": "The policy lacks it.", "fix": "Allow s3:GetObject."}
DENIED = [
    READ | {"permission": "list", "state": "granted", "summary": "granted", "likely_cause": "", "fix": ""},
    READ | {"state": "denied", "summary": "denied: s3:GetObject"},
    READ | {"permission": "write", "state": "denied", "summary": "denied: s3:PutObject"},
]
GRANTED = [fact | {"state": "granted"} for fact in DENIED]
SKIPPED = [fact | {"state": "skipped", "summary": "not tried"} for fact in DENIED]
UNKNOWN = [fact | {"state": "unknown", "summary": "no answer within 15 s"} for fact in DENIED[:1]]
SKIPPED_TEXT = [f"{name}: not tried." for name in ("List", "Read", "Write")]
# By key: kind, purpose, what else the facts say; then what people read of it.
TOLD: dict[str, tuple[str, str, dict[str, Any], str, list[str]]] = {
    "broken": (
        "BROKEN", "INPUT", {"permissions": DENIED}, "street: Read and write denied (Input)",
        ["Read: denied: s3:GetObject.", "Write: denied: s3:PutObject.", "The policy lacks it.", "Allow s3:GetObject."],
    ),
    "skipped": (
        "BROKEN", "LIGHTLY", {"permissions": SKIPPED}, "street: List, read and write denied (Lightly)",
        [*SKIPPED_TEXT, "The policy lacks it.", "Allow s3:GetObject."],
    ),
    "recovered": (
        "RECOVERED", "INPUT", {"permissions": GRANTED}, "street: List, read and write granted again (Input)",
        ["All permissions it needs are granted."],
    ),
    "uncheckable": (
        "UNCHECKABLE", "LIGHTLY", {"permissions": UNKNOWN},
        "street: could not be checked 3 times in a row (Lightly)", ["List: no answer within 15 s."],
    ),
    "expiring": (
        "EXPIRING", "INPUT", {"expires_at": "2026-12-01T09:30:00+00:00", "days": 7},
        "street: the credential ends within 7 days (Input)",
        [
            "The credential for s3://acme/street/ ends on 1 December 2026 at 09:30 UTC.",
            "From then on every bulb is red. Make a new one and save it in the settings.",
        ],
    ),
}  # fmt: skip


class Furnished:
    """Rows in all tables that move, and in those they hang on."""

    def __init__(self, old: OldDatabase) -> None:
        self.old = old
        create = old.create
        self.team = create("teams.Team", name="Acme Vision")
        self.alice = create("teams.User", email="alice@example.com", password="!")
        self.bob = create("teams.User", email="bob@example.com", password="!")
        for user, role in ((self.alice, "OWNER"), (self.bob, "MEMBER")):
            create("teams.Membership", team=self.team, user=user, role=role)
        self.dataset = create("datasets.Dataset", name="street", team=self.team, owner=self.alice)
        self.datasources = {
            purpose: create(
                "datasources.Datasource",
                dataset=self.dataset,
                purpose=purpose,
                provider="S3",
                path="s3://acme/street/",
                sealed_config=seal("{}"),
            )
            for purpose in ("INPUT", "LIGHTLY")
        }
        self.read = create("teams.Notice", user=self.alice, kind="BAD", title="one", path="/a", read_at=NOW)
        self.unread = create("teams.Notice", user=self.alice, kind="GOOD", title="two", text="Why.", created_at=NOW)
        create(
            "teams.NotificationSettings",
            user=self.bob,
            scope="TEAM",
            mail_broken=True,
            mail_recovered=False,
            mail_expiring=True,
        )
        self.alerts = {name: self._alert(name, number) for number, name in enumerate(TOLD)}
        self.mails = {name: self._mail(name, self.alice, attempts=2) for name in TOLD}
        self.sent = self._mail("broken", self.bob, state="SENT", finished_at=NOW, attempts=1)
        self.given_up = self._mail("expiring", self.bob, state="FAILED", finished_at=NOW, problem="SMTPDataError")
        self.webhook = create(
            "datasources.Webhook",
            team=self.team,
            sealed_url=seal(URL),
            sealed_secret=seal(SECRET),
            modified_by=self.alice,
        )
        self.waiting = self._delivery("broken", '{"id": "x", "title": "street: Read denied (Input)"}', attempts=3)
        self.delivered = self._delivery("recovered", "{}", state="SENT", status=204, finished_at=NOW)
        self.tests = [self._delivery(None, "{}", state="FAILED", status=500, finished_at=NOW) for _ in range(2)]
        self._in_admin_panel()

    def _alert(self, name: str, number: int) -> Any:
        kind, purpose, facts, *_ = TOLD[name]
        datasource = self.datasources[purpose]
        all_facts = {
            "dataset_id": self.dataset.pk,
            "dataset": "street",
            "datasource_id": datasource.pk,
            "purpose": purpose,
            "purpose_label": purpose.capitalize(),
            "provider": "S3",
            "path": "s3://acme/street/",
            "permissions": [],
            "expires_at": None,
            "days": 0,
        } | facts
        at = NOW + timedelta(minutes=number)
        return self.old.create("datasources.Alert", datasource=datasource, kind=kind, facts=all_facts, created_at=at)

    def _mail(self, name: str, user: Any, **values: Any) -> Any:
        return self.old.create("datasources.AlertMail", alert=self.alerts[name], user=user, created_at=NOW, **values)

    def _delivery(self, name: str | None, body: str, **values: Any) -> Any:
        alert, event = self.alerts[name] if name else None, f"datasource.{name}" if name else "test"
        row = {"webhook": self.webhook, "alert": alert, "event": event, "body": body, **values}
        return self.old.create("datasources.WebhookDelivery", **row)

    def _in_admin_panel(self) -> None:
        """What Django keeps of each model: its type, permissions, and what was done to its rows."""
        self.types, self.permissions = {}, {}
        models = {
            "teams": ("notice", "notificationsettings"),
            "datasources": ("alertmail", "webhook", "webhookdelivery", "alert"),
        }
        for app, names in models.items():
            for name in names:
                row = self.types[name] = self.old.create("contenttypes.ContentType", app_label=app, model=name)
                about = {"codename": f"view_{name}", "name": f"Can view {name}", "content_type": row}
                self.permissions[name] = self.old.create("auth.Permission", **about)
        logged = {"user": self.alice, "content_type": self.types["webhook"], "object_id": self.webhook.pk}
        self.entry = self.old.create("admin.LogEntry", action_flag=3, object_repr="webhook", **logged)


@pytest.fixture(scope="module")
def upgraded(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Furnished]:
    """The rows as they were; since then the database was upgraded."""
    with django_db_blocker.unblock():
        old = OldDatabase(tmp_path_factory.mktemp("upgrade"), *RELEASE)
        try:
            furnished = Furnished(old)
            old.upgrade()
            yield furnished
        finally:
            old.close()


@pytest.fixture
def furnished(upgraded: Furnished, db: None, settings: Settings) -> Iterator[Furnished]:
    """The product works with the upgraded database."""
    settings.LIGHTLY_PUBLIC_URL = "https://lightly.example.com"
    settings.LIGHTLY_SENDS_MAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.DATABASE_ROUTERS = ["tests.upgrading.AllInUpgraded"]
    with upgraded.old.used():
        yield upgraded


def test_every_row_is_still_there(furnished: Furnished) -> None:
    assert list(Notice.objects.order_by("title").values_list("pk", "kind", "title", "text", "path", "key")) == [
        (furnished.read.pk, "BAD", "one", "", "/a", ""),
        (furnished.unread.pk, "GOOD", "two", "Why.", "", ""),
    ]
    assert Notice.objects.get(pk=furnished.read.pk).read_at == NOW
    assert Notice.objects.get(pk=furnished.unread.pk).created_at == NOW
    chosen = NotificationSettings.objects.get()
    assert (chosen.user_id, chosen.scope) == (furnished.bob.pk, "TEAM")
    assert chosen.mail_choices == {"broken": True, "recovered": False, "expiring": True}
    webhook = Webhook.objects.get()
    assert (webhook.pk, webhook.team_id, webhook.secret) == (furnished.webhook.pk, furnished.team.pk, SECRET)
    assert webhook.modified_by_id == furnished.alice.pk
    assert webhook.url == URL
    keys = {
        furnished.waiting.pk: furnished.alerts["broken"].pk,
        furnished.delivered.pk: furnished.alerts["recovered"].pk,
        **{test.pk: test.pk for test in furnished.tests},
    }
    assert dict(WebhookDelivery.objects.values_list("pk", "key")) == keys
    waiting = WebhookDelivery.objects.get(pk=furnished.waiting.pk)
    assert (waiting.state, waiting.attempts, waiting.event) == (Sending.PENDING, 3, "datasource.broken")
    assert waiting.body == furnished.waiting.body


def test_mails_say_what_the_alerts_said(furnished: Furnished) -> None:
    assert Mail.objects.count() == len(TOLD) + 2
    for name, (kind, purpose, _, title, sentences) in TOLD.items():
        row, alert = Mail.objects.get(pk=furnished.mails[name].pk), furnished.alerts[name]
        assert (row.topic, row.title, row.sentences) == (f"datasource.{kind.lower()}", title, sentences)
        assert (row.key, row.told_at, row.user_id) == (alert.pk, alert.created_at, furnished.alice.pk)
        assert (row.about, row.about_id) == ("street", furnished.datasources[purpose].pk)
        assert row.detail == "s3://acme/street/"
        assert row.path == f"/datasets/{furnished.dataset.pk}/settings/{purpose.lower()}/"
        assert (row.state, row.attempts, row.created_at) == (Sending.PENDING, 2, NOW)
    sent, given_up = (Mail.objects.get(pk=row.pk) for row in (furnished.sent, furnished.given_up))
    assert (sent.state, sent.finished_at, sent.title) == (Sending.SENT, NOW, TOLD["broken"][3])
    assert (given_up.state, given_up.problem, given_up.key) == (
        Sending.FAILED,
        "SMTPDataError",
        furnished.alerts["expiring"].pk,
    )


def test_a_mail_that_waited_is_sent_once(furnished: Furnished) -> None:
    assert (mails.send_due(), mails.send_due()) == (1, 0)
    Mail.objects.filter(state=Sending.PENDING).update(next_attempt_at=timezone.now())
    assert mails.send_due() == 0
    (sent,) = mail.outbox
    assert sent.to == ["alice@example.com"]
    assert sent.subject == "5 alerts: street"
    for _, purpose, _, title, sentences in TOLD.values():
        link = f"https://lightly.example.com/datasets/{furnished.dataset.pk}/settings/{purpose.lower()}/"
        assert all(words in str(sent.body) for words in (title, link, *sentences))
    assert not Mail.objects.filter(state=Sending.PENDING).exists()


def test_a_mail_about_what_one_may_no_longer_see_is_not_sent(furnished: Furnished) -> None:
    User.objects.get(pk=furnished.alice.pk).memberships.all().delete()
    assert mails.send_due() == 0
    assert mail.outbox == []


def test_a_webhook_that_waited_is_delivered_once(furnished: Furnished, settings: Settings) -> None:
    settings.LIGHTLY_ALLOWED_PRIVATE_HOSTS = ("127.0.0.1",)
    verify, verify_old = (documented(number) for number in (0, 1))
    with HookReceiver() as receiver:
        Webhook.objects.update(sealed_url=seal(f"{receiver.url}/hook"))
        for _ in range(2):
            deliver_all()
            later()
    (received,) = receiver.received
    assert received.path == "/hook"
    assert received.body == furnished.waiting.body.encode()
    assert received.headers["webhook-id"] == furnished.waiting.pk
    event = json.loads(furnished.waiting.body)
    assert verify_old(SECRET, received.headers["Lightly-Signature"], received.body) == event
    spelled = SECRET[:6] + SECRET[6:].replace("-", "+").replace("_", "/")
    assert verify(spelled, received.headers, received.body) == event
    assert WebhookDelivery.objects.get(pk=furnished.waiting.pk).state == Sending.SENT


def test_an_announcement_still_reaches_each_one_once(furnished: Furnished) -> None:
    key = furnished.alerts["broken"].pk
    with pytest.raises(IntegrityError), transaction.atomic(using=ALIAS):
        Mail.objects.create(user_id=furnished.bob.pk, key=key, topic="datasource.broken", title="again")
    with pytest.raises(IntegrityError), transaction.atomic(using=ALIAS):
        WebhookDelivery.objects.create(webhook_id=furnished.webhook.pk, key=key, event="x", body="{}")
    Notice.objects.create(user_id=furnished.bob.pk, key=key, title="new")
    with pytest.raises(IntegrityError), transaction.atomic(using=ALIAS):
        Notice.objects.create(user_id=furnished.bob.pk, key=key, title="again")


def test_permissions_and_the_admin_log_moved_along(furnished: Furnished) -> None:
    now = {
        "notice": ("notifications", "notice"),
        "notificationsettings": ("notifications", "notificationsettings"),
        "alertmail": ("notifications", "mail"),
        "webhook": ("notifications", "webhook"),
        "webhookdelivery": ("notifications", "webhookdelivery"),
        "alert": ("datasources", "alert"),
    }
    assert ContentType.objects.count() == len(now)
    for old_name, (app, name) in now.items():
        found = ContentType.objects.get(pk=furnished.types[old_name].pk)
        assert (found.app_label, found.model) == (app, name)
        (permission,) = found.permission_set.all()
        assert (permission.pk, permission.codename) == (furnished.permissions[old_name].pk, f"view_{name}")
    (entry,) = ContentType.objects.get(app_label="notifications", model="webhook").logentry_set.all()
    assert (entry.pk, entry.object_id) == (furnished.entry.pk, furnished.webhook.pk)


@pytest.mark.parametrize("model", [Notice, NotificationSettings, Mail, Webhook, WebhookDelivery])
def test_the_tables_are_what_the_models_say(furnished: Furnished, model: type[Model]) -> None:
    """The migration that moves the models says nothing to the database, so that must fit by what was done before."""
    table, connection = model._meta.db_table, connections[ALIAS]
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, table)
        found = connection.introspection.get_constraints(cursor, table)
    fields = model._meta.concrete_fields
    assert {(each.name, each.null_ok) for each in columns} == {(field.column, field.null) for field in fields}
    for constraint in model._meta.constraints:
        assert isinstance(constraint, UniqueConstraint)
        names = [field.column for name in constraint.fields for field in fields if field.name == name]
        assert (found[constraint.name]["columns"], found[constraint.name]["unique"]) == (names, True)
    assert {index.name for index in model._meta.indexes} <= {name for name, each in found.items() if each["index"]}
    assert not [name for name in found if "per_alert" in name]
