"""When datasources are checked by themselves."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clouds import CloudConfig
from core import broker
from core.queues import Queue
from datasets.models import Dataset
from datasources import services, tasks
from datasources.checks import intervals, pacing, schedule
from datasources.checks import lifecycle as checks
from datasources.checks.services import set_interval
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose, Trigger
from teams.models import Team, User
from tests.dashboard.test_queries import make_datasets

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
PAST = timedelta(minutes=1)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What was handed to the broker: task, ids, queue."""
    messages: list[tuple[str, ...]] = []

    def send(task: str, arguments: list[tuple[str, ...]], queue: Queue, lane: str = "") -> int:
        messages.extend((task.rpartition(".")[2], *ids, queue) for ids in arguments)
        return len(arguments)

    monkeypatch.setattr(broker, "_send", send)
    return messages


def make_due(rows: Iterable[Datasource] | None = None) -> None:
    found = Datasource.objects.filter(pk__in=[row.pk for row in rows]) if rows is not None else Datasource.objects.all()
    found.update(next_check_at=timezone.now() - PAST)


def distances(since: datetime) -> list[timedelta]:
    times = Datasource.objects.values_list("next_check_at", flat=True)
    return [time - since for time in times if time]


def test_the_next_time_is_an_interval_away_give_or_take_a_tenth() -> None:
    now = timezone.now()
    hours = [(time - now) / HOUR for _ in range(500) if (time := intervals.next_time(6, now))]
    assert 5.4 <= min(hours) < 5.5
    assert 6.5 < max(hours) <= 6.6
    assert intervals.next_time(0, now) is None


def test_first_times_are_spread_over_the_whole_interval(alice: User) -> None:
    make_datasets(alice, 150)
    now = timezone.now()
    assert schedule.spread_new() == 300
    hours = sorted(distance / HOUR for distance in distances(now))
    assert len(hours) == 300
    assert hours[0] < 0.5
    assert 5.5 < hours[-1] <= 6.01
    assert max(later - earlier for earlier, later in pairwise(hours)) < 0.5
    assert schedule.spread_new() == 0


def test_what_is_due_is_queued_once_and_moves_on(alice: User, sent: list[tuple[str, ...]]) -> None:
    make_datasets(alice, 2)
    schedule.spread_new()
    assert schedule.queue_due() == []
    make_due()
    now = timezone.now()
    tasks.queue_due_checks()
    queued = PermissionCheck.objects.filter(trigger=Trigger.SCHEDULE)
    assert {(check.state, check.requested_by_id, check.revision) for check in queued} == {(CheckState.QUEUED, None, 0)}
    assert sorted(sent) == sorted(("run_check", check.pk, Queue.PATIENT) for check in queued)
    assert all(5.3 < distance / HOUR < 6.7 for distance in distances(now))
    assert schedule.queue_due() == []  # the second scheduler


def test_a_scheduled_check_is_shown_when_it_has_finished(alice: User, sent: list[tuple[str, ...]]) -> None:
    """Until then the last verdict stays lit: no worker that is slow or gone turns a page full of bulbs grey."""

    def shown() -> str | None:
        return Datasource.objects.filter(purpose=Purpose.INPUT).values_list("latest_check", flat=True).get()

    def end(check: PermissionCheck, state: str = CheckState.DONE) -> None:
        PermissionCheck.objects.filter(pk=check.pk).update(state=CheckState.RUNNING)
        checks._finish(check, state=state, outcome=Outcome.GREEN if state == CheckState.DONE else "")

    make_datasets(alice, 1)
    datasource = Datasource.objects.get(purpose=Purpose.INPUT)
    first = shown()
    make_due([datasource])
    scheduled = PermissionCheck.objects.get(pk=schedule.queue_due()[0])
    assert shown() == first
    end(scheduled)
    assert shown() == scheduled.pk

    make_due([datasource])
    lost = PermissionCheck.objects.get(pk=schedule.queue_due()[0])
    end(lost, CheckState.EXPIRED)
    assert shown() == scheduled.pk

    make_due([datasource])
    late = PermissionCheck.objects.get(pk=schedule.queue_due()[0])
    asked = checks.queue(Datasource.objects.get(pk=datasource.pk), alice)
    assert shown() == asked.pk
    end(late)
    assert shown() == asked.pk


