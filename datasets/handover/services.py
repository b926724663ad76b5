"""People and scripts leave a team; their datasets stay in it, with a new owner."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from datasets.models import LONGEST_NAME, Dataset, SharedWith
from teams import audit, membership
from teams.models import AuditAction, Team, User
from teams.service_accounts import services as service_accounts


def datasets_left_by(*, team: Team, user: User) -> QuerySet[Dataset]:
    """What this person owns in the team, and so somebody has to take over."""
    return Dataset.objects.filter(team=team, owner=user).order_by("name")


@transaction.atomic
def remove_member(*, team: Team, user: User, heir: User, by: User) -> int:
    """Take somebody out of the team, or leave it. Their datasets go to `heir`; how many is the answer.

    Their own part in lists of people with whom the team's datasets are shared ends too, so that nothing of the team is
    left to them. Raises PermissionDenied, ValidationError by field, and membership.LastOwnerError.
    """
    membership.end_membership(team=team, user=user, by=by)
    SharedWith.objects.filter(shared_access__dataset__team=team, email=user.email).delete()
    return transfer_datasets(team=team, owner=user, heir=heir, by=by)


@transaction.atomic
def delete_service_account(*, team: Team, account: User, heir: User, by: User) -> int:
    """Its datasets go to `heir`; how many is the answer. Raises PermissionDenied, ValidationError by field."""
    service_accounts.delete(team=team, account=account, by=by)
    return transfer_datasets(team=team, owner=account, heir=heir, by=by)


@transaction.atomic
def transfer_datasets(*, team: Team, owner: User, heir: User, by: User) -> int:
    """Make somebody of the team the owner of all that another one owns in it.

    A name the new owner uses already gets a number, as the official client does it. Raises ValidationError by field.
    """
    moved = list(datasets_left_by(team=team, user=owner).select_for_update())
    if not moved:
        return 0
    if heir == owner or not team.memberships.filter(user=heir).exists():
        raise ValidationError({"heir": gettext("Choose somebody of the team to take over the datasets.")})
    taken = set(Dataset.objects.filter(owner=heir).values_list("name", flat=True))
    for dataset in moved:
        dataset.name = _free_name(dataset.name, taken)
        taken.add(dataset.name)
        dataset.owner = heir
        dataset.modified_at = timezone.now()
        dataset.save(update_fields=["name", "owner", "modified_at"])
    words = f"{len(moved)} of {owner.get_full_name()} to {heir.get_full_name()}"
    audit.record(team=team, actor=by, action=AuditAction.DATASETS_TRANSFERRED, target=words)
    return len(moved)


def _free_name(name: str, taken: set[str]) -> str:
    number, free = 0, name
    while free in taken:
        number += 1
        free = f"{name[: LONGEST_NAME - len(str(number)) - 1]}_{number}"
    return free
