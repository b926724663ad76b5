"""Datasets change hands: on request, and when people and scripts leave a team, in which their datasets stay."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from core.web.navigation import HOME
from datasets.models import LONGEST_NAME, Dataset, SharedWith
from teams import audit, membership
from teams.members.obstacles import Obstacle
from teams.models import AuditAction, Team, User
from teams.queries import possible_owners
from teams.service_accounts import services as service_accounts


def datasets_left_by(*, team: Team, user: User) -> QuerySet[Dataset]:
    """What this person owns in the team, and so somebody has to take over."""
    return Dataset.objects.filter(team=team, owner=user).order_by("name")


def datasets_of_team(team: Team) -> Obstacle | None:
    """What keeps the team from being deleted."""
    count = Dataset.objects.filter(team=team).count()
    words = ngettext(
        "The team has %(count)s dataset. Delete it first.",
        "The team has %(count)s datasets. Delete them first.",
        count,
    )
    return Obstacle(words % {"count": count}, HOME.url(), gettext("Go to Datasets")) if count else None


@transaction.atomic
def remove_member(*, team: Team, user: User, heir: User, by: User) -> int:
    """Take somebody no longer in the team, or leave it. Their datasets go to `heir`; how many is the answer.

    Their own part in lists of people with whom the team's datasets are shared ends too, so that nothing of the team is
    left to them. Raises PermissionDenied, ValidationError by field, and membership.LastOwnerError.
    """
    membership.end_membership(team=team, user=user, by=by)
    SharedWith.objects.filter(shared_access__dataset__team=team, email=user.email).delete()
    return transfer_datasets(team=team, datasets=datasets_left_by(team=team, user=user), heir=heir, by=by)


@transaction.atomic
def delete_service_account(*, team: Team, account: User, heir: User, by: User) -> int:
    """Its datasets go to `heir`; how many is the answer. Raises PermissionDenied, ValidationError by field."""
    service_accounts.delete(team=team, account=account, by=by)
    return transfer_datasets(team=team, datasets=datasets_left_by(team=team, user=account), heir=heir, by=by)


@transaction.atomic
def transfer_datasets(*, team: Team, datasets: QuerySet[Dataset], heir: User, by: User) -> int:
    """Make somebody of the team the owner of these datasets of it. How many changed hands is the answer.

    A name the new owner uses already gets a number, as the official client does it. The team's log tells whose datasets
    went to whom. Raises ValidationError by field; then nothing has changed.
    """
    team = membership.lock(team)  # so that the new owner does not leave the team meanwhile
    found = datasets.exclude(owner=heir).select_related("owner").order_by("name", "pk")
    moved = list(found.select_for_update(of=["self"]))
    if any(dataset.team_id != team.pk for dataset in moved):
        raise ValidationError({"heir": gettext("These datasets are of several teams.")})
    may_own = possible_owners(team).filter(pk=heir.pk).exists()
    if not may_own and datasets.exists():
        raise ValidationError({"heir": gettext("Choose a team member as the new owner of the datasets.")})
    of_owners: dict[str, list[str]] = {}
    taken = set(names_owned_by(heir))
    for dataset in moved:
        owner, before = dataset.owner.get_full_name(), dataset.name
        name = _give(dataset, heir, taken)
        taken.add(name)
        of_owners.setdefault(owner, []).append(name if name == before else f"{before} → {name}")
    for owner, names in of_owners.items():
        words = f"{len(names)} of {owner} to {heir.get_full_name()}: {', '.join(names)}"
        audit.record(team=team, actor=by, action=AuditAction.DATASETS_TRANSFERRED, target=words)
    return len(moved)


def names_owned_by(user: User) -> QuerySet[Dataset, str]:
    return Dataset.objects.filter(owner=user).values_list("name", flat=True)


def _give(dataset: Dataset, heir: User, taken: set[str]) -> str:
    """Save it under its new owner, and a name that is free there, which is the answer."""
    wanted, taken = dataset.name, set(taken)
    dataset.owner = heir
    dataset.modified_at = timezone.now()
    while True:
        dataset.name = _free_name(wanted, taken)
        try:
            with transaction.atomic():
                dataset.save(update_fields=["name", "owner", "modified_at"])
        except IntegrityError:
            if dataset.name not in names_owned_by(heir):  # then the name was not what the database refused
                raise
            taken.add(dataset.name)  # the new owner has made a dataset of this name since
        else:
            return dataset.name


def _free_name(name: str, taken: set[str]) -> str:
    number, free = 0, name
    while free in taken:
        number += 1
        free = f"{name[: LONGEST_NAME - len(str(number)) - 1]}_{number}"
    return free
