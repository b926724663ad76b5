"""What people see, and what becomes of their checks, while a part of the installation or of the cloud fails."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visit, filled_bucket, reader, writer
from tests.e2e.support.backstage import Person
from tests.e2e.support.settings import Row, Settings
from tests.e2e.support.stack import Stack
from tests.servers import Cloud, Trouble
from tests.servers.process import eventually

DEADLINE = 2
# A lost check is looked for every 10 s, and counts as lost 10 s after its deadline.
RECOVERY_MS = 45_000


class Parts:
    """An installation whose processes can fail one by one."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.redis: subprocess.Popen[bytes]
        self.worker: subprocess.Popen[bytes]

    def start_all(self) -> None:
        self.redis = self.stack.start_redis()
        self.stack.prepare()
        self.worker = self.stack.start_worker(queues="checks", wait=False)
        self.stack.start_worker(queues="patient", wait=False)  # it sweeps, and outlives the other
        self.stack.start_beat()
        self.stack.start_web()
        self.stack.backstage.person("first")

    def heal(self) -> None:
        self.redis.send_signal(signal.SIGCONT)
        if self.redis.poll() is not None:
            self.redis = self.stack.start_redis()
        if self.worker.poll() is not None:
            self.worker = self.stack.start_worker(queues="checks")


@pytest.fixture(scope="module")
def all_parts(cloud_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    environment = {**cloud_environment, "LIGHTLY_CHECK_DEADLINE_SECONDS": str(DEADLINE)}
    with Stack(tmp_path_factory.mktemp("parts"), environment) as stack:
        parts = Parts(stack)
        parts.start_all()
        yield parts


@pytest.fixture
def parts(all_parts: Parts) -> Iterator[Parts]:
    """All running before the test and after it."""
    yield all_parts
    all_parts.heal()


@pytest.fixture
def stack(parts: Parts) -> Stack:
    """In this file the other fixtures' people and windows belong to this installation."""
    return parts.stack


def saved_within(page: Page, settings: Settings, seconds: float) -> None:
    started = time.monotonic()
    settings.submit()
    assert time.monotonic() - started < seconds
    expect(settings.root.locator(".field__error")).to_have_count(0)


def test_a_silent_endpoint_ends_at_the_deadline(
    visit: Visit, stack: Stack, person: Person, cloud: Cloud, name: str
) -> None:
    bucket, page = filled_bucket(cloud), visit(person).page
    stack.backstage.dataset(name, person)
    page.goto("/")
    settings = Settings(page).open(name).tab("Lightly").fill(writer(cloud, bucket))
    cloud.trouble(bucket, Trouble.SILENT)
    started = time.monotonic()
    settings.submit()
    expect(settings.bulb("List")).to_have_text("being checked")
    settings.expect_bulbs(list="unknown", read="unknown", write="unknown", overwrite="unknown")
    # The rest is the browser's, which may have little of the processors. Without a deadline it would be a minute.
    assert time.monotonic() - started < DEADLINE + 8
    for permission in ("List", "Read", "Write", "Overwrite"):
        expect(settings.reason(permission)).to_contain_text(f"no answer within {DEADLINE} s")
    cloud.trouble(bucket, None)
    settings.root.get_by_role("button", name="Check again").click()
    settings.expect_bulbs(list="granted", read="granted", write="granted", overwrite="granted")


def test_a_save_overtakes_one_that_waits(visit: Visit, parts: Parts, person: Person, cloud: Cloud, name: str) -> None:
    stack, page = parts.stack, visit(person).page
    stack.backstage.dataset(name, person)
    stack.end(parts.worker)
    page.goto("/")
    settings = Settings(page).open(name)
    config = reader(cloud, filled_bucket(cloud))
    settings.fill(cloud.with_wrong_secret(config)).submit()
    settings.fill(config).submit()
    expect(settings.bulb("List")).to_have_text("waiting")
    parts.heal()
    settings.expect_bulbs(list="granted", read="granted")
    settings.tab("Check history")
    expect(settings.root.get_by_role("row").nth(2)).to_contain_text("replaced by a newer one")


def test_a_worker_that_is_killed(visit: Visit, parts: Parts, person: Person, cloud: Cloud, name: str) -> None:
    """The next worker does its check; what was saved meanwhile says that nobody answers, and recovers."""
    stack, bucket = parts.stack, filled_bucket(cloud)
    page = visit(person).page
    cloud.trouble(bucket, Trouble.SILENT)
    lost = stack.backstage.dataset(f"{name}-lost", person, input=reader(cloud, bucket))
    assert eventually(lambda: stack.backstage.checks(lost)[0]["state"] == "RUNNING")
    stack.end(parts.worker, signal.SIGKILL)
    cloud.trouble(bucket, None)

    late = stack.backstage.dataset(f"{name}-late", person, input=reader(cloud, bucket))
    page.goto("/")
    waiting, running = Row(page, late), Row(page, lost)
    waiting.expect_bulbs("input", list="waiting", read="waiting")
    running.expect_bulbs("input", list="being checked", read="being checked")
    expect(waiting.root).to_contain_text("No worker is answering.", timeout=15_000)
    settings = Settings(page).open(f"{name}-late")
    expect(settings.root).to_contain_text("No worker is answering.")

    parts.heal()
    settings.expect_bulbs(list="granted", read="granted")
    expect(settings.root).not_to_contain_text("No worker is answering.")
    settings.close()
    waiting.expect_bulbs("input", list="granted", read="granted")
    expect(running.bulb("input", "list")).to_have_accessible_name("Input List: granted", timeout=RECOVERY_MS)
    (check,) = stack.backstage.checks(lost)
    assert (check["state"], check["attempts"], check["outcome"]) == ("DONE", 2, "GREEN")


def test_redis_that_freezes_and_stops(visit: Visit, parts: Parts, person: Person, cloud: Cloud, name: str) -> None:
    stack, page, bucket = parts.stack, visit(person).page, filled_bucket(cloud)
    dataset = stack.backstage.dataset(name, person)
    page.goto("/")
    row, settings = Row(page, dataset), Settings(page).open(name).fill(reader(cloud, bucket))
    parts.redis.send_signal(signal.SIGSTOP)
    saved_within(page, settings, 6)
    expect(settings.root).to_contain_text("The task queue can't be reached")
    expect(settings.root).to_contain_text("Everything is saved")

    settings.tab("Lightly").fill(writer(cloud, bucket))
    stack.end(parts.redis, signal.SIGKILL)
    saved_within(page, settings, 5)
    expect(settings.root).to_contain_text("The task queue can't be reached")
    settings.close()
    expect(row.root).to_contain_text("The task queue can't be reached")
    assert [check["state"] for check in stack.backstage.checks(dataset)] == ["QUEUED", "QUEUED"]

    # Nobody does anything but start it again.
    parts.heal()
    for purpose in ("input", "lightly"):
        green = f"{purpose.capitalize()} List: granted"
        expect(row.bulb(purpose, "list")).to_have_accessible_name(green, timeout=RECOVERY_MS)
    assert [check["state"] for check in stack.backstage.checks(dataset)] == ["DONE", "DONE"]