def test_a_datasource_with_an_open_check_is_not_queued_again(alice: User, sent: list[tuple[str, ...]]) -> None:
    make_datasets(alice, 1)
    for state in (CheckState.QUEUED, CheckState.RUNNING):
        PermissionCheck.objects.update(state=state)
        make_due()
        assert schedule.queue_due() == []
    PermissionCheck.objects.update(state=CheckState.DONE)
    assert len(schedule.queue_due()) == 2


def test_a_backlog_does_not_pile_up(alice: User, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, ...]]) -> None:
    """A day without workers: a bounded number waits in the queue, each datasource at most once."""
    monkeypatch.setattr(schedule, "BATCH", 4)
    monkeypatch.setattr(schedule, "MOST_OPEN", 10)
    make_datasets(alice, 9)
    make_due()
    assert len(schedule.queue_due()) == 10
    for _ in range(24):
        assert schedule.queue_due() == []
    PermissionCheck.objects.update(state=CheckState.DONE)  # the workers are back
    assert len(schedule.queue_due()) == 8
    assert PermissionCheck.objects.filter(trigger=Trigger.SCHEDULE).values("datasource").distinct().count() == 18


def test_zero_switches_it_off_and_back_on(alice: User, team: Team, sent: list[tuple[str, ...]]) -> None:
    make_datasets(alice, 2)
    make_due()
    set_interval(team=team, hours=0)
    assert schedule.spread_new() == 0
    assert schedule.queue_due() == []
    assert distances(timezone.now()) == []
    Datasource.objects.update(next_check_at=timezone.now() - PAST)  # such as by another process at that moment
    assert schedule.queue_due() == []
    team.refresh_from_db()
    set_interval(team=team, hours=2)
    now = timezone.now()
    assert schedule.spread_new() == 4
    assert all(timedelta() <= distance <= 2 * HOUR + PAST for distance in distances(now))


def test_a_new_interval_concerns_its_own_team_alone(alice: User, charlie: User, team: Team) -> None:
    make_datasets(alice, 1)
    make_datasets(charlie, 1)
    schedule.spread_new()
    set_interval(team=team, hours=12)
    assert Datasource.objects.filter(next_check_at=None, dataset__team=team).count() == 2
    assert Datasource.objects.filter(next_check_at=None).count() == 2


def test_the_same_interval_changes_no_times(alice: User, team: Team) -> None:
    make_datasets(alice, 1)
    schedule.spread_new()
    before = set(Datasource.objects.values_list("next_check_at", flat=True))
    set_interval(team=team, hours=6)
    assert set(Datasource.objects.values_list("next_check_at", flat=True)) == before


def test_a_save_and_a_check_by_hand_push_the_next_one_out(
    dataset: Dataset, alice: User, s3_config: CloudConfig, sent: list[tuple[str, ...]]
) -> None:
    def next_in() -> timedelta:
        (distance,) = distances(timezone.now())
        return distance

    services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    assert 5.3 < next_in() / HOUR < 6.7
    make_due()
    PermissionCheck.objects.update(state=CheckState.DONE)
    services.check_again(datasource=dataset.datasources.get(), by=alice)
    assert 5.3 < next_in() / HOUR < 6.7
    assert PermissionCheck.objects.filter(trigger=Trigger.PERSON).count() == 2


def test_a_batch_takes_a_few_queries(alice: User) -> None:
    def queries(count: int, start: int) -> int:
        make_datasets(alice, count, start=start)
        make_due(Datasource.objects.exclude(checks__trigger=Trigger.SCHEDULE))
        with CaptureQueriesContext(connection) as captured:
            assert len(schedule.queue_due()) == 2 * count
        return len(captured)

    few = queries(3, 0)
    assert few <= 8
    # Only that SQLite takes a limited number of values at once cuts a statement for 160 rows into some.
    assert queries(80, 3) <= few + 4


