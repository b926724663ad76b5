"""Inviting people: links that open a team to one address, once.

A link is signed with the server's key over the invitation's id and nonce, so it is stored nowhere, and a worker can
make it for the mail without being sent it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from core.addresses import validate_address
from teams import audit, membership, roles
from teams.invitations import limits, links, tasks
from teams.models import AuditAction, Invitation, InvitationState, Membership, Role, Team, User, new_nonce

LIFETIME = timedelta(days=7)
MOST_AT_ONCE = 200
# Anybody can have an address there, so its owner says nothing about whom somebody works for.
_PUBLIC = """
163.com 126.com aol.com duck.com fastmail.com free.fr gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com
hey.com hotmail.com icloud.com laposte.net libero.it live.com mac.com mail.com mail.ru me.com msn.com orange.fr
outlook.com pm.me proton.me protonmail.com qq.com rocketmail.com seznam.cz t-online.de tutanota.com tuta.com wanadoo.fr
web.de wp.pl yahoo.co.jp yahoo.co.uk yahoo.com yahoo.de yahoo.fr yandex.com yandex.ru ymail.com zoho.com
"""
PUBLIC_MAIL_DOMAINS = frozenset(_PUBLIC.split())
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})+")


class UnusableInvitationError(Exception):
    """The link is not good (any more). The text says why and what to do."""


@dataclass(frozen=True)
class Invited:
    """One line of what somebody pasted: an address, and as what it is invited."""

    email: str
    role: str


# ---- making and ending them ----


@transaction.atomic
def invite(*, team: Team, people: Iterable[Invited], by: User) -> list[Invitation]:
    """All of them or none. Sends the mails, if there is a mail server.

    Raises PermissionDenied, or ValidationError with one sentence per address that can't be invited.
    """
    team = membership.lock(team)
    mine = _role_in(team, by)
    if not roles.may_manage(mine):
        raise PermissionDenied(gettext("Only the team's owners and admins may invite people."))
    wanted = {User.objects.normalize_email(person.email): person.role for person in people}
    known = _Known(team, [email for email in wanted if "\0" not in email])
    problems, invitations = [], []
    for email, role in wanted.items():
        problem = _problem(known, email, role, mine)
        if not problem and not limits.allow(team, email):
            problem = _too_often(email)
        if problem:
            problems.append(problem)
            continue
        invitation = _make(team, email, role, by)
        invitations.append(invitation)
        words = f"{email} as {invitation.role_words}"
        audit.record(team=team, actor=by, action=AuditAction.INVITED, target=words)
    if problems:
        raise ValidationError(problems)
    return invitations


@transaction.atomic
def renew(*, invitation: Invitation, by: User | None) -> Invitation:
    """Another seven days and another link; the one before ends. `by` answers for it from now on, if it is somebody.

    Raises UnusableInvitationError if it is over, or was renewed too often.
    """
    invitation = Invitation.objects.select_for_update().select_related("team").get(pk=invitation.pk)
    if invitation.state in {InvitationState.ACCEPTED, InvitationState.REVOKED}:
        raise UnusableInvitationError(
            gettext("The invitation of %(invitation)s is %(state)s.")
            % {"invitation": invitation.email, "state": invitation.state.label.lower()}
        )
    if by and not limits.allow(invitation.team, invitation.email):  # a page for strangers has a throttle of its own
        raise UnusableInvitationError(_too_often(invitation.email))
    invitation.nonce = new_nonce()
    invitation.expires_at = timezone.now() + LIFETIME
    invitation.mailed_at, invitation.mail_problem = None, ""
    invitation.invited_by = by or invitation.invited_by
    invitation.save(update_fields=["nonce", "expires_at", "mailed_at", "mail_problem", "invited_by"])
    _mail(invitation)
    audit.record(team=invitation.team, actor=by, action=AuditAction.INVITATION_RENEWED, target=invitation.email)
    return invitation


@transaction.atomic
def revoke(*, invitation: Invitation, by: User) -> None:
    """Its link opens nothing from now on. One that was accepted meanwhile stays as it is."""
    now = timezone.now()
    waiting = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None)
    if waiting.update(revoked_at=now):
        audit.record(team=invitation.team, actor=by, action=AuditAction.INVITATION_REVOKED, target=invitation.email)


def _make(team: Team, email: str, role: str, by: User | None) -> Invitation:
    # One that has expired makes room for the new one.
    team.invitations.filter(email=email, accepted_at=None, revoked_at=None).update(revoked_at=timezone.now())
    expires_at = timezone.now() + LIFETIME
    invitation = Invitation.objects.create(team=team, email=email, role=role, invited_by=by, expires_at=expires_at)
    _mail(invitation)
    _tell_of(invitation)
    return invitation


def _tell_of(invitation: Invitation) -> None:
    """Who has an account finds it in the inbox as well, if the account is known to be theirs."""
    user = User.objects.filter(email=invitation.email, email_is_proven=True, is_active=True).first()
    if user and invitation.role and invitation.invited_by:
        title = gettext("%(by)s invites you to %(team)s as %(role)s.") % {
            "by": invitation.invited_by.get_full_name(),
            "team": invitation.team.name,
            "role": invitation.role_words.lower(),
        }
        membership.tell(user, title, path=reverse("teams:my_invitations"))


def waiting_for(user: User) -> list[Invitation]:
    """What the person may accept without the link: nobody else can have an account whose address is proven."""
    return [one for one in open_invitations_for([user.email]) if _is_usable(one)] if user.email_is_proven else []


def _mail(invitation: Invitation) -> None:
    if settings.LIGHTLY_SENDS_MAIL:
        transaction.on_commit(lambda: tasks.dispatch_invitation(invitation.pk))


class _Known:
    """What there is already under some addresses, asked for once."""

    def __init__(self, team: Team, emails: list[str]) -> None:
        people = User.objects.filter(email__in=emails)
        waiting = team.invitations.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())
        self.members = set(people.filter(memberships__team=team).values_list("email", flat=True))
        # Those for whom a guest's invitation would open nothing new.
        let_in = Q(email_is_proven=True) | Exists(vouched_for(team, OuterRef("pk")))
        self.let_in = set(people.filter(let_in).values_list("email", flat=True))
        self.waiting = set(waiting.filter(email__in=emails).values_list("email", flat=True))


def _problem(known: _Known, email: str, role: str, inviter_role: str) -> str:
    try:
        validate_address(email)
    except ValidationError:
        return gettext("%(email)s is not an e-mail address.") % {"email": email or gettext("An empty line")}
    if role and role not in roles.roles_given_by(inviter_role):
        return (
            gettext("%(email)s: only an owner may invite an owner.") % {"email": email}
            if role == Role.OWNER
            else gettext("%(email)s: no such role.") % {"email": email}
        )
    if email in known.members:
        return gettext("%(email)s is in the team already.") % {"email": email}
    if email in known.waiting:
        return gettext("%(email)s is invited already. Renew that invitation instead.") % {"email": email}
    if not role and email in known.let_in:
        return gettext("%(email)s has an account already.") % {"email": email}
    return ""


def vouched_for(team: Any, user: Any) -> QuerySet[Invitation]:
    """The invitations of this team by which this person came: for the team's own sharing, they prove the address.

    Both may be an OuterRef.
    """
    return Invitation.objects.filter(team=team, accepted_by=user)


def _too_often(email: str) -> str:
    return gettext("%(email)s was invited several times within the last hour. Try again later.") % {"email": email}


def _role_in(team: Team, user: User) -> str:
    return Membership.objects.filter(team=team, user=user).values_list("role", flat=True).first() or ""


# ---- accepting ----


def invitation_of(token: str) -> Invitation:
    """Whose link this is, if it is the newest one of an open invitation. Raises UnusableInvitationError."""
    unknown = gettext("This link is incomplete or was replaced by a newer one. Ask for a new one.")
    try:
        invitation_id, nonce = links.read(token)
    except signing.BadSignature:
        raise UnusableInvitationError(unknown) from None
    invitation = Invitation.objects.select_related("team", "invited_by").filter(pk=invitation_id, nonce=nonce).first()
    if invitation is None:
        raise UnusableInvitationError(unknown)
    _demand_usable(invitation)
    return invitation


def _demand_usable(invitation: Invitation) -> None:
    why = {
        InvitationState.ACCEPTED: gettext("This invitation was used already. If it was you, just sign in."),
        InvitationState.REVOKED: gettext("This invitation was revoked. Ask the person who invited you for a new one."),
        InvitationState.EXPIRED: gettext("This invitation has expired. Ask for a new one."),
    }
    if invitation.state in why:
        raise UnusableInvitationError(why[invitation.state])
    inviter, team = invitation.invited_by, invitation.team
    if inviter is None:
        if not _domain_is_open(team, invitation.email):
            raise UnusableInvitationError(gettext("This team is no longer open to addresses of your domain."))
    elif not (inviter.is_active and _may_give(_role_in(team, inviter), invitation.role)):  # disabled, for example
        raise UnusableInvitationError(
            gettext("The person who invited you may no longer invite people. Ask another member of the team.")
        )


def _is_usable(invitation: Invitation) -> bool:
    try:
        _demand_usable(invitation)
    except UnusableInvitationError:
        return False
    return True


def _may_give(actor_role: str, role: str) -> bool:
    """Guests, who get no role, may be let in by whoever manages the team."""
    return role in roles.roles_given_by(actor_role) if role else roles.may_manage(actor_role)


@transaction.atomic
def accept(*, invitation: Invitation, user: User, by_mail: bool = False) -> None:
    """Somebody who has an account joins the team. `by_mail`: by the mailed link, which proves their address.

    Raises UnusableInvitationError, PermissionDenied.
    """
    invitation = _claim(invitation)
    if user.email != invitation.email or user.is_service_account or not user.is_active:
        raise PermissionDenied(gettext("This invitation is for %(invitation)s.") % {"invitation": invitation.email})
    if by_mail and not user.email_is_proven:
        user.email_is_proven = True
        user.save(update_fields=["email_is_proven"])
    _join(invitation, user)


@transaction.atomic
def accept_with_new_account(*, invitation: Invitation, name: str, password: str, by_mail: bool = False) -> User:
    """An account for the invited address, in the team. Raises UnusableInvitationError, ValidationError by field.

    Its address is proven by the mailed link alone. By a link from a screen it opens what the inviting team shares with
    it, because that team knows to whom it gave the link, and nothing of other teams.
    """
    invitation = _claim(invitation)
    taken = gettext("%(invitation)s has an account already. Sign in with it.") % {"invitation": invitation.email}
    if User.objects.filter(email=invitation.email).exists():
        raise ValidationError(taken)
    try:
        validate_password(password, User(email=invitation.email, name=name))
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from None
    try:
        with transaction.atomic():
            user = User.objects.create_user(invitation.email, password, name=name.strip(), email_is_proven=by_mail)
    except IntegrityError:  # two browser tabs at the same moment
        raise ValidationError(taken) from None
    _join(invitation, user)
    return user


def open_invitations_for(emails: Iterable[str]) -> list[Invitation]:
    """Those that could be accepted now by whoever proves to have one of these addresses."""
    found = (
        Invitation.objects.filter(email__in=list(emails)).select_related("team", "invited_by").order_by("created_at")
    )
    return [invitation for invitation in found if invitation.state == InvitationState.PENDING]


@transaction.atomic
def accept_with_single_sign_on(*, invitation: Invitation, name: str) -> User:
    """For an address that the operator's own sign-in service vouches for; the account has no password.

    Raises UnusableInvitationError if it was used or revoked at this very moment.
    """
    invitation = _claim(invitation)
    try:
        with transaction.atomic():
            user = User.objects.create_user(invitation.email, name=name.strip()[:150], email_is_proven=True)
    except IntegrityError:  # two browser tabs at the same moment
        raise UnusableInvitationError(gettext("This invitation was used already.")) from None
    _join(invitation, user)
    return user


def _claim(invitation: Invitation) -> Invitation:
    """Locked, and looked at again: of two who use the link at once, the second one finds it used."""
    nonce = invitation.nonce
    invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if invitation.nonce != nonce:
        raise UnusableInvitationError(gettext("This link was replaced by a newer one."))
    _demand_usable(invitation)
    return invitation


def _join(invitation: Invitation, user: User) -> None:
    invitation.accepted_at, invitation.accepted_by = timezone.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    team = invitation.team
    if invitation.role:
        # Who was added meanwhile keeps the role they were given then.
        Membership.objects.get_or_create(team=team, user=user, defaults={"role": invitation.role})
        user.current_team = team
        user.save(update_fields=["current_team"])
    audit.record(team=team, actor=user, action=AuditAction.JOINED, target=f"as {invitation.role_words}")


# ---- joining by oneself, with an address of the team's domain ----


@transaction.atomic
def set_join_domain(*, team: Team, domain: str, by: User) -> None:
    """'' closes it. Only owners. Raises PermissionDenied, ValidationError by field."""
    team = membership.lock(team)
    if _role_in(team, by) != Role.OWNER:
        raise PermissionDenied(gettext("Only an owner may open the team to a whole domain."))
    domain = domain.strip().lower().removeprefix("@")
    if domain:
        _refuse_bad_domain(team, domain)
    if domain == team.join_domain:
        return
    team.join_domain = domain
    team.save(update_fields=["join_domain"])
    words = f"everybody @{domain} may join" if domain else "nobody joins without an invitation"
    audit.record(team=team, actor=by, action=AuditAction.TEAM_CHANGED, target=words)


def _refuse_bad_domain(team: Team, domain: str) -> None:
    problem = ""
    if not _DOMAIN.fullmatch(domain) or len(domain) > 253:
        problem = gettext("This is not a domain. For example: example.com")
    elif domain in PUBLIC_MAIL_DOMAINS:
        problem = gettext("Anybody can have an address at %(domain)s. Enter a domain that is yours alone.") % {
            "domain": domain
        }
    elif not settings.LIGHTLY_SENDS_MAIL:
        problem = gettext("This needs a mail server (EMAIL_URL), because addresses are verified by mail.")
    elif Team.objects.filter(join_domain=domain).exclude(pk=team.pk).exists():
        problem = gettext("Another team is open to %(domain)s already.") % {"domain": domain}
    if problem:
        raise ValidationError({"join_domain": problem})


def joining_is_open() -> bool:
    """Whether anybody may join by themselves, so that the sign-in page offers it."""
    return settings.LIGHTLY_SENDS_MAIL and Team.objects.exclude(join_domain="").exists()


def _domain_is_open(team: Team, email: str) -> bool:
    return bool(team.join_domain) and email.rpartition("@")[2] == team.join_domain


@transaction.atomic
def ask_to_join(*, email: str) -> None:
    """Mail an invitation if the address' domain opens a team. The caller learns nothing: the mailbox does."""
    email = User.objects.normalize_email(email)
    domain = email.rpartition("@")[2]
    team = Team.objects.select_for_update().filter(join_domain=domain).first() if domain else None
    if team is None or not settings.LIGHTLY_SENDS_MAIL or team.members.filter(email=email).exists():
        return
    waiting = team.invitations.filter(email=email, accepted_at=None, revoked_at=None).first()
    if waiting and waiting.role and _is_usable(waiting):
        if waiting.invited_by:
            _mail(waiting)  # once more as it is: whom somebody invited can't make that last longer
        else:
            renew(invitation=waiting, by=None)
        return
    _make(team, email, Role.MEMBER, None)
    audit.record(team=team, actor=None, action=AuditAction.INVITED, target=f"{email}, who asked to join")
