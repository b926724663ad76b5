"""Renaming datasets and handing them over in the admin panel."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.test import Client

from datasets.handover.services import transfer_datasets
from datasets.models import Dataset, SharedAccess
from datasets.services import create_dataset, share_dataset
from teams.models import AuditAction, AuditEntry, Team, User
from tests.conftest import PASSWORD, Login

pytestmark = pytest.mark.django_db
DATASETS = "/admin/datasets/dataset/"


@pytest.fixture
def panel(login: Login, db: None) -> Client:
    return login(User.objects.create_superuser("chief@example.com", PASSWORD))


def transfer(client: Client, email: str, *datasets: Dataset, **more: str) -> Any:
    data = {"action": "transfer", "_selected_action": [each.pk for each in datasets], "confirmed": "1", "email": email}
    return client.post(DATASETS, {**data, **more})


def test_it_asks_for_the_new_owner(panel: Client, dataset: Dataset, bob: User, charlie: User) -> None:
    answer = panel.post(DATASETS, {"action": "transfer", "_selected_action": dataset.pk})
    html = answer.content.decode()
    assert answer.status_code == 200
    assert f'<option value="{bob.email}">' in html
    assert charlie.email not in html
    assert Dataset.objects.get().owner != bob


def test_the_owner_changes(panel: Client, dataset: Dataset, bob: User) -> None:
    assert transfer(panel, "Bob@Example.com", dataset).status_code == 302
    dataset.refresh_from_db()
    assert dataset.owner == bob
    assert [entry.get_change_message() for entry in LogEntry.objects.all()] == ["Transferred to bob@example.com."]


@pytest.mark.parametrize(
    ("email", "sentence"),
    [
        ("charlie@example.com", "No member of Acme Vision"),
        ("nobody@example.com", "No member of Acme Vision"),
        ("not an address", "valid e-mail"),
        ("", "required"),
    ],
)
def test_only_to_members(
    panel: Client, dataset: Dataset, charlie: User, alice: User, email: str, sentence: str
) -> None:
    answer = transfer(panel, email, dataset)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    dataset.refresh_from_db()
    assert dataset.owner == alice


def test_not_to_the_disabled(panel: Client, dataset: Dataset, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert transfer(panel, bob.email, dataset).status_code == 422


def test_a_name_that_the_new_owner_uses_gets_a_number(panel: Client, dataset: Dataset, bob: User) -> None:
    create_dataset(name=dataset.name, owner=bob)
    assert transfer(panel, bob.email, dataset).status_code == 302
    dataset.refresh_from_db()
    assert (dataset.owner, dataset.name) == (bob, "street-scenes_1")


def test_two_of_one_name_come_together(panel: Client, dataset: Dataset, bob: User, team: Team) -> None:
    his = create_dataset(name=dataset.name, owner=bob)
    third = User.objects.create_user("third@example.com", PASSWORD)
    team.memberships.create(user=third)
    transfer(panel, third.email, dataset, his)
    assert sorted(third.datasets.values_list("name", flat=True)) == ["street-scenes", "street-scenes_1"]


def test_the_teams_log_tells_it_for_each_former_owner(panel: Client, dataset: Dataset, bob: User, team: Team) -> None:
    third = User.objects.create_user("third@example.com", PASSWORD)
    team.memberships.create(user=third)
    transfer(panel, third.email, dataset, create_dataset(name="one", owner=bob), create_dataset(name="two", owner=bob))
    entries = AuditEntry.objects.filter(team=team, action=AuditAction.DATASETS_TRANSFERRED)
    assert {(entry.actor_name, entry.target) for entry in entries} == {
        ("chief@example.com", "1 of alice@example.com to third@example.com: street-scenes"),
        ("chief@example.com", "2 of bob@example.com to third@example.com: one, two"),
    }


def test_one_team_at_a_time(panel: Client, dataset: Dataset, bob: User, charlie: User) -> None:
    elsewhere = create_dataset(name="other", owner=charlie)
    answer = transfer(panel, bob.email, dataset, elsewhere)
    assert answer.status_code == 302
    assert [str(message) for message in panel.get(DATASETS).context["messages"]] == [
        "Choose at most 500 datasets, all of one team."
    ]
    for team in (dataset.team, elsewhere.team):
        with pytest.raises(ValidationError):
            transfer_datasets(team=team, datasets=Dataset.objects.all(), heir=bob, by=bob)
    assert not bob.datasets.exists()


def test_renaming_keeps_the_rules(panel: Client, dataset: Dataset, alice: User, charlie: User) -> None:
    create_dataset(name="taken", owner=alice)
    create_dataset(name="elsewhere", owner=charlie)
    path = f"{DATASETS}{dataset.pk}/change/"
    for name, sentence in {"taken": "has a dataset named taken already", "x": "at least 3", "a/b": "Letters"}.items():
        answer = panel.post(path, {"name": name, "type": "Images"})
        assert sentence in answer.content.decode(), name
    before = dataset.modified_at
    assert panel.post(path, {"name": "elsewhere", "type": "Videos"}).status_code == 302
    dataset.refresh_from_db()
    assert (dataset.name, dataset.type) == ("elsewhere", "Videos")
    assert dataset.modified_at > before


def test_it_is_deleted_with_all_that_hangs_on_it(panel: Client, dataset: Dataset) -> None:
    share_dataset(dataset=dataset, emails=["guest@example.com"])
    path = f"{DATASETS}{dataset.pk}/"
    assert "guest@example.com" in panel.get(f"{path}change/").content.decode()
    assert panel.post(f"{path}delete/", {"post": "yes"}).status_code == 302
    assert not Dataset.objects.exists()
    assert not SharedAccess.objects.exists()
