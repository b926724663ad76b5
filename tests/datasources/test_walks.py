"""The two walks of docs/architecture.md, as they happen: each module calls only modules further down its walk, so that
a reader who follows a save or a check never has to climb back. What a walk looks up, it looks up once.
"""

import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from clouds import CloudConfig, parse_config
from core import broker, crypto
from datasets.models import Dataset
from datasources import services, tasks
from datasources.models import CheckState, Outcome, PermissionCheck, Purpose
from teams.models import User
from tests.conftest import SECRET, Login
from tests.servers import WORKING_RIGHTS, Cloud

pytestmark = pytest.mark.django_db

SAVE = [
    "datasources.settings.views",
    "datasources.settings.panel",
    "datasources.settings.forms",
    "datasources.validation",
    "datasources.services",
    "datasources.tasks",
    "datasources.checks.lifecycle",
]
CHECK = [
    "datasources.tasks",
    "datasources.checks.lifecycle",
    "clouds.doctor.probe",
    "datasources.checks.verdicts",
    "clouds.doctor.diagnosis",
    "datasources.alerts.services",
]
BULB = [
    "datasources.settings.views",
    "datasources.settings.panel",
    "datasources.settings.bulbs",
]
TYPED = {
    "provider": "S3",
    "path": "s3://acme-raw/street/",
    "region": "eu-central-1",
    "access_key_id": "AKIAEXAMPLE",
    "secret_access_key": SECRET,
}
IN_DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}


class Trace:
    """Which of a walk's modules were entered, in the order of the first time, and which called which."""

    def __init__(self, walk: list[str]) -> None:
        self.walk = walk
        self.entered: list[str] = []
        self.calls: set[tuple[str, str]] = set()

    def note(self, frame: FrameType, event: str, _: object) -> None:
        called = frame.f_globals.get("__name__")
        if event != "call" or called not in self.walk:
            return
        if called not in self.entered:
            self.entered.append(called)
        above = frame.f_back
        while above and above.f_globals.get("__name__") not in self.walk:
            above = above.f_back
        if above:
            self.calls.add((above.f_globals["__name__"], called))

    def climbs(self) -> list[tuple[str, str]]:
        return [(a, b) for a, b in sorted(self.calls) if self.walk.index(a) > self.walk.index(b)]


@contextmanager
def traced(walk: list[str]) -> Iterator[Trace]:
    trace = Trace(walk)
    threading.setprofile(trace.note)  # probes run in threads of their own
    sys.setprofile(trace.note)
    try:
        yield trace
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids that the broker took."""
    taken: list[str] = []

    def send_each(task: str, ids: list[str], **_: object) -> int:
        taken.extend(ids)
        return len(ids)

    monkeypatch.setattr(broker, "send_each", send_each)
    return taken


@pytest.fixture
def decrypted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that a stored config is decrypted."""
    times: list[str] = []

    def unseal(sealed: str) -> str:
        times.append(sealed)
        return crypto.unseal(sealed)

    monkeypatch.setattr("datasources.models.unseal", unseal)
    return times


def url(dataset: Dataset, name: str = "settings") -> str:
    return reverse(f"datasources:{name}", args=[dataset.pk, "input"])


def test_the_walk_of_a_save(
    login: Login,
    alice: User,
    dataset: Dataset,
    messages: list[str],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client = login(alice)
    client.get(url(dataset))  # imports what the first request imports
    with traced(SAVE) as trace, django_capture_on_commit_callbacks(execute=True):
        answer = client.post(url(dataset), TYPED, headers=IN_DIALOG)
    assert answer.status_code == 200
    check = PermissionCheck.objects.get()
    assert messages == [check.pk]
    assert "bulb--checking" in answer.content.decode()
    assert trace.climbs() == []
    # In this order, but for the last two: the check's row is there before the broker hears of it.
    *above, task, row = SAVE
    assert trace.entered == [*above, row, task]


def test_the_walk_of_a_check(
    login: Login, alice: User, dataset: Dataset, messages: list[str], clouds: dict[str, Cloud], settings: Settings
) -> None:
    cloud = clouds["S3"]
    settings.LIGHTLY_S3_ENDPOINT_URL = cloud.environment()["LIGHTLY_S3_ENDPOINT_URL"]
    config = parse_config(cloud.grant(cloud.make_bucket(), "street/", WORKING_RIGHTS))
    check = services.save(dataset=dataset, purpose=Purpose.INPUT, config=config, thumb_suffix="", by=alice)
    with traced(CHECK) as trace:
        tasks.run_check(check.pk)
    check.refresh_from_db()
    assert (check.state, check.outcome) == (CheckState.DONE, Outcome.GREEN)
    assert trace.climbs() == []
    assert trace.entered == CHECK

    client = login(alice)
    with traced(BULB) as trace:
        page = client.get(url(dataset, "permissions"), headers=IN_DIALOG).content.decode()
    assert page.count("bulb--granted") == 2
    assert 'hx-trigger="load' not in page.partition("</aside>")[0]
    assert trace.climbs() == []
    assert trace.entered == BULB


def test_a_request_looks_everything_up_once(
    login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig, messages: list[str], decrypted: list[str]
) -> None:
    """How often a config is decrypted, how often the datasources are read, and how many queries there are in all."""
    for purpose in (Purpose.INPUT, Purpose.LIGHTLY):
        services.save(dataset=dataset, purpose=purpose, config=s3_config, thumb_suffix="", by=alice)
    PermissionCheck.objects.update(state=CheckState.DONE)
    client = login(alice)
    client.get(url(dataset))
    kept = TYPED | {"secret_access_key": ""}
    requests: dict[str, Callable[[], object]] = {
        "show": lambda: client.get(url(dataset), headers=IN_DIALOG),
        "show a copy": lambda: client.get(url(dataset), {"copy": "1"}, headers=IN_DIALOG),
        "refuse": lambda: client.post(url(dataset), TYPED | {"path": "nonsense"}, headers=IN_DIALOG),
        "save": lambda: client.post(url(dataset), kept, headers=IN_DIALOG),
        "poll": lambda: client.get(url(dataset, "permissions"), headers=IN_DIALOG),
    }
    found = {}
    for name, send in requests.items():
        decrypted.clear()
        with CaptureQueriesContext(connection) as queries:
            send()
        reads = [query for query in queries if re.match('SELECT.*"sealed_config"', query["sql"])]
        found[name] = (len(decrypted), len(reads), len(queries))
    assert found == {
        # Two queries find out which other datasources have the same credential.
        "show": (1, 1, 7),
        "show a copy": (2, 1, 7),  # the datasource's own, and the one that is copied
        "refuse": (1, 1, 7),
        "save": (1, 2, 20),  # the service reads what it locks, and writes to the log
        "poll": (0, 1, 5),
    }
