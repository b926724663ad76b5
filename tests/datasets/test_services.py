import pytest
from django.core.exceptions import ValidationError

from datasets import services
from datasets.models import Dataset, DatasetType
from teams.models import Membership, Team, User

pytestmark = pytest.mark.django_db


def test_a_dataset_gets_a_24_hex_id_and_the_owners_team(alice: User, team: Team) -> None:
    dataset = services.create_dataset(name=" street scenes_1 ", dataset_type=DatasetType.VIDEOS, owner=alice)
    assert len(dataset.pk) == 24
    assert set(dataset.pk) <= set("0123456789abcdef")
    assert (dataset.name, dataset.type, dataset.team) == ("street scenes_1", "Videos", team)


@pytest.mark.parametrize("name", ["", "ab", "-abc", " ", "_ab", "ab/c", "größe", "abc\n\ndef", "abc.def", "a" * 256])
def test_names_the_client_would_refuse_are_refused(alice: User, name: str) -> None:
    with pytest.raises(ValidationError) as caught:
        services.create_dataset(name=name, owner=alice)
    assert list(caught.value.message_dict) == ["name"]
    assert not Dataset.objects.exists()


def test_an_unknown_type_is_refused(alice: User) -> None:
    with pytest.raises(ValidationError) as caught:
        services.create_dataset(name="street-scenes", dataset_type="Sounds", owner=alice)
    assert list(caught.value.message_dict) == ["type"]


def test_a_person_has_no_two_datasets_of_one_name(alice: User, bob: User, dataset: Dataset) -> None:
    with pytest.raises(ValidationError, match="already"):
        services.create_dataset(name=dataset.name, owner=alice)
    assert services.create_dataset(name=dataset.name, owner=bob).name == dataset.name


def test_a_name_taken_at_this_very_moment_is_refused_too(
    alice: User, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = services.create_dataset(name="other", owner=alice)
    monkeypatch.setattr(services, "_refuse_taken_name", lambda dataset: None)  # it looked a moment too early
    with pytest.raises(ValidationError, match="already"):
        services.create_dataset(name=dataset.name, owner=alice)
    with pytest.raises(ValidationError, match="already"):
        services.rename_dataset(dataset=other, name=dataset.name)


def test_who_is_in_no_team_has_no_place_for_a_dataset(alice: User) -> None:
    Membership.objects.all().delete()
    with pytest.raises(services.NoTeamError):
        services.create_dataset(name="street-scenes", owner=alice)


def test_renaming_bumps_the_time_of_change(dataset: Dataset) -> None:
    before = dataset.modified_at
    services.rename_dataset(dataset=dataset, name="night-scenes")
    dataset.refresh_from_db()
    assert dataset.name == "night-scenes"
    assert dataset.modified_at > before


def test_renaming_to_the_same_name_is_fine_and_to_a_taken_one_is_not(alice: User, dataset: Dataset) -> None:
    services.rename_dataset(dataset=dataset, name=dataset.name)
    services.create_dataset(name="night-scenes", owner=alice)
    with pytest.raises(ValidationError, match="already"):
        services.rename_dataset(dataset=dataset, name="night-scenes")
    dataset.refresh_from_db()
    assert dataset.name == "street-scenes"
