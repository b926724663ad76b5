"""Who hears what when a check has finished: exactly once, and not whoever is looking at it anyway."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone
from pytest_django import Settings

from clouds import CloudConfig, parse_config
from datasets.models import Dataset
from datasets.services import share_dataset
from datasources import services, tasks
from datasources.alerts import services as alerts
from datasources.checks import lifecycle as checks
from datasources.models import (
    Alert,
    CheckState,
    Datasource,
    Outcome,
    PermissionCheck,
    Purpose,
    Trigger,
)
from notifications.models import Mail, Notice, NotificationSettings, WebhookDelivery
from notifications.preferences.services import save_settings
from notifications.webhooks.services import save_webhook
from teams.models import Membership, Role, Team, User
from tests.conftest import SECRET, person, s3_fields

pytestmark = pytest.mark.django_db
Scope = NotificationSettings.Scope
ALL_MAILS = {"broken": True, "recovered": True, "expiring": True}


def verdict(state: str) -> dict[str, Any]:
    words = {
        "granted": "",
        "denied": "denied: s3:GetObject",
        "unknown": "no answer within 15 s",
        "skipped": "not tried",
    }
    return {
        "state": state,
        "milliseconds": 5,
        "cause": "" if state == "granted" else "denied",
        "code": "",
        "summary": words[state] or "granted",
        "tried": "GET /x",
        "answered": "403 AccessDenied",
        "likely_cause": "" if state == "granted" else "The policy lacks it.",
        "fix": "" if state == "granted" else "Allow s3:GetObject.",
    }


VERDICTS = {
    Outcome.GREEN: {"list": verdict("granted"), "read": verdict("granted")},
    Outcome.RED: {"list": verdict("granted"), "read": verdict("denied")},
    Outcome.UNKNOWN: {"list": verdict("unknown"), "read": verdict("unknown")},
}
Finish = Callable[..., PermissionCheck]


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)
    settings.LIGHTLY_SENDS_MAIL = True


@pytest.fixture
def datasource(dataset: Dataset, alice: User, s3_config: CloudConfig) -> Datasource:
    services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    PermissionCheck.objects.all().delete()
    return dataset.datasources.get()


@pytest.fixture
def finish(datasource: Datasource) -> Finish:
    """A check of the datasource with this outcome, from its queue to its end."""

    def finish(outcome: Outcome, trigger: Trigger = Trigger.SCHEDULE, by: User | None = None) -> PermissionCheck:
        check = checks.queue(Datasource.objects.get(pk=datasource.pk), by, trigger)
        end(check, outcome)
        return check

    return finish


def end(check: PermissionCheck, outcome: Outcome) -> None:
    PermissionCheck.objects.filter(pk=check.pk).update(state=CheckState.RUNNING)
    checks._finish(check, state=CheckState.DONE, outcome=outcome, verdicts=VERDICTS[outcome])


def told(user: User) -> list[str]:
    return list(Notice.objects.filter(user=user).order_by("created_at").values_list("kind", flat=True))


def kinds() -> list[str]:
    return list(Alert.objects.order_by("created_at").values_list("kind", flat=True))


def test_one_alert_for_each_turn(finish: Finish, alice: User, bob: User) -> None:
    for outcome in (Outcome.GREEN, Outcome.RED, Outcome.RED, Outcome.UNKNOWN, Outcome.RED):
        finish(outcome)
    assert (kinds(), told(alice), told(bob)) == (["BROKEN"], ["BAD"], [])
    finish(Outcome.GREEN)
    finish(Outcome.GREEN)
    assert (kinds(), told(alice)) == (["BROKEN", "RECOVERED"], ["BAD", "GOOD"])
    assert Mail.objects.filter(user=alice).count() == 2


def test_what_was_never_green_is_no_news(finish: Finish, alice: User) -> None:
    finish(Outcome.RED)
    finish(Outcome.RED)
    finish(Outcome.GREEN)
    assert kinds() == []
    finish(Outcome.RED)
    assert kinds() == ["BROKEN"]


def test_a_cloud_outage_pages_nobody_until_it_lasts(finish: Finish, alice: User) -> None:
    finish(Outcome.GREEN)
    finish(Outcome.UNKNOWN)
    finish(Outcome.UNKNOWN)
    finish(Outcome.UNKNOWN, Trigger.PERSON, alice)  # somebody's impatience does not count
    assert kinds() == []
    finish(Outcome.UNKNOWN)
    finish(Outcome.UNKNOWN)
    assert kinds() == ["UNCHECKABLE"]
    assert Notice.objects.get().title == "street-scenes: could not be checked 3 times in a row (Input)"
    finish(Outcome.GREEN)
    assert kinds() == ["UNCHECKABLE", "RECOVERED"]


def test_an_answer_between_starts_the_count_anew(finish: Finish) -> None:
    for outcome in (Outcome.GREEN, Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.GREEN, Outcome.UNKNOWN, Outcome.UNKNOWN):
        finish(outcome)
    assert kinds() == []


def test_who_asked_in_the_dashboard_is_looking_at_it(finish: Finish, alice: User, bob: User) -> None:
    save_settings(user=bob, scope=Scope.TEAM, mail_choices=ALL_MAILS)
    finish(Outcome.GREEN)
    finish(Outcome.RED, Trigger.PERSON, alice)
    assert (told(alice), told(bob)) == ([], ["BAD"])
    finish(Outcome.GREEN, Trigger.API, alice)  # her script looks for nobody
    assert (told(alice), told(bob)) == (["GOOD"], ["BAD", "GOOD"])


def test_when_bob_breaks_it_its_owner_hears_of_it(
    finish: Finish, dataset: Dataset, alice: User, bob: User, s3_config: CloudConfig
) -> None:
    Membership.objects.filter(user=bob).update(role=Role.ADMIN)
    finish(Outcome.GREEN)
    changed = parse_config(s3_fields(fullPath="s3://other/"))
    check = services.save(dataset=dataset, purpose=Purpose.INPUT, config=changed, thumb_suffix="", by=bob)
    end(check, Outcome.RED)
    assert (kinds(), told(alice), told(bob)) == (["BROKEN"], ["BAD"], [])
    assert Alert.objects.get().facts["path"] == "s3://other/"


def test_an_older_check_that_ends_later_is_no_news(finish: Finish, datasource: Datasource) -> None:
    finish(Outcome.GREEN)
    old = checks.queue(Datasource.objects.get(pk=datasource.pk), None, Trigger.API)
    new = checks.queue(Datasource.objects.get(pk=datasource.pk), None, Trigger.API)
    end(old, Outcome.RED)
    assert kinds() == []
    end(new, Outcome.GREEN)
    assert kinds() == []


def test_a_check_that_is_finished_twice_alerts_once(finish: Finish, alice: User) -> None:
    finish(Outcome.GREEN)
    check = finish(Outcome.RED)
    checks._finish(check, state=CheckState.DONE, outcome=Outcome.RED, verdicts=VERDICTS[Outcome.RED])
    assert alerts.after_check(PermissionCheck.objects.get(pk=check.pk)) is None
    assert (kinds(), told(alice)) == (["BROKEN"], ["BAD"])


def test_two_workers_with_the_same_belief_raise_one_alert(
    finish: Finish, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second has read "green" before the first wrote "red"; its conditional update finds nothing to change."""
    finish(Outcome.GREEN)
    red = finish(Outcome.RED)
    real = Datasource.objects.select_related("dataset__team").get(pk=red.datasource_id)
    real.known_outcome = "GREEN"

    class Stale:
        @staticmethod
        def get(**_: object) -> Datasource:
            return real

    monkeypatch.setattr(Datasource.objects, "select_related", lambda *_: Stale)
    assert alerts.after_check(PermissionCheck.objects.get(pk=red.pk)) is None
    assert told(alice) == ["BAD"]