def test_a_lost_message_of_the_schedule_stays_patient(alice: User, sent: list[tuple[str, ...]]) -> None:
    make_datasets(alice, 1)
    make_due()
    (first, second) = schedule.queue_due()
    PermissionCheck.objects.filter(pk=second).update(trigger=Trigger.PERSON)
    tasks.sweep()
    assert sorted(sent) == sorted([("run_check", first, Queue.PATIENT), ("run_check", second, Queue.CHECKS)])


class TestAFewPerCloud:
    """Scheduled checks leave the database a few at a time."""

    def test_the_rest_waits_until_one_ends(self, alice: User, sent: list[tuple[str, ...]]) -> None:
        make_datasets(alice, 5)
        make_due()
        tasks.queue_due_checks()
        queued = PermissionCheck.objects.filter(trigger=Trigger.SCHEDULE)
        assert queued.count() == 10
        assert len(sent) == pacing.MOST_PER_CLOUD
        tasks.sweep()
        tasks.queue_due_checks()
        assert len(sent) == pacing.MOST_PER_CLOUD
        first = sent[0][1]
        queued.filter(pk=first).update(state=CheckState.RUNNING, started_at=timezone.now())
        tasks.send_scheduled()
        assert len(sent) == pacing.MOST_PER_CLOUD
        queued.filter(pk=first).update(state=CheckState.DONE)
        tasks.run_check(first)  # harmless by now; what follows a check that has ended is the point
        assert len(sent) == pacing.MOST_PER_CLOUD + 1
        assert len({check_id for _, check_id, _ in sent}) == len(sent)

    def test_each_cloud_has_its_own_few(self, alice: User, sent: list[tuple[str, ...]]) -> None:
        make_datasets(alice, 8)
        make_due()
        schedule.queue_due()
        scheduled = PermissionCheck.objects.filter(trigger=Trigger.SCHEDULE)
        clouds = ["S3", "S3DelegatedAccess", "AZURE", "GCS"]
        for number, pk in enumerate(list(scheduled.values_list("pk", flat=True))):
            scheduled.filter(pk=pk).update(provider=clouds[number % 4])
        tasks.send_scheduled()
        found = Counter(scheduled.filter(dispatched_at__isnull=False).values_list("provider", flat=True))
        assert found["S3"] + found["S3DelegatedAccess"] == pacing.MOST_PER_CLOUD
        assert found["AZURE"] == found["GCS"] == 4

    def test_a_team_with_many_does_not_keep_others_waiting(
        self, alice: User, charlie: User, sent: list[tuple[str, ...]]
    ) -> None:
        make_datasets(alice, 8)
        make_due()
        tasks.queue_due_checks()
        scheduled = PermissionCheck.objects.filter(trigger=Trigger.SCHEDULE)
        assert len(sent) == pacing.MOST_PER_CLOUD  # all hers: nobody else waited
        make_datasets(charlie, 1)
        make_due(Datasource.objects.filter(dataset__owner=charlie))
        tasks.queue_due_checks()
        scheduled.filter(pk__in=[sent[0][1], sent[1][1]]).update(state=CheckState.DONE)
        tasks.send_scheduled()
        # Twelve of hers have waited for longer.
        latest = scheduled.filter(pk__in=[sent[-1][1], sent[-2][1]])
        assert {check.datasource.dataset.owner for check in latest} == {charlie}

    def test_a_message_that_was_lost_is_sent_again(self, alice: User, sent: list[tuple[str, ...]]) -> None:
        make_datasets(alice, 1)
        make_due()
        tasks.queue_due_checks()
        tasks.sweep()
        assert len(sent) == 2
        long_ago = timezone.now() - pacing.SENT_AGAIN_AFTER - timedelta(seconds=1)
        PermissionCheck.objects.filter(trigger=Trigger.SCHEDULE).update(dispatched_at=long_ago)
        tasks.sweep()
        assert sorted(sent) == sorted(sent[:2] * 2)

    def test_a_broker_out_of_reach_loses_nothing(self, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
        make_datasets(alice, 1)
        make_due()
        monkeypatch.setattr(broker, "_send", lambda *_: 0)
        tasks.queue_due_checks()
        assert PermissionCheck.objects.filter(trigger=Trigger.SCHEDULE, dispatched_at=None).count() == 2
