"""A credential that was replaced in several datasources is in the activity of each team that owns one of them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from clouds import CloudConfig, parse_config
from datasets.models import SharedAccess, SharedWith
from datasources.models import Datasource, Purpose
from datasources.shared_credentials import services as shared_credentials
from teams.models import AuditEntry, Team, User
from tests.conftest import SECRET, Login, s3_fields
from tests.datasources.shared_credentials.support import NEW_SECRET, datasource, settings_url, typed

pytestmark = pytest.mark.django_db


def activity(team: Team) -> list[str]:
    entries = AuditEntry.objects.filter(team=team, action="CREDENTIALS_REPLACED").order_by("created_at", "pk")
    return [str(entry) for entry in entries]


def test_who_replaced_it_and_where(login: Login, alice: User, bob: User, team: Team) -> None:
    own = datasource("street", alice)
    datasource("street", alice, purpose="LIGHTLY")
    datasource("bobs", bob)
    datasource("other-key", alice, s3AccessKeyId="AKIAOTHER")
    login(alice).post(settings_url(own), typed())
    said = "replaced the credentials of 3 datasources (AWS S3): street (Input), bobs (Input), street (Lightly)"
    assert activity(team) == [f"{alice.get_full_name()} {said}"]
    page = login(alice).get(reverse("teams:activity", args=[team.pk])).content.decode()
    assert said in page
    assert [secret for secret in (NEW_SECRET, SECRET) if secret in page] == []


@pytest.mark.parametrize("other", [{"s3AccessKeyId": "AKIAOTHER"}, None])
def test_nothing_where_no_other_datasource_has_it(
    login: Login, alice: User, team: Team, other: dict[str, str] | None
) -> None:
    """That is a save like any other, which the history of the checks tells."""
    own = datasource("street", alice)
    if other:
        datasource("other-key", alice, **other)
    login(alice).post(settings_url(own), typed())
    assert Datasource.objects.get(pk=own.pk).revision == 2
    assert activity(team) == []


def test_each_team_reads_of_its_own_datasources_only(
    alice: User, charlie: User, team: Team, s3_config: CloudConfig
) -> None:
    own, charlies = datasource("street", alice), datasource("charlies", charlie)
    access = SharedAccess.objects.create(dataset=charlies.dataset)
    SharedWith.objects.create(shared_access=access, email=alice.email)
    new = parse_config(s3_fields(s3AccessKeyId="AKIANEW"))
    shared_credentials.save_everywhere(
        dataset=own.dataset, purpose=Purpose.INPUT, old=s3_config, new=new, thumb_suffix="", by=alice
    )
    who = alice.get_full_name()
    assert activity(team) == [f"{who} replaced the credentials of 1 datasource (AWS S3): street (Input)"]
    assert activity(charlies.dataset.team) == [
        f"{who} replaced the credentials of 1 datasource (AWS S3): charlies (Input)"
    ]
