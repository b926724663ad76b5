"""How django-allauth behaves here: accounts come from the first run, invitations or admins, not from signing up."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from core.crypto import seal, unseal
from teams.access import SECOND_FACTORS, needs_second_factor
from teams.invitations.services import UnusableInvitationError, accept, accept_with_single_sign_on, open_invitations_for
from teams.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """allauth lets disabled people pass here, to tell them so later. Nobody sits in front of a service account."""
        user = super().authenticate(request, **credentials)
        return None if user and user.is_service_account else user

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names: people sign in with their e-mail address."""


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": _(
            "A team of yours requires a second factor, and this is your last one. Add another one first."
        ),
        "incorrect_code": _("This code is not right. Codes change every 30 seconds: type the one shown now."),
    }

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        user = authenticator.user
        others = Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).exclude(pk=authenticator.pk)
        return authenticator.type not in SECOND_FACTORS or not needs_second_factor(user) or others.exists()


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Single sign-on lets in who is known here already. Who isn't is told so, instead of a closed door."""
        if sociallogin.is_existing:
            # Accounts here are made by owners and invitations, never by strangers, so no password need be wiped.
            EmailAddress.objects.get_or_create(
                user=sociallogin.user, email=sociallogin.user.email, defaults={"verified": True, "primary": True}
            )
            return
        if request.user.is_authenticated:
            return
        if user := _invited_person(sociallogin):
            sociallogin.connect(request, user)
            return
        raise ImmediateHttpResponse(
            render(request, "socialaccount/unknown_person.html", {"email": sociallogin.user.email}, status=403)
        )

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        user: User = sociallogin.user
        user.email = User.objects.normalize_email(data.get("email"))
        user.name = str(data.get("name") or "")[:150]
        return user


def _invited_person(sociallogin: Any) -> User | None:
    """An account for somebody with open invitations, if the provider vouches for the address. Uses their links up."""
    addresses = [address.email for address in sociallogin.email_addresses if address.verified]
    person = None
    for invitation in open_invitations_for(User.objects.normalize_email(address) for address in addresses):
        try:
            if person is None:
                person = accept_with_single_sign_on(invitation=invitation, name=sociallogin.user.name)
            elif invitation.email == person.email:
                accept(invitation=invitation, user=person)
        except UnusableInvitationError:  # used or revoked at this very moment
            continue
    return person
