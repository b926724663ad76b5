"""Writes to the log how people get in and out, and what they change about it: receivers of the signals that tell so.

Each signal is sent once for what it tells of; allauth sends those of new second factors right after the commit. Nothing
of what somebody typed is written but an e-mail address.
"""

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.authentication import get_authentication_records
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as social_signals
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import signals
from django.http import HttpRequest

from core.addresses import LONGEST
from teams.actions import AuditAction
from teams.audit import origin
from teams.audit.services import record_for_person, record_nobody
from teams.models import User

# As allauth calls them in the session.
_METHODS = {
    "password": "a password",
    "password_reset": "a link from a mail",
    "socialaccount": "single sign-on",
    Authenticator.Type.TOTP: "an authenticator app",
    Authenticator.Type.WEBAUTHN: "a passkey",
    Authenticator.Type.RECOVERY_CODES: "a recovery code",
}
_FACTORS = {
    Authenticator.Type.TOTP: "authenticator app",
    Authenticator.Type.WEBAUTHN: "passkey",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",
}


def connect() -> None:
    """Called once, when the app is ready."""
    for signal, receiver in (
        (signals.user_logged_in, signed_in),
        (signals.user_logged_out, signed_out),
        (signals.user_login_failed, password_failed),
        (account_signals.password_changed, password_changed),
        (account_signals.password_set, password_changed),
        (account_signals.password_reset, password_changed),
        (mfa_signals.authentication_failed, second_factor_failed),
        (mfa_signals.authenticator_added, factor_added),
        (mfa_signals.authenticator_removed, factor_removed),
        (mfa_signals.authenticator_reset, codes_renewed),
        (social_signals.social_account_added, account_linked),
        (social_signals.social_account_removed, account_unlinked),
    ):
        signal.connect(receiver, dispatch_uid=f"teams.{receiver.__name__}")


def signed_in(sender: Any, *, request: HttpRequest, user: User, **_: Any) -> None:
    if origin.current() is None:  # a program that opens a session for itself, without a visitor
        return
    methods = [each.get("type") or each.get("method") for each in get_authentication_records(request, user)]
    words = " and ".join(dict.fromkeys(_METHODS[method] for method in methods if method in _METHODS))
    record_for_person(user=user, action=AuditAction.SIGNED_IN, target=f"with {words}" if words else "")


def signed_out(sender: Any, *, user: User | None, **_: Any) -> None:
    if user and origin.current():
        record_for_person(user=user, action=AuditAction.SIGNED_OUT)


def password_failed(sender: Any, *, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Nobody knows who it was. The address may be anybody's, so only the teams of a person who has it are told."""
    email = User.objects.normalize_email(str(credentials.get("email") or credentials.get("username") or ""))[:LONGEST]
    person = User.objects.filter(email=email).first() if "\0" not in email else None
    if request and person and request.user == person:
        record_for_person(user=person, action=AuditAction.CONFIRM_FAILED, target="with a password")
        return
    _failed(person, f"{email} with a password")


def second_factor_failed(sender: Any, *, user: User, **_: Any) -> None:
    here = origin.current()
    if here and here.person == user:
        record_for_person(user=user, action=AuditAction.CONFIRM_FAILED, target="with a second factor")
    else:
        _failed(user, f"{user.email} with a second factor")


def passkey_failed() -> None:
    _failed(None, "somebody with a passkey")


def _failed(person: User | None, words: str) -> None:
    if person:
        record_for_person(user=person, action=AuditAction.SIGN_IN_FAILED, target=words, is_known=False)
    else:
        record_nobody(team=None, action=AuditAction.SIGN_IN_FAILED, target=words)


def password_changed(sender: Any, *, user: User, **_: Any) -> None:
    record_for_person(user=user, action=AuditAction.PASSWORD_CHANGED)


def factor_added(sender: Any, *, user: User, authenticator: Authenticator, **_: Any) -> None:
    record_for_person(user=user, action=AuditAction.FACTOR_ADDED, target=_factor(authenticator))


def factor_removed(sender: Any, *, user: User, authenticator: Authenticator, **_: Any) -> None:
    record_for_person(user=user, action=AuditAction.FACTOR_REMOVED, target=_factor(authenticator))


def codes_renewed(sender: Any, *, user: User, **_: Any) -> None:
    record_for_person(user=user, action=AuditAction.CODES_RENEWED)


def account_linked(sender: Any, *, sociallogin: Any, **_: Any) -> None:
    record_for_person(user=sociallogin.user, action=AuditAction.ACCOUNT_LINKED, target=_account(sociallogin.account))


def account_unlinked(sender: Any, *, socialaccount: SocialAccount, **_: Any) -> None:
    record_for_person(user=socialaccount.user, action=AuditAction.ACCOUNT_UNLINKED, target=_account(socialaccount))


def _factor(authenticator: Authenticator) -> str:
    kind = _FACTORS.get(authenticator.type, authenticator.type)
    name = authenticator.data.get("name") if authenticator.type == Authenticator.Type.WEBAUTHN else ""
    return f"{kind} {name}" if name else kind


def _account(account: SocialAccount) -> str:
    return f"{account.provider} {account.uid}"
