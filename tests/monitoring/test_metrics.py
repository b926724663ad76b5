"""What Prometheus and health probes get: guarded, parseable, bounded."""

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from core import pulse
from core.queues import Queue
from core.version import platform_version
from datasets.models import Dataset
from datasources import tasks
from datasources.models import CheckState, PermissionCheck, Purpose, Trigger
from datasources.runners import start_check_all
from jobs.models import Job, JobShard, JobState
from notifications.models import Mail
from runs.models import ComputeWorker, WorkerState
from teams.models import User
from tests.monitoring.furnished import add

pytestmark = pytest.mark.django_db
TOKEN = "scrape-me-0123456789"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def token(settings: Settings) -> str:
    settings.LIGHTLY_METRICS_TOKEN = TOKEN
    return TOKEN


def scrape(client: Client, token: str = TOKEN) -> Any:
    return client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


def samples(client: Client) -> Samples:
    answer = scrape(client)
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def one(found: Samples, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


class TestTheDoor:
    def test_it_is_not_there_without_a_token(self, client: Client, alice: User) -> None:
        assert scrape(client).status_code == 404

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer é"])
    def test_a_wrong_token(self, client: Client, alice: User, token: str, header: str) -> None:
        answer = client.get("/metrics", headers={"Authorization": header})
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
        assert b"lightly_" not in answer.content

    def test_a_session_is_no_token(self, client: Client, alice: User, token: str) -> None:
        client.force_login(alice, "teams.backends.PasswordBackend")
        assert client.get("/metrics").status_code == 401

    def test_no_redirect_before_the_first_user_nor_to_https(
        self, client: Client, token: str, settings: Settings
    ) -> None:
        settings.SECURE_SSL_REDIRECT = True
        assert client.get("/").status_code == 301
        assert scrape(client).status_code == 200
        assert client.get("/healthz").content == b"ok\n"

    def test_only_reading(self, client: Client, token: str) -> None:
        assert client.post("/metrics").status_code == 405
        assert client.head("/healthz").status_code == 200


class TestNumbers:
    def test_datasources_and_checks(self, client: Client, dataset: Dataset, token: str) -> None:
        source = add(dataset, cause="denied", milliseconds=1500, expires_at=timezone.now() + timedelta(days=5))
        PermissionCheck.objects.create(
            datasource=source, revision=0, provider="S3", path="", state=CheckState.DONE, outcome="GREEN",
            trigger=Trigger.API, milliseconds=500, finished_at=timezone.now() - timedelta(hours=2),
        )  # fmt: skip
        found = samples(client)
        assert one(found, "lightly_datasources", provider="S3", purpose="LIGHTLY", outcome="red") == 1
        assert one(found, "lightly_datasources", provider="GCS", purpose="INPUT", outcome="green") == 0
        assert one(found, "lightly_checks_last_hour", provider="S3", outcome="red", trigger="schedule") == 1
        assert one(found, "lightly_checks_last_hour", provider="S3", outcome="green", trigger="api") == 0
        assert one(found, "lightly_check_duration_last_hour_seconds", provider="S3", quantile="0.5") == 1.5
        expiring = [one(found, "lightly_datasources_expiring", days=days) for days in ("0", "7", "30")]
        assert expiring == [0, 1, 1]

    def test_machinery(self, client: Client, dataset: Dataset, token: str) -> None:
        """No Redis runs beside these tests: the broker is down, and the rest is told all the same."""
        source = add(dataset, state=CheckState.QUEUED, finished_at=None)
        PermissionCheck.objects.filter(datasource=source).update(
            queued_at=timezone.now() - timedelta(seconds=90), trigger=Trigger.PERSON
        )
        found = samples(client)
        names = {name for name, _ in found}
        assert one(found, "lightly_broker_up") == 0
        assert "lightly_queue_length" not in names
        assert "lightly_worker_heartbeat_age_seconds" not in names
        assert one(found, "lightly_open_checks", state="queued") == 1
        assert one(found, "lightly_undispatched_checks") == 1
        assert 90 <= one(found, "lightly_oldest_open_check_seconds") < 120
        pulse.leave_sign(pulse.WORKER)
        pulse.leave_sign(pulse.SCHEDULER)
        found = samples(client)
        assert 0 <= one(found, "lightly_worker_heartbeat_age_seconds") < 30
        assert 0 <= one(found, "lightly_scheduler_heartbeat_age_seconds") < 30

    def test_queues(self, client: Client, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
        names = {name for name, _ in samples(client)}
        assert not names & {"lightly_queue_messages", "lightly_queue_worker_heartbeat_age_seconds"}
        lengths = dict.fromkeys(Queue, 0) | {Queue.RUNS: 3, Queue.CHECKS: 1}
        monkeypatch.setattr(pulse, "queue_lengths", lambda lanes: lengths)
        pulse.leave_worker_signs(["runs"])
        found = samples(client)
        assert one(found, "lightly_queue_length") == 4
        assert [one(found, "lightly_queue_messages", queue=queue) for queue in Queue] == [1, 0, 0, 3]
        assert 0 <= one(found, "lightly_queue_worker_heartbeat_age_seconds", queue="runs") < 30
        assert sum(name == "lightly_queue_worker_heartbeat_age_seconds" for name, _ in found) == 1

    def test_why_and_how_long(self, client: Client, dataset: Dataset, token: str) -> None:
        """A histogram counts up: each limit has all that took at most as long."""
        add(dataset, cause="denied", milliseconds=400)
        add(dataset, Purpose.INPUT, cause="of_a_newer_release", milliseconds=90_000)
        found = samples(client)
        for cause in ("denied", "other"):
            assert one(found, "lightly_datasources_not_green", outcome="red", cause=cause) == 1
            assert one(found, "lightly_check_causes_last_hour", provider="S3", cause=cause) == 1
        name = "lightly_check_seconds_last_hour"
        limits = ("0.25", "0.5", "60.0", "120.0", "+Inf")
        assert [one(found, f"{name}_bucket", provider="S3", le=le) for le in limits] == [0, 1, 1, 2, 2]
        assert one(found, f"{name}_gcount", provider="S3") == 2
        assert one(found, f"{name}_gsum", provider="S3") == 90.4

    def test_work(self, client: Client, alice: User, dataset: Dataset, token: str) -> None:
        found = samples(client)
        assert [one(found, "lightly_queue_oldest_seconds", queue=queue) for queue in Queue] == [0, 0, 0, 0]
        assert one(found, "lightly_jobs", kind="datasources.check_all", state="queued") == 0
        ago = timezone.now() - timedelta(minutes=3)
        source = add(dataset, state=CheckState.QUEUED, finished_at=None)
        PermissionCheck.objects.filter(datasource=source).update(queued_at=ago, trigger=Trigger.PERSON)
        job, _ = start_check_all(teams=None, by=alice)
        JobShard.objects.filter(job=job).update(not_before=ago)
        Job.objects.create(kind=job.kind, queue="patient", title="x", state=JobState.FAILED, finished_at=ago)
        Mail.objects.create(user=alice, key="k", topic="t", title="x", created_at=ago)
        ComputeWorker.objects.create(name="gpu-1", state=WorkerState.CRASHED)
        found = samples(client)
        for queue, waits in ((Queue.CHECKS, True), (Queue.PATIENT, True), (Queue.RUNS, False)):
            assert (180 <= one(found, "lightly_queue_oldest_seconds", queue=queue) < 240) is waits
        assert one(found, "lightly_jobs", kind=job.kind, state="queued") == 1
        assert one(found, "lightly_jobs_last_hour", kind=job.kind, state="failed") == 1
        assert one(found, "lightly_unsent", kind="mail") == 1
        assert 180 <= one(found, "lightly_oldest_unsent_seconds", kind="mail") < 240
        assert one(found, "lightly_compute_workers", state="crashed") == 1
        assert one(found, "lightly_runs", state="waiting") == 0
        assert one(found, "lightly_runs_last_hour", state="failed") == 0

    def test_sweeps_workers_and_the_installation(self, client: Client, token: str) -> None:
        found = samples(client)
        assert "lightly_last_sweep_age_seconds" not in {name for name, _ in found}
        assert [one(found, "lightly_queue_worker_up", queue=queue) for queue in Queue] == [0, 0, 0, 0]
        tasks.sweep()
        pulse.leave_worker_signs(["runs"])
        found = samples(client)
        assert 0 <= one(found, "lightly_last_sweep_age_seconds") < 30
        assert one(found, "lightly_queue_worker_up", queue="runs") == 1
        assert one(found, "lightly_database_up") == 1
        assert one(found, "lightly_disk_free_bytes", place="data") > 0
        info = {"version": platform_version(), "python": platform.python_version()}
        assert one(found, "lightly_build_info", **info) == 1

    def test_without_its_database(self, client: Client, alice: User, token: str) -> None:
        """What is known all the same is told, and nothing else."""
        with database_away():
            found = samples(client)
        assert one(found, "lightly_database_up") == 0
        names = {name for name, _ in found}
        assert names == {"lightly_build_info", "lightly_database_up", "lightly_disk_free_bytes"}

    def test_labels_are_bounded(self, client: Client, dataset: Dataset, token: str) -> None:
        before = set(samples(client))
        add(dataset, path="s3://somebodys-bucket/")
        added = {name for name, _ in set(samples(client)) - before}
        histogram = {f"lightly_check_seconds_last_hour_{part}" for part in ("bucket", "gcount", "gsum")}
        assert added == {"lightly_check_duration_last_hour_seconds", *histogram}
        text = scrape(client).content.decode()
        assert not any(name in text for name in ("somebodys-bucket", dataset.name, dataset.pk, "alice"))


@contextmanager
def database_away() -> Iterator[None]:
    def refuse(execute: Callable[..., Any], *arguments: Any) -> Any:
        raise OperationalError("no route to db.internal")

    with connection.execute_wrapper(refuse):
        yield


def test_without_its_database_it_is_not_ready(client: Client) -> None:
    with database_away():
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"database unreachable\n")


def test_a_sign_of_life_that_can_not_be_left_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    with database_away():
        pulse.leave_sign(pulse.WORKER, "host")
    assert "No sign of life could be left (OperationalError)" in caplog.text
    assert pulse.last_sign(pulse.WORKER) is None