def test_a_check_that_is_given_up_is_no_news(finish: Finish, datasource: Datasource) -> None:
    finish(Outcome.GREEN)
    check = checks.queue(Datasource.objects.get(pk=datasource.pk), None, Trigger.SCHEDULE)
    PermissionCheck.objects.filter(pk=check.pk).update(state=CheckState.RUNNING)
    checks._finish(check, state=CheckState.EXPIRED)
    assert kinds() == []


@pytest.mark.parametrize(
    ("who", "scope", "hears"),
    [
        ("alice", None, True),
        ("alice", Scope.OWN, True),
        ("alice", Scope.TEAM, True),
        ("alice", Scope.NONE, False),
        ("bob", None, False),
        ("bob", Scope.OWN, False),
        ("bob", Scope.TEAM, True),
        ("bob", Scope.NONE, False),
        ("charlie", Scope.TEAM, False),  # even if shared with him: it is not of his teams
    ],
)
def test_scopes(
    finish: Finish, dataset: Dataset, alice: User, bob: User, charlie: User, who: str, scope: Scope | None, hears: bool
) -> None:
    user = {"alice": alice, "bob": bob, "charlie": charlie}[who]
    share_dataset(dataset=dataset, emails=[charlie.email])
    if scope:
        save_settings(user=user, scope=scope, mail_choices=ALL_MAILS)
    finish(Outcome.GREEN)
    finish(Outcome.RED)
    assert told(user) == (["BAD"] if hears else [])
    assert Mail.objects.filter(user=user).exists() is hears


