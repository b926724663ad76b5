import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from datasets.access import dataset_for, datasets_for, editable_dataset_for
from datasets.models import Dataset
from datasets.services import create_dataset
from teams.models import Membership, Role, Team, User

pytestmark = pytest.mark.django_db


def test_the_owner_may_see_and_change_it(alice: User, dataset: Dataset) -> None:
    assert editable_dataset_for(alice, dataset.pk) == dataset


def test_a_member_may_see_but_not_change_it(bob: User, dataset: Dataset) -> None:
    assert not dataset_for(bob, dataset.pk).may_edit
    assert [found.may_edit for found in datasets_for(bob)] == [False]  # once, however many are in the team
    with pytest.raises(PermissionDenied):
        editable_dataset_for(bob, dataset.pk)


def test_a_member_may_change_what_is_his(bob: User) -> None:
    assert editable_dataset_for(bob, create_dataset(name="of bob", owner=bob).pk).may_edit


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_admins_may_change_what_others_made(alice: User, bob: User, role: Role) -> None:
    Membership.objects.filter(user=alice).update(role=role)
    assert editable_dataset_for(alice, create_dataset(name="of bob", owner=bob).pk).may_edit


def test_outsiders_and_strangers_learn_nothing(charlie: User, dataset: Dataset) -> None:
    for person in (charlie, AnonymousUser()):
        assert not datasets_for(person).exists()
        for door in (dataset_for, editable_dataset_for):
            with pytest.raises(Http404):
                door(person, dataset.pk)


def test_an_owner_who_left_the_team_is_an_outsider(alice: User, dataset: Dataset) -> None:
    Membership.objects.filter(user=alice).delete()
    with pytest.raises(Http404):
        dataset_for(alice, dataset.pk)


def test_a_role_counts_in_its_own_team_only(charlie: User, bob: User, team: Team, dataset: Dataset) -> None:
    """Charlie owns another team; as a plain member of this one he may only look."""
    Membership.objects.create(team=team, user=charlie, role=Role.MEMBER)
    assert not dataset_for(charlie, dataset.pk).may_edit


def test_somebody_in_two_teams_sees_each_dataset_once(charlie: User, team: Team, dataset: Dataset) -> None:
    Membership.objects.create(team=team, user=charlie, role=Role.ADMIN)
    create_dataset(name="of charlie", owner=charlie)
    assert sorted(found.name for found in datasets_for(charlie)) == ["of charlie", "street-scenes"]
