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
    has_access: bool
    """The account opens the dataset: its address is proven, or this team let it in itself."""
    in_team: bool
    invited: bool
    """A link waits for them with which they can make an account."""


def shared_people(dataset: Dataset) -> list[SharedPerson]:
    """By address. Five queries, whatever their number."""
    emails = list(
        SharedWith.objects.filter(shared_access__dataset=dataset).order_by("email").values_list("email", flat=True)
    )
    accounts = {user.email: user for user in User.objects.filter(email__in=emails)}
    of_this_team = Invitation.objects.filter(team=dataset.team_id, accepted_by__email__in=emails, email__in=emails)
    let_in = set(of_this_team.values_list("accepted_by", flat=True))
    members = set(
        Membership.objects.filter(team=dataset.team_id, user__email__in=emails).values_list("user__email", flat=True)
    )
    waiting = Invitation.objects.filter(team=dataset.team_id, email__in=emails, accepted_at=None, revoked_at=None)
    invited = {invitation.email for invitation in waiting if invitation.state == "PENDING"}
    return [
        SharedPerson(
            email=email,
            name=accounts[email].name if email in accounts else "",
            has_account=email in accounts,
            has_access=email in accounts and (accounts[email].email_is_proven or accounts[email].pk in let_in),
            in_team=email in members,
            invited=email in invited,
        )
        for email in emails
    ]
