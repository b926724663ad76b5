"""An account and the person whose address it has: what proves that they belong together.

Accounts are made for addresses by whoever invites them, so the person in front of one may be somebody else until a
mailed link or the operator's single sign-on says who has the address.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils import timezone

from teams.actions import AuditAction
from teams.audit.services import record_for_person
from teams.models import ApiToken, User


@transaction.atomic
def hand_over(user: User) -> None:
    """To whom single sign-on vouches for, at their first sign-in by it: who chose the password may be somebody else.

    The password and all sessions end. If nobody had proved the address before, so does every other way in: tokens,
    passkeys and other second factors, other accounts at the provider. `user` is changed in place and saved.
    """
    user.set_unusable_password()
    user.session_version += 1
    words = "to none: single sign-on took its place"
    if not user.email_is_proven:
        words += ", and all tokens and second factors ended"
        ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
        Authenticator.objects.filter(user=user).delete()
        SocialAccount.objects.filter(user=user).delete()
    user.email_is_proven = True
    user.save(update_fields=["password", "session_version", "email_is_proven"])
    record_for_person(user=user, action=AuditAction.PASSWORD_CHANGED, target=words)


def password_was_reset(sender: Any, *, user: User, **_: Any) -> None:
    """allauth's signal: somebody chose a password by a link from the mailbox, or from staff, so the address is theirs.

    Unless whoever made the account kept another way in: that person would see what the address inherits as well.
    """
    if user.email_is_proven or _has_other_ways_in(user):
        return
    user.email_is_proven = True
    user.save(update_fields=["email_is_proven"])


def _has_other_ways_in(user: User) -> bool:
    tokens = ApiToken.objects.filter(user=user, revoked_at=None).exclude(expires_at__lte=timezone.now())
    return (
        tokens.exists()
        or Authenticator.objects.filter(user=user).exists()
        or SocialAccount.objects.filter(user=user).exists()
    )
