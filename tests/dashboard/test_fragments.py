"""What is kept of a row holds nothing of who looks, and is never older than the row."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.utils import timezone

from clouds import CloudConfig
from datasets.models import Dataset
from datasources.models import Datasource, Outcome, PermissionCheck, Purpose
from teams.models import User
from tests.conftest import Login
from tests.dashboard.test_home import connect, no_broker, shown  # noqa: F401 - a fixture that all tests here use

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(dataset: Dataset, s3_config: CloudConfig) -> Dataset:
    caches["fragments"].clear()
    connect(dataset, s3_config, Purpose.INPUT, outcome=Outcome.RED)
    verdict = {"state": "denied", "summary": "Refused.", "likely_cause": "A policy.", "fix": "Change it."}
    PermissionCheck.objects.update(verdicts={"list": verdict, "read": verdict}, finished_at=timezone.now())
    return dataset


def test_whatever_changes_is_shown_at_once(login: Login, alice: User, row: Dataset) -> None:
    client = login(alice)
    assert "Change it." in shown(client)
    assert "Change it." in shown(client)
    verdict = {"state": "denied", "summary": "Refused.", "likely_cause": "A policy.", "fix": "Do something else."}
    PermissionCheck.objects.update(verdicts={"list": verdict, "read": verdict})
    assert "Do something else." in shown(client)
    Datasource.objects.update(path="s3://moved/away/")
    assert "s3://moved/away/" in shown(client)
    Dataset.objects.update(name="renamed")
    assert "Input permissions of renamed" in shown(client)


def test_times_stay_true(login: Login, alice: User, row: Dataset) -> None:
    client = login(alice)
    shown(client)
    PermissionCheck.objects.update(finished_at=timezone.now() - timedelta(hours=3))
    assert ">3\xa0hours ago</time>" in shown(client)


def test_two_people_get_the_same_of_it_and_their_own_of_the_rest(
    login: Login, alice: User, bob: User, row: Dataset
) -> None:
    first, second = shown(login(alice)), shown(login(bob))
    assert "Check all shown" in first
    assert "Check all shown" not in second
    assert "Change it." in second
    assert len(caches["fragments"]._cache) == 1  # type: ignore[attr-defined]  # Django's types lack it
    kept = str(next(iter(caches["fragments"]._cache.values())))  # type: ignore[attr-defined]
    for own in (alice.email, bob.email, "csrf", "ago"):
        assert own not in kept
