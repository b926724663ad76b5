"""Entries are written once, and go only when they are old enough."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from teams import audit
from teams.actions import ACTIONS_OF, AuditAction
from teams.audit import pruning, tasks
from teams.models import AppendOnlyError, AuditEntry, Team, User
from teams.services import create_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(team: Team, alice: User) -> AuditEntry:
    audit.record(team=team, actor=alice, action=AuditAction.INVITED, target="eve@example.com")
    return AuditEntry.objects.get(target="eve@example.com")


def changed(entry: AuditEntry) -> AuditEntry:
    entry.target = "nobody"
    return entry


def copy(entry: AuditEntry) -> AuditEntry:
    return AuditEntry(pk=entry.pk, action="LEFT", target="nobody")


CHANGES: dict[str, Callable[[AuditEntry], Any]] = {
    "save": lambda entry: changed(entry).save(),
    "save of one field": lambda entry: changed(entry).save(update_fields=["target"]),
    "forced save": lambda entry: changed(entry).save(force_update=True),
    "delete": lambda entry: entry.delete(),
    "update of all": lambda entry: AuditEntry.objects.update(target="nobody"),
    "update of some": lambda entry: AuditEntry.objects.filter(pk=entry.pk).update(target="nobody"),
    "deletion of all": lambda entry: AuditEntry.objects.all().delete(),
    "deletion of some": lambda entry: AuditEntry.objects.filter(pk=entry.pk).delete(),
    "update of a team's": lambda entry: entry.team and entry.team.audit_entries.update(target="nobody"),
    "deletion of a team's": lambda entry: entry.team and entry.team.audit_entries.all().delete(),
    "update in bulk": lambda entry: AuditEntry.objects.bulk_update([changed(entry)], ["target"]),
    "creation in bulk over it": lambda entry: AuditEntry.objects.bulk_create(
        [copy(entry)], update_conflicts=True, update_fields=["target"], unique_fields=["id"]
    ),
    "update or create": lambda entry: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"target": "nobody"}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_the_app_changes_and_deletes_nothing(entry: AuditEntry, change: Callable[[AuditEntry], Any]) -> None:
    before = list(AuditEntry.objects.order_by("pk").values())
    with pytest.raises(AppendOnlyError):
        change(entry)
    assert list(AuditEntry.objects.order_by("pk").values()) == before


def test_another_entry_does_not_take_its_place(entry: AuditEntry) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        copy(entry).save()
    assert AuditEntry.objects.get(pk=entry.pk).target == "eve@example.com"


def test_every_action_has_one_category() -> None:
    listed = [action for actions in ACTIONS_OF.values() for action in actions]
    assert sorted(listed) == sorted(AuditAction)


def test_long_and_odd_texts_are_no_crash(team: Team) -> None:
    audit.record(team=team, action=AuditAction.ADDED, target="a\0b" + "ü" * 1000)
    assert AuditEntry.objects.get(action="ADDED").target == "ab" + "ü" * 498


class TestRetention:
    def make(self, team: Team, **ages: int) -> None:
        for target, days in ages.items():
            AuditEntry(
                team=team, action="ADDED", target=target, created_at=timezone.now() - timedelta(days=days)
            ).save()

    def left(self) -> list[str]:
        return sorted(AuditEntry.objects.filter(action="ADDED").values_list("target", flat=True))

    def test_what_is_older_goes_and_nothing_else(self, team: Team, settings: Settings) -> None:
        settings.LIGHTLY_AUDIT_RETENTION_DAYS = 30
        self.make(team, today=0, yesterday=1, kept=29, old=31, oldest=4000)
        tasks.prune_activity()
        assert self.left() == ["kept", "today", "yesterday"]
        tasks.prune_activity()
        assert self.left() == ["kept", "today", "yesterday"]

    def test_by_default_it_is_400_days(self, team: Team) -> None:
        self.make(team, kept=399, old=401)
        assert pruning.prune() == 1
        assert self.left() == ["kept"]

    def test_many_go_piece_by_piece(self, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pruning, "BATCH", 10)
        long_ago = timezone.now() - timedelta(days=500)
        AuditEntry.objects.bulk_create(AuditEntry(team=team, action="ADDED", created_at=long_ago) for _ in range(25))
        self.make(team, kept=1)
        with CaptureQueriesContext(connection) as queries:
            assert pruning.prune() == 25
        assert sum("DELETE" in query["sql"] for query in queries.captured_queries) == 3
        assert self.left() == ["kept"]

    def test_the_schedule_does_it_every_hour(self, settings: Settings) -> None:
        found = [each for each in settings.CELERY_BEAT_SCHEDULE.values() if each["task"] == tasks.prune_activity.name]
        assert [each["schedule"] for each in found] == [timedelta(hours=1)]
        assert "teams.audit.tasks" in settings.CELERY_IMPORTS


def test_tokens_that_end_by_themselves_are_told_once(alice: User) -> None:
    now = timezone.now()
    for name, days in (("ended", -1), ("good", 1)):
        create_token(user=alice, name=name, expires_at=now + timedelta(days=days))
    create_token(user=alice, name="for ever")
    assert pruning.note_expired_tokens() == 1
    assert pruning.note_expired_tokens() == 0
    (entry,) = AuditEntry.objects.filter(action="TOKEN_EXPIRED")
    assert entry.target == "ended of alice@example.com"
    assert entry.who == "The system"


def test_the_admin_panel_only_looks(client: Client, entry: AuditEntry) -> None:
    chief = User.objects.create_superuser("chief@example.com", "quite-long-secret-7")
    client.force_login(chief, "teams.backends.PasswordBackend")
    before = list(AuditEntry.objects.filter(pk=entry.pk).values())
    base = "/admin/teams/auditentry/"
    assert client.get(base).status_code == 200
    assert client.get(f"{base}{entry.pk}/change/").status_code == 200
    for path in (f"{base}add/", f"{base}{entry.pk}/change/", f"{base}{entry.pk}/delete/"):
        assert client.post(path, {"target": "nobody", "post": "yes"}).status_code == 403
    client.post(base, {"action": "delete_selected", "_selected_action": entry.pk, "post": "yes"})
    assert list(AuditEntry.objects.filter(pk=entry.pk).values()) == before
