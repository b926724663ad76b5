"""Somebody goes: their datasets stay, and nothing of the team is left to them."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from datasets.access import datasets_for
from datasets.handover import services
from datasets.handover.services import remove_member
from datasets.models import Dataset
from datasets.services import create_dataset, share_dataset
from teams import membership
from teams.models import AuditAction, AuditEntry, Role, Team, User
from tests.conftest import Call, Login, person

pytestmark = pytest.mark.django_db


def test_their_datasets_get_another_owner(alice: User, bob: User, team: Team) -> None:
    create_dataset(name="streets", owner=alice)
    mine = create_dataset(name="streets", owner=bob)
    elsewhere = create_dataset(name="other", owner=bob, team=membership.create_team(name="Second", by=bob))
    membership.switch_team(user=bob, team=team)
    assert remove_member(team=team, user=bob, heir=alice, by=alice) == 1
    mine.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (mine.owner, mine.name, mine.team) == (alice, "streets_1", team)
    assert elsewhere.owner == bob
    entry = AuditEntry.objects.get(action=AuditAction.DATASETS_TRANSFERRED)
    assert entry.target == "1 of bob@example.com to alice@example.com: streets → streets_1"


def test_what_was_shared_with_them_too_is_gone(alice: User, bob: User, charlie: User, team: Team) -> None:
    share_dataset(dataset=create_dataset(name="streets", owner=alice), emails=[bob.email])
    foreign = create_dataset(name="foreign", owner=charlie)
    share_dataset(dataset=foreign, emails=[bob.email])
    remove_member(team=team, user=bob, heir=alice, by=alice)
    assert list(datasets_for(bob)) == [foreign]


@pytest.mark.parametrize("heir", ["charlie", "bob"])
def test_the_heir_is_of_the_team(alice: User, bob: User, charlie: User, team: Team, heir: str) -> None:
    dataset = create_dataset(name="streets", owner=bob)
    with pytest.raises(ValidationError):
        remove_member(team=team, user=bob, heir={"charlie": charlie, "bob": bob}[heir], by=alice)
    dataset.refresh_from_db()
    assert dataset.owner == bob
    assert team.members.filter(pk=bob.pk).exists()


def test_the_heir_makes_a_dataset_of_the_name_at_this_very_moment(
    alice: User, bob: User, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = create_dataset(name="streets", owner=bob)
    names_owned_by = services.names_owned_by
    made: list[Dataset] = []

    def read_just_before_the_heir_is_quicker(user: User) -> Any:
        names = list(names_owned_by(user))
        if not made:
            made.append(create_dataset(name="streets", owner=alice))
        return names

    monkeypatch.setattr(services, "names_owned_by", read_just_before_the_heir_is_quicker)
    assert remove_member(team=team, user=bob, heir=alice, by=alice) == 1
    mine.refresh_from_db()
    assert (mine.owner, mine.name) == (alice, "streets_1")
    assert made[0].name == "streets"


def test_nothing_moves_when_it_is_refused(alice: User, bob: User, team: Team) -> None:
    dataset = create_dataset(name="streets", owner=alice)
    with pytest.raises(PermissionDenied):
        remove_member(team=team, user=alice, heir=bob, by=bob)
    with pytest.raises(membership.LastOwnerError):
        remove_member(team=team, user=alice, heir=bob, by=alice)
    dataset.refresh_from_db()
    assert dataset.owner == alice


def test_a_script_leaves_while_all_owners_are_disabled(call: Call, alice: User, bob: User, team: Team) -> None:
    url = f"/v1/teams/{team.pk}/members/{bob.pk}"
    User.objects.filter(pk=alice.pk).update(is_active=False)
    dataset = create_dataset(name="of-bob", owner=bob)
    answer = call(bob).delete(url)
    assert (answer.status_code, answer.json()["code"]) == (409, "CONFLICT")
    assert "new owner of the datasets" in answer.json()["error"]
    assert team.memberships.filter(user=bob).exists()
    dataset.delete()
    assert call(bob).delete(url).status_code == 204


class TestDialog:
    def test_the_remover_is_proposed(self, login: Login, alice: User, bob: User, team: Team) -> None:
        dataset = create_dataset(name="streets", owner=bob)
        cleo = person("cleo@example.com", team, Role.MEMBER)
        page = reverse("datasets:remove_member", args=[team.pk, bob.pk])
        html = login(alice).get(page).content.decode()
        assert f'<option value="{alice.pk}" selected>' in html
        assert f'value="{bob.pk}"' not in html
        assert login(alice).post(page, {"heir": ""}).status_code == 422
        assert login(alice).post(page, {"heir": "nonsense\0"}).status_code == 422
        assert login(alice).post(page, {"heir": cleo.pk})["Location"] == reverse("teams:people", args=[team.pk])
        dataset.refresh_from_db()
        assert dataset.owner == cleo
        assert not team.members.filter(pk=bob.pk).exists()

    def test_without_datasets_nothing_is_asked(self, login: Login, alice: User, bob: User, team: Team) -> None:
        page = reverse("datasets:remove_member", args=[team.pk, bob.pk])
        assert "takes over" not in login(alice).get(page).content.decode()
        login(alice).post(page)
        assert not team.members.filter(pk=bob.pk).exists()

    def test_leaving_ones_only_team_signs_out(self, login: Login, alice: User, bob: User, team: Team) -> None:
        create_dataset(name="streets", owner=bob)
        client = login(bob)
        page = reverse("datasets:leave_team", args=[team.pk])
        assert "signed out everywhere" in client.get(page).content.decode()
        assert client.post(page, {"heir": ""}).status_code == 422
        client.post(page, {"heir": alice.pk})
        assert client.get("/")["Location"].startswith("/accounts/login/")
