"""With whom a dataset is shared outside its team, as the pages show it."""

from dataclasses import dataclass

from datasets.models import Dataset, SharedWith
from teams.models import Invitation, Membership, User


@dataclass(frozen=True)
class SharedPerson:
    email: str
    name: str
    """Empty until somebody with this address exists."""
    has_account: bool
    in_team: bool
    invited: bool
    """A link waits for them with which they can make an account."""


def shared_people(dataset: Dataset) -> list[SharedPerson]:
    """By address. Four queries, whatever their number."""
    emails = list(
        SharedWith.objects.filter(shared_access__dataset=dataset).order_by("email").values_list("email", flat=True)
    )
    names = dict(User.objects.filter(email__in=emails).values_list("email", "name"))
    members = set(
        Membership.objects.filter(team=dataset.team_id, user__email__in=emails).values_list("user__email", flat=True)
    )
    waiting = Invitation.objects.filter(team=dataset.team_id, email__in=emails, accepted_at=None, revoked_at=None)
    invited = {invitation.email for invitation in waiting if invitation.state == "PENDING"}
    return [
        SharedPerson(
            email=email,
            name=names.get(email, ""),
            has_account=email in names,
            in_team=email in members,
            invited=email in invited,
        )
        for email in emails
    ]
