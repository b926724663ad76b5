"""From a database without rights of tokens and proofs of addresses: nobody loses anything."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker, Settings

from datasets.access import datasets_for
from teams.audit import pruning
from teams.models import ApiToken, AuditEntry, Scope, User
from tests.upgrading import OldDatabase

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def upgraded(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OldDatabase]:
    with django_db_blocker.unblock():
        old = OldDatabase(
            Path(tmp_path_factory.mktemp("old")),
            ("teams", "0008_credentials_in_the_log"),
            ("datasets", "0004_dataset_read_url_version"),
        )
        try:
            fill(old)
            old.upgrade()
            yield old
        finally:
            old.close()


def fill(old: OldDatabase) -> None:
    first, second = (old.create("teams.Team", name=name, external_id=name) for name in ("first", "second"))
    people = {name: old.create("teams.User", email=f"{name}@example.com") for name in ("one", "both", "none")}
    for team, name in ((first, "one"), (first, "both"), (second, "both")):
        old.create("teams.Membership", team=team, user=people[name], role="OWNER")
    for name, user in people.items():
        old.create("teams.ApiToken", user=user, name=name, digest=name)
    one = people["one"]
    old.create("teams.AuditEntry", team=first, actor=one, actor_name="One", action="INVITED", target="eve@example.com")
    old.create("teams.AuditEntry", team=first, actor_name="", action="GRANT_LINK_OPENED", target="Input of street")
    old.create("teams.ApiToken", user=one, name="ended", digest="ended", expires_at=timezone.now() - timedelta(days=9))
    dataset = old.create("datasets.Dataset", name="street", owner=people["one"], team=first)
    access = old.create("datasets.SharedAccess", dataset=dataset)
    old.create("datasets.SharedWith", shared_access=access, email=people["none"].email)


@pytest.fixture
def furnished(upgraded: OldDatabase, db: None, settings: Settings) -> Iterator[None]:
    settings.DATABASE_ROUTERS = ["tests.upgrading.AllInUpgraded"]
    with upgraded.used():
        yield


def test_tokens_keep_all_rights_and_have_no_end(furnished: None) -> None:
    tokens = ApiToken.objects.exclude(name="ended")
    assert {token.name: token.scopes.split() for token in tokens} == dict.fromkeys(
        ("one", "both", "none"), Scope.values
    )
    assert all(token.expires_at is None or token.expires_at > timezone.now() for token in tokens)


def test_tokens_belong_to_the_only_team(furnished: None) -> None:
    """As they ended with it until now. Of people in several teams they did not."""
    assert {
        token.name: token.team and token.team.name
        for token in ApiToken.objects.exclude(name="ended").select_related("team")
    } == {
        "one": "first",
        "both": None,
        "none": None,
    }


def test_people_go_on_seeing_what_is_shared_with_them(furnished: None) -> None:
    assert set(User.objects.values_list("email_is_proven", flat=True)) == {True}
    assert [found.name for found in datasets_for(User.objects.get(email="none@example.com"))] == ["street"]


def test_the_log_keeps_all_entries_and_learns_what_their_teams_are_called(furnished: None) -> None:
    entries = AuditEntry.objects.order_by("action").select_related("team", "actor")
    assert [(entry.who, entry.actor_email, entry.action, entry.target, entry.team_name) for entry in entries] == [
        ("Somebody", "", "GRANT_LINK_OPENED", "Input of street", "first"),
        ("One", "one@example.com", "INVITED", "eve@example.com", "first"),
    ]
    assert {(entry.via, entry.address, entry.dataset_id) for entry in entries} == {("", "", "")}
    assert [entry.team and entry.team.name for entry in entries] == ["first", "first"]


def test_tokens_that_ended_long_ago_are_no_news(furnished: None) -> None:
    assert pruning.note_expired_tokens() == 0