def test_who_left_hears_nothing(finish: Finish, dataset: Dataset, alice: User, team: Team) -> None:
    gone = person("gone@example.com", team)
    save_settings(user=gone, scope=Scope.TEAM, mail_choices=ALL_MAILS)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    Membership.objects.filter(user=alice).delete()
    finish(Outcome.GREEN)
    finish(Outcome.RED)
    assert kinds() == ["BROKEN"]
    assert Notice.objects.count() == 0


@pytest.mark.parametrize("deaf", [{"is_service_account": True}, {"is_active": False}])
def test_for_an_owner_who_cannot_hear_the_teams_managers_do(
    finish: Finish, dataset: Dataset, alice: User, bob: User, team: Team, deaf: dict[str, bool]
) -> None:
    robot, admin, quiet = (person(f"{name}@example.com", team) for name in ("robot", "admin", "quiet"))
    User.objects.filter(pk=robot.pk).update(**deaf)
    Dataset.objects.filter(pk=dataset.pk).update(owner=robot)
    Membership.objects.filter(user__in=[admin, quiet]).update(role=Role.ADMIN)
    save_settings(user=quiet, scope=Scope.NONE, mail_choices=ALL_MAILS)
    # Nobody reads a script's mail, whatever its settings say.
    save_settings(user=robot, scope=Scope.TEAM, mail_choices=ALL_MAILS)
    finish(Outcome.GREEN)
    finish(Outcome.RED, Trigger.API, robot)
    heard = [user.email for user in (alice, admin, quiet, bob, robot) if told(user) == ["BAD"]]
    assert heard == [alice.email, admin.email]
    assert set(Mail.objects.values_list("user", flat=True)) == {alice.pk, admin.pk}


def test_mail_is_chosen_for_each_kind(finish: Finish, alice: User, settings: Settings) -> None:
    save_settings(user=alice, scope=Scope.OWN, mail_choices={"broken": False, "recovered": True, "expiring": False})
    finish(Outcome.GREEN)
    finish(Outcome.RED)
    assert Mail.objects.count() == 0
    finish(Outcome.GREEN)
    assert Mail.objects.count() == 1
    settings.LIGHTLY_SENDS_MAIL = False
    save_settings(user=alice, scope=Scope.OWN, mail_choices=ALL_MAILS)
    finish(Outcome.RED)
    assert Mail.objects.count() == 1
    assert told(alice) == ["BAD", "GOOD", "BAD"]


