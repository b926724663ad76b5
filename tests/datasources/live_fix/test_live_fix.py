"""Waiting for a change in the cloud: how often, for how long, for whom, and what is seen of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from clouds import CloudConfig
from datasets.models import Dataset
from datasources import services, tasks
from datasources.checks import lifecycle
from datasources.live_fix.services import SOON, look_again
from datasources.live_fix.waiting import LONGEST, Wait
from datasources.models import Alert, CheckState, Datasource, Outcome, PermissionCheck, Purpose, Trigger
from datasources.settings import timeline
from datasources.settings.bulbs import status_of
from notifications.models import Notice, NotificationSettings
from notifications.preferences.services import save_settings
from teams.models import User
from tests.conftest import Login

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


@pytest.fixture
def first(dataset: Dataset, s3_config: CloudConfig) -> PermissionCheck:
    """The check after a save, which found both permissions denied."""
    return finish(
        services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=dataset.owner)
    )


@pytest.mark.parametrize(
    ("age", "pace"), [(0, 5), (19, 5), (20, 10), (59, 10), (60, 20), (149, 20), (150, 30), (299, 30)]
)
def test_it_looks_less_often_the_longer_it_takes(age: int, pace: int) -> None:
    wait = Wait(NOW - timedelta(seconds=age), NOW)
    assert wait.pace == timedelta(seconds=pace)
    assert not wait.is_over


def test_it_ends() -> None:
    assert Wait(NOW - LONGEST, NOW).is_over


@pytest.mark.parametrize("sent", ["", "soon", "2026-11-28", "9999-01-01T00:00:00Z", "2026-11-28T12:00:00", "0"])
def test_what_is_no_moment_of_the_past_begins_a_wait(sent: str) -> None:
    assert Wait.continued(sent, NOW) == Wait(NOW, NOW)


def test_a_wait_goes_on() -> None:
    assert Wait.continued("2026-11-28T11:59:30+00:00", NOW).pace == timedelta(seconds=10)


VERDICT = {"milliseconds": 1, "cause": "no_permission", "code": "", "tried": "t", "answered": "a", "fix": "f"}


def verdicts(state: str, cause: str = "c") -> dict[str, Any]:
    return {name: VERDICT | {"state": state, "summary": "s", "likely_cause": cause} for name in ("list", "read")}


def finish(check: PermissionCheck, state: str = "denied", cause: str = "c") -> PermissionCheck:
    """As a worker does it, from its claim to the alert."""
    assert lifecycle._claim(check.pk)
    outcome = Outcome.GREEN if state == "granted" else Outcome.RED
    lifecycle._finish(check, state=CheckState.DONE, outcome=outcome, verdicts=verdicts(state, cause))
    check.refresh_from_db()
    return check


def age(seconds: int) -> None:
    """Let all checks be so much older."""
    for check in PermissionCheck.objects.all():
        check.queued_at -= timedelta(seconds=seconds)
        check.save()


@pytest.mark.django_db
class TestChecks:
    @pytest.fixture
    def red(self, first: PermissionCheck) -> Datasource:
        return first.datasource

    def wait(self, red: Datasource, pace: int = 5) -> timedelta:
        return look_again(datasource_id=red.pk, pace=timedelta(seconds=pace), by=red.dataset.owner)

    def test_one_check_at_a_time_and_not_too_often(self, red: Datasource) -> None:
        delay = self.wait(red)
        assert timedelta(seconds=3) < delay <= timedelta(seconds=5)
        assert red.checks.count() == 1
        age(5)
        assert self.wait(red) == SOON
        assert self.wait(red) == SOON  # another window, while it is under way
        assert red.checks.filter(trigger=Trigger.WAIT).count() == 1
        finish(red.checks.get(trigger=Trigger.WAIT))
        assert self.wait(red) > SOON
        age(5)
        assert self.wait(red, pace=20) > timedelta(seconds=10)
        assert red.checks.count() == 2

    def test_the_bulbs_stay_until_it_is_done_and_say_the_same_for_the_same(self, red: Datasource) -> None:
        before = status_of(Purpose.INPUT, red)
        age(5)
        self.wait(red)
        red.refresh_from_db()
        assert red.latest_check_id == before.check.pk if before.check else None
        again = finish(red.checks.get(trigger=Trigger.WAIT))
        red.refresh_from_db()
        assert red.latest_check == again
        assert status_of(Purpose.INPUT, red).stamp == before.stamp
        age(5)
        self.wait(red)
        finish(red.checks.get(trigger=Trigger.WAIT, state=CheckState.QUEUED), "denied", "another cause")
        red.refresh_from_db()
        assert status_of(Purpose.INPUT, red).stamp != before.stamp

    def test_the_history_folds_them(self, red: Datasource) -> None:
        for _ in range(3):
            age(60)
            self.wait(red)
            finish(red.checks.get(state=CheckState.QUEUED))
        newest, first = timeline.entries(list(red.checks.select_related("datasource").order_by("-queued_at")))
        assert (newest.times, first.times) == (3, 1)
        assert "waiting for a change" in newest.asked_by

    def test_who_waits_is_not_alerted(self, red: Datasource, alice: User, bob: User) -> None:
        save_settings(user=bob, scope=NotificationSettings.Scope.TEAM, mail_choices={})
        Datasource.objects.filter(pk=red.pk).update(known_outcome=Outcome.RED)
        age(5)
        self.wait(red)
        check = red.checks.get(trigger=Trigger.WAIT)
        finish(check, "granted")
        red.refresh_from_db()
        assert red.known_outcome == Outcome.GREEN
        assert Alert.objects.get().permission_check == check
        told = set(Notice.objects.values_list("user__email", flat=True))
        assert bob.email in told
        assert red.dataset.owner.email not in told

    def test_they_do_not_push_out_the_others(self, red: Datasource, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lifecycle, "KEPT_OF_WAITING", 3)
        for _ in range(6):
            age(60)
            self.wait(red)
            finish(red.checks.get(state=CheckState.QUEUED))
        assert red.checks.filter(trigger=Trigger.PERSON).count() == 1
        assert red.checks.filter(trigger=Trigger.WAIT).count() <= 4


@pytest.mark.django_db
class TestPage:
    @pytest.fixture
    def check(self, first: PermissionCheck) -> PermissionCheck:
        age(10)
        return first

    def ask(self, login: Login, user: User, dataset: Dataset, **sent: str) -> Any:
        address = reverse("datasources:wait", args=[dataset.pk, "input"])
        return login(user).post(address + "?dialog=1", sent, headers={"HX-Request": "true"})

    def seen(self, check: PermissionCheck) -> str:
        return status_of(Purpose.INPUT, Datasource.objects.get(pk=check.datasource_id)).stamp

    def test_it_waits_on_red_alone(self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck) -> None:
        page = reverse("datasources:settings", args=[dataset.pk, "input"])
        assert 'id="live-fix"' in login(alice).get(page).content.decode()
        for state in ("granted", "unknown"):
            PermissionCheck.objects.filter(pk=check.pk).update(verdicts=verdicts(state))
            assert 'id="live-fix"' not in login(alice).get(page).content.decode(), state

    def test_nothing_new(self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck) -> None:
        answer = self.ask(login, alice, dataset, seen=self.seen(check))
        html = answer.content.decode()
        assert "Waiting for your change" in html
        assert "load delay:700ms" in html
        assert 'id="permissions"' not in html
        assert "data-announce" not in html
        assert PermissionCheck.objects.filter(trigger=Trigger.WAIT, requested_by=alice).count() == 1

    def test_a_change_brings_all_bulbs(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        seen = self.seen(check)
        PermissionCheck.objects.filter(pk=check.pk).update(verdicts=verdicts("granted"))
        answer = self.ask(login, alice, dataset, seen=seen)
        assert answer["HX-Retarget"] == "#permissions"
        assert 'id="permissions"' in answer.content.decode()
        assert f"dataset-changed-{dataset.pk}" in answer["HX-Trigger"]
        assert "check-finished" in answer["HX-Trigger"]

    def test_it_can_be_stopped_and_ends_by_itself(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        html = self.ask(login, alice, dataset, seen=self.seen(check), stop="1").content.decode()
        assert "Stopped waiting" in html
        long_ago = (timezone.now() - LONGEST).isoformat()
        over = self.ask(login, alice, dataset, seen=self.seen(check), since=long_ago).content.decode()
        assert "No change within 5 minutes" in over
        for text in (html, over):
            assert "hx-post" not in text
        assert not PermissionCheck.objects.filter(trigger=Trigger.WAIT).exists()

    def test_only_who_may_edit(
        self, login: Login, bob: User, charlie: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        page = reverse("datasources:settings", args=[dataset.pk, "input"])
        assert 'id="live-fix"' not in login(bob).get(page).content.decode()
        assert self.ask(login, bob, dataset).status_code == 403
        assert self.ask(login, charlie, dataset).status_code == 404
        assert not PermissionCheck.objects.filter(trigger=Trigger.WAIT).exists()
