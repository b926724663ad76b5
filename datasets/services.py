"""Everything that changes datasets."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from datasets.models import Dataset, DatasetType
from teams.models import Team, User


class NoTeamError(Exception):
    """The person is in no team, so there is nowhere to put a dataset."""


def team_of(user: User) -> Team:
    """The team a new dataset of this person goes to: the one they joined first. Raises NoTeamError."""
    team = Team.objects.filter(memberships__user=user).order_by("memberships__created_at", "pk").first()
    if team is None:
        raise NoTeamError
    return team


@transaction.atomic
def create_dataset(
    *, name: str, dataset_type: str = DatasetType.IMAGES, owner: User, team: Team | None = None
) -> Dataset:
    """Raises django's ValidationError, keyed by field, for a bad or taken name or an unknown type."""
    dataset = Dataset(name=name.strip(), type=dataset_type, owner=owner, team=team or team_of(owner))
    dataset.full_clean(exclude=["owner", "team"], validate_constraints=False)
    _refuse_taken_name(dataset)
    dataset.save(force_insert=True)
    return dataset


@transaction.atomic
def rename_dataset(*, dataset: Dataset, name: str) -> None:
    """Raises django's ValidationError, keyed by field."""
    dataset.name = name.strip()
    dataset.full_clean(exclude=["owner", "team"], validate_constraints=False)
    _refuse_taken_name(dataset)
    dataset.modified_at = timezone.now()
    dataset.save(update_fields=["name", "modified_at"])


def delete_dataset(*, dataset: Dataset) -> None:
    """Forget the dataset, its datasources and its checks. Nothing in anybody's bucket is touched."""
    dataset.delete()


def touch(*, dataset: Dataset) -> None:
    """The client picks its default dataset by the newest change, so changes of datasources count as well."""
    dataset.modified_at = timezone.now()
    dataset.save(update_fields=["modified_at"])


def _refuse_taken_name(dataset: Dataset) -> None:
    if Dataset.objects.filter(owner=dataset.owner, name=dataset.name).exclude(pk=dataset.pk).exists():
        raise ValidationError({"name": f"You have a dataset named {dataset.name} already. Choose another name."})