def test_words_and_link_but_no_secret(finish: Finish, alice: User, dataset: Dataset, team: Team) -> None:
    save_webhook(team=team, url="https://hooks.example.com/x", by=alice)
    finish(Outcome.GREEN)
    finish(Outcome.RED)
    notice, alert, delivery = Notice.objects.get(), Alert.objects.get(), WebhookDelivery.objects.get()
    assert notice.title == "street-scenes: Read denied (Input)"
    assert notice.text == "Read: denied: s3:GetObject.\nThe policy lacks it.\nAllow s3:GetObject."
    assert notice.path == f"/datasets/{dataset.pk}/settings/input/"
    for row in (notice, alert, delivery):
        for field in row._meta.concrete_fields:
            assert SECRET not in str(field.value_from_object(row))


def test_what_was_green_before_the_upgrade_counts_as_green(finish: Finish, datasource: Datasource) -> None:
    migration = import_module("datasources.migrations.0005_known_outcomes")
    for outcome, known in ((Outcome.RED, ""), (Outcome.UNKNOWN, ""), (Outcome.GREEN, "GREEN")):
        finish(outcome)
        Datasource.objects.update(known_outcome="")  # as the new column is made
        migration.believe_what_is_shown(apps, None)
        assert Datasource.objects.get().known_outcome == known
    finish(Outcome.RED)
    assert kinds() == ["BROKEN"]


class TestExpiry:
    @pytest.fixture
    def ends(self, datasource: Datasource) -> Callable[[timedelta], None]:
        def ends(left: timedelta) -> None:
            Datasource.objects.update(
                expires_at=timezone.now() + left, modified_at=timezone.now() - timedelta(days=100)
            )

        return ends

    def test_a_week_and_a_day_before_once_each(self, ends: Callable[[timedelta], None], alice: User) -> None:
        def soon(left: timedelta) -> list[str]:
            # As time passes: the same end, nearer.
            moment = timezone.now() + left
            Datasource.objects.exclude(expiry_alerted_for=None).update(expiry_alerted_for=moment)
            Datasource.objects.update(expires_at=moment)
            alerts.warn_of_expiry()
            alerts.warn_of_expiry()
            return told(alice)

        ends(timedelta(days=8))
        assert soon(timedelta(days=8)) == []
        assert soon(timedelta(days=6, hours=23)) == ["SOON"]
        assert soon(timedelta(days=2)) == ["SOON"]
        assert soon(timedelta(hours=23)) == ["SOON", "SOON"]
        assert soon(timedelta(minutes=5)) == ["SOON", "SOON"]
        assert soon(-timedelta(minutes=5)) == ["SOON", "SOON"]
        assert list(Notice.objects.order_by("created_at").values_list("title", flat=True)) == [
            "street-scenes: the credential ends within 7 days (Input)",
            "street-scenes: the credential ends within a day (Input)",
        ]

    def test_a_new_end_is_warned_of_anew(self, ends: Callable[[timedelta], None], alice: User) -> None:
        for left in (timedelta(days=5), timedelta(days=6)):
            ends(left)
            alerts.warn_of_expiry()
        assert told(alice) == ["SOON", "SOON"]

    def test_who_saved_it_saw_it(self, ends: Callable[[timedelta], None], alice: User) -> None:
        ends(timedelta(days=5))
        Datasource.objects.update(modified_at=timezone.now())
        alerts.warn_of_expiry()
        assert told(alice) == []

    def test_nothing_known_nothing_said(self, datasource: Datasource) -> None:
        assert alerts.warn_of_expiry() == []

    def test_two_sweeps_warn_once(self, ends: Callable[[timedelta], None], alice: User) -> None:
        """The second has read the row before the first changed it."""
        ends(timedelta(days=5))
        row = Datasource.objects.select_related("dataset__team").get()
        assert alerts._warn(row, timezone.now()) is not None
        assert alerts._warn(row, timezone.now()) is None
        assert told(alice) == ["SOON"]
