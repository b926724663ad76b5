"""How django-allauth behaves here: accounts come from the first run, invitations or admins, not from signing up."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.crypto import seal, unseal
from core.mails import mail
from core.names import visible
from core.web.throttle import address_of
from teams.access import SECOND_FACTORS, needs_second_factor
from teams.actions import AuditAction
from teams.audit.services import record_nobody
from teams.invitations.services import UnusableInvitationError, accept, accept_with_single_sign_on, open_invitations_for
from teams.models import User
from teams.sign_in.proof import hand_over

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """allauth lets disabled people pass here, to tell them so later. Nobody sits in front of a service account."""
        user = super().authenticate(request, **credentials)
        return None if user and user.is_service_account else user

    def get_client_ip(self, request: HttpRequest) -> str:
        """By which allauth counts attempts: the same address by which our own throttles count."""
        return address_of(request)

    def render_mail(self, template_prefix: str, email: Any, context: Any, headers: Any = None) -> EmailMessage:
        """Its text in the look of our other mails. Every template of allauth's is in templates/, in our words."""
        written = super().render_mail(template_prefix, email, context, headers)
        return mail(written.subject, str(written.body), written.to, sender=written.from_email, headers=headers)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """What was done stays done, and a page looks the same for addresses without an account, if the server is down.

        Nobody is told of a change of theirs by a server that is down, so the operator's log says that it failed.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            # Not its text: a server's answer may quote the mail, and so a link that sets a password.
            logger.warning("The mail %s could not be sent: %s", template_prefix, type(error).__name__)

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There are no user names: people sign in with their e-mail address."""


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": _(
            "A team of yours requires a second factor, and this is your last one. Add another one first."
        ),
        "incorrect_code": _("This code is wrong. Codes change every 30 seconds: enter the current one."),
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
            is_new_link = sociallogin.account.pk is None
            if is_new_link and sociallogin.state.get("process") != AuthProcess.CONNECT:
                had_password = sociallogin.user.has_usable_password()
                hand_over(sociallogin.user)
                if had_password:
                    messages.info(
                        request, gettext("Your account is linked to single sign-on now. Your password no longer works.")
                    )
            EmailAddress.objects.get_or_create(
                user=sociallogin.user, email=sociallogin.user.email, defaults={"verified": True, "primary": True}
            )
            return
        if request.user.is_authenticated:
            return
        if user := _invited_person(sociallogin):
            sociallogin.connect(request, user)
            return
        email = sociallogin.user.email
        words = f"{email or 'somebody without an address'} with single sign-on"
        record_nobody(team=None, action=AuditAction.SIGN_IN_FAILED, target=words)
        context = {"email": email, "is_unverified": email and not any(a.verified for a in sociallogin.email_addresses)}
        raise ImmediateHttpResponse(render(request, "socialaccount/unknown_person.html", context, status=403))

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        # Before allauth looks for an account with one of these addresses.
        for address in sociallogin.email_addresses:
            address.verified = _is_vouched_for(sociallogin.account.get_provider_account().get_user_data() or {})
        user: User = sociallogin.user
        user.email = User.objects.normalize_email(data.get("email"))
        user.name = visible(str(data.get("name") or ""))[:150]
        return user


def _is_vouched_for(claims: dict[str, Any]) -> bool:
    """Whether the provider says that the address is the person's own.

    The claim is a boolean (OpenID Connect Core 1.0, 5.1), but Cognito and Apple send it as text. Anything else vouches
    for nothing. Entra ID never sends it for work accounts; then the operator's word counts.
    """
    if "email_verified" not in claims:
        return bool(settings.LIGHTLY_OIDC_TRUST_EMAILS)
    claim = claims["email_verified"]
    return claim is True or (isinstance(claim, str) and claim.strip().lower() == "true")


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
