"""Checks that wait until it is their turn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from clouds import parse_config
from core import shares
from core.shares import Shares
from datasets.models import Dataset
from datasources import services, tasks
from datasources.checks import lifecycle as checks
from datasources.checks import turns
from datasources.models import CheckState, PermissionCheck, Purpose, Trigger
from datasources.settings.bulbs import OTHERS_FIRST, status_of
from teams.models import User
from tests.clouds.examples import example
from tests.conftest import s3_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What workers did, by the ids of checks. Two slots, so that one is everybody's share."""
    ids: list[str] = []

    def run(check_id: str) -> None:
        ids.append(check_id)
        PermissionCheck.objects.filter(pk=check_id).update(state=CheckState.DONE)

    monkeypatch.setattr(checks, "run", run)
    monkeypatch.setattr(shares, "ASKED_FOR", Shares(2))
    monkeypatch.setattr(shares, "UNASKED", Shares(2))
    return ids


@pytest.fixture
def check(dataset: Dataset, alice: User) -> PermissionCheck:
    config = parse_config(s3_fields())
    return services.save(dataset=dataset, purpose=Purpose.INPUT, config=config, thumb_suffix="", by=alice)


@pytest.mark.parametrize("trigger", [Trigger.PERSON, Trigger.SCHEDULE])
@pytest.mark.parametrize("kind", ["team", "person"])
def test_a_check_waits_while_others_of_its_team_or_person_take_their_share(
    kind: str, trigger: Trigger, check: PermissionCheck, alice: User, dataset: Dataset, ran: list[str]
) -> None:
    PermissionCheck.objects.update(trigger=trigger)
    slots = shares.UNASKED if trigger == Trigger.SCHEDULE else shares.ASKED_FOR
    busy = frozenset({(kind, dataset.team_id if kind == "team" else alice.pk)})

    def meanwhile() -> None:
        tasks.run_check(check.pk)
        assert ran == []
        check.refresh_from_db()
        assert turns.is_in_turn(check)

    slots.run("others", busy, meanwhile)
    assert ran == [check.pk]


def test_a_chosen_host_has_a_share_of_its_own(dataset: Dataset, alice: User, ran: list[str]) -> None:
    config = parse_config(example("S3Compatible", s3Endpoint="https://minio.example.com:9000"))
    check = services.save(dataset=dataset, purpose=Purpose.INPUT, config=config, thumb_suffix="", by=alice)
    whose = turns.whose(check.pk)
    assert whose
    host = ("host", "minio.example.com")
    assert whose.claims == {("team", dataset.team_id), ("person", alice.pk), host, turns.MAY_BE_SILENT}
    busy = frozenset({("host", "minio.example.com")})
    shares.ASKED_FOR.run("others", busy, lambda: tasks.run_check(check.pk))
    assert ran == [check.pk]


@pytest.mark.parametrize(("cause", "is_silent"), [("", False), ("denied", False), ("timeout", True)])
@pytest.mark.parametrize("provider", ["S3", "S3Compatible"])
def test_a_storage_may_be_silent_if_it_was_at_the_last_check(
    provider: str, cause: str, is_silent: bool, dataset: Dataset, alice: User
) -> None:
    config = parse_config(example(provider))
    check = services.save(dataset=dataset, purpose=Purpose.INPUT, config=config, thumb_suffix="", by=alice)
    assert claims_silence(check) == (provider == "S3Compatible"), "nobody has tried yet"
    verdicts = {"list": {"state": "granted", "cause": ""}, "read": {"state": "unknown", "cause": cause}}
    PermissionCheck.objects.update(state=CheckState.DONE, verdicts=verdicts)
    check.datasource.refresh_from_db()
    again = services.check_again(datasource=check.datasource, by=alice)
    assert again
    assert claims_silence(again) == is_silent


def claims_silence(check: PermissionCheck) -> bool:
    whose = turns.whose(check.pk)
    assert whose
    return turns.MAY_BE_SILENT in whose.claims


def test_the_clouds_own_hosts_are_nobodys(check: PermissionCheck, alice: User, dataset: Dataset) -> None:
    whose = turns.whose(check.pk)
    assert whose
    assert {kind for kind, _ in whose.claims} == {"team", "person"}


def test_the_page_says_why_it_waits(check: PermissionCheck) -> None:
    PermissionCheck.objects.update(dispatched_at=timezone.now(), queued_at=timezone.now() - timedelta(minutes=1))
    turns.mark_waiting(check.pk)
    check.refresh_from_db()
    assert status_of(Purpose.INPUT, check.datasource).warning != ""
    check.datasource.refresh_from_db()
    assert status_of(Purpose.INPUT, check.datasource).warning == OTHERS_FIRST
    # Its worker has died, and no sweep came.
    PermissionCheck.objects.update(started_at=timezone.now() - timedelta(minutes=5))
    check.datasource.refresh_from_db()
    assert status_of(Purpose.INPUT, check.datasource).warning.startswith("No worker is answering.")


def test_a_lost_check_is_in_nobodys_turn(check: PermissionCheck) -> None:
    PermissionCheck.objects.update(state=CheckState.RUNNING, started_at=timezone.now() - timedelta(minutes=1))
    assert checks.find_lost() == [check.pk]
    check.refresh_from_db()
    assert not turns.is_in_turn(check)
