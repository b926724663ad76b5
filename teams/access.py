"""What the teams of a person demand of them."""

from django.contrib.auth.models import AnonymousUser

from teams.models import Membership, User


def needs_second_factor(user: User | AnonymousUser) -> bool:
    """Whether a team of theirs lets in only people with a second factor."""
    return user.is_authenticated and Membership.objects.filter(user=user, team__mfa_required=True).exists()
