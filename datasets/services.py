"""Everything that changes datasets. Who owns them changes in handover/services.py."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from core.addresses import validate_address
from datasets.models import Dataset, DatasetType, SharedAccess, SharedWith
from teams import audit
from teams.models import AuditAction, Team, User
from teams.queries import current_team_of


class NoTeamError(Exception):
    """The person is in no team, so there is nowhere to put a dataset."""


def team_of(user: User) -> Team:
    """The team a new dataset of this person goes to: their current one. Raises NoTeamError."""
    team = current_team_of(user)
    if team is None:
        raise NoTeamError
    return team


@transaction.atomic
def create_dataset(
    *,
    name: str,
    dataset_type: str = DatasetType.IMAGES,
    owner: User,
    team: Team | None = None,
    img_type: str = "full",
    parent_dataset_id: str = "",
) -> Dataset:
    """Raises django's ValidationError, keyed by field, for a bad or taken name or an unknown type."""
    dataset = Dataset(
        name=name.strip(),
        type=dataset_type,
        owner=owner,
        team=team or team_of(owner),
        img_type=img_type,
        parent_dataset_id=parent_dataset_id,
    )
    dataset.full_clean(exclude=["owner", "team"], validate_constraints=False)
    _refuse_taken_name(dataset)
    _save_with_free_name(dataset, force_insert=True)
    audit.record(
        team=dataset.team, actor=owner, action=AuditAction.DATASET_CREATED, target=dataset.name, dataset=dataset
    )
    return dataset


@transaction.atomic
def rename_dataset(*, dataset: Dataset, name: str) -> None:
    """Raises django's ValidationError, keyed by field."""
    before, dataset.name = dataset.name, name.strip()
    dataset.full_clean(exclude=["owner", "team"], validate_constraints=False)
    _refuse_taken_name(dataset)
    dataset.modified_at = timezone.now()
    _save_with_free_name(dataset, update_fields=["name", "modified_at"])
    words = f"{before} → {dataset.name}"
    audit.record(team=dataset.team, action=AuditAction.DATASET_RENAMED, target=words, dataset=dataset)


@transaction.atomic
def delete_dataset(*, dataset: Dataset) -> None:
    """Forget the dataset, its datasources and its checks. Nothing in anybody's bucket is touched."""
    audit.record(team=dataset.team, action=AuditAction.DATASET_DELETED, target=dataset.name, dataset=dataset)
    dataset.delete()


MOST_SHARED_WITH = 1000


@transaction.atomic
def share_dataset(*, dataset: Dataset, emails: list[str]) -> SharedAccess:
    """Replace the list of people outside the team who may work on the dataset. Raises django's ValidationError."""
    addresses = {User.objects.normalize_email(email) for email in emails}
    if len(addresses) > MOST_SHARED_WITH:
        raise ValidationError(
            gettext("At most %(most_shared_with)s addresses.") % {"most_shared_with": MOST_SHARED_WITH}
        )
    for address in addresses:
        validate_address(address)
    shared, _ = SharedAccess.objects.get_or_create(dataset=dataset)
    before = set(shared.people.values_list("email", flat=True))
    shared.people.exclude(email__in=addresses).delete()
    SharedWith.objects.bulk_create(
        SharedWith(shared_access=shared, email=address) for address in sorted(addresses - before)
    )
    _record_sharing(dataset, AuditAction.SHARED, addresses - before)
    _record_sharing(dataset, AuditAction.UNSHARED, before - addresses)
    shared.modified_at = timezone.now()
    shared.save(update_fields=["modified_at"])
    return shared


@transaction.atomic
def share_dataset_with(*, dataset: Dataset, emails: list[str]) -> list[str]:
    """Add people to the list; those who are on it stay. Answers the new ones. Raises django's ValidationError."""
    Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)  # two who add at once lose nobody
    known = set(SharedWith.objects.filter(shared_access__dataset=dataset).values_list("email", flat=True))
    new = sorted({User.objects.normalize_email(email) for email in emails} - known)
    if new:
        share_dataset(dataset=dataset, emails=[*known, *new])
    return new


@transaction.atomic
def stop_sharing_with(*, dataset: Dataset, email: str) -> bool:
    """Take one address off the list. False if it was not on it."""
    deleted, _ = SharedWith.objects.filter(shared_access__dataset=dataset, email=email).delete()
    if deleted:
        SharedAccess.objects.filter(dataset=dataset).update(modified_at=timezone.now())
        _record_sharing(dataset, AuditAction.UNSHARED, {email})
    return bool(deleted)


@transaction.atomic
def unshare_dataset(*, dataset: Dataset, shared_access_id: str) -> bool:
    """End all sharing. False if this is not the dataset's list."""
    people = SharedWith.objects.filter(shared_access__dataset=dataset, shared_access=shared_access_id)
    before = set(people.values_list("email", flat=True))
    deleted, _ = SharedAccess.objects.filter(dataset=dataset, pk=shared_access_id).delete()
    _record_sharing(dataset, AuditAction.UNSHARED, before)
    return bool(deleted)


def _record_sharing(dataset: Dataset, action: AuditAction, emails: set[str]) -> None:
    """One entry, however many addresses; the list may be cut. Nothing if nobody came or went."""
    if emails:
        words = f"{dataset.name} with {', '.join(sorted(emails))}"
        audit.record(team=dataset.team, action=action, target=words, dataset=dataset)


def touch(*, dataset: Dataset) -> None:
    """The client picks its default dataset by the newest change, so changes of datasources count as well."""
    dataset.modified_at = timezone.now()
    dataset.save(update_fields=["modified_at"])


def _refuse_taken_name(dataset: Dataset) -> None:
    if Dataset.objects.filter(owner=dataset.owner, name=dataset.name).exclude(pk=dataset.pk).exists():
        raise _name_is_taken(dataset)


def _save_with_free_name(dataset: Dataset, **how: Any) -> None:
    """Save it. Raises ValidationError if somebody took the name since it was looked for."""
    try:
        with transaction.atomic():
            dataset.save(**how)
    except IntegrityError:
        if not Dataset.objects.filter(owner=dataset.owner, name=dataset.name).exclude(pk=dataset.pk).exists():
            raise
        raise _name_is_taken(dataset) from None


def _name_is_taken(dataset: Dataset) -> ValidationError:
    words = gettext("You have a dataset named %(dataset)s already. Choose another name.") % {"dataset": dataset.name}
    return ValidationError({"name": words})
