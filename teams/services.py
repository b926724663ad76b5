"""Everything that changes people, teams and tokens."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef
from django.utils import timezone
from django.utils.translation import gettext

from core.addresses import validate_address
from teams import audit, queries
from teams.access import lacking_second_factor
from teams.models import ApiToken, AuditAction, Membership, Role, Scope, Team, User

DEFAULT_TEAM_NAME = "My team"
SEEN_EVERY = timedelta(minutes=5)
# Of a token, unless somebody chooses another end.
DEFAULT_LIFETIME = timedelta(days=365)
# What a new token may, unless somebody chooses: what scripts with the official client need.
DEFAULT_SCOPES = (Scope.READ, Scope.DATASOURCES, Scope.RUNS)
TOKEN_PREFIX = "lp_"  # noqa: S105 - a recognisable prefix, so that secret scanners can find leaked tokens


class AlreadyInstalledError(Exception):
    """The first owner exists already; the welcome page is closed for good."""


def nobody_yet() -> bool:
    """True until the first person exists: then the first visit offers to create the owner."""
    return not User.objects.exists()


@transaction.atomic
def create_owner(*, email: str, password: str, team_name: str) -> User:
    """The very first account of an installation, with a team of its own.

    Raises AlreadyInstalledError when anybody exists, so a left-open welcome page can't make a second owner.
    """
    if not nobody_yet():
        raise AlreadyInstalledError
    user = User.objects.create_superuser(email, password)
    team = Team.objects.create(name=team_name)
    Membership.objects.create(team=team, user=user, role=Role.OWNER)
    audit.record(team=team, actor=user, action=AuditAction.TEAM_CREATED, target=team.name)
    return user


@transaction.atomic
def create_user(
    *, email: str, password: str | None = None, role: str | None = None, team: Team | None = None, name: str = ""
) -> User:
    """A person in a team (the oldest one unless told). The first person of all owns it and may open the admin panel.

    Called by who runs the installation, whose word on the address is good.

    Raises django's ValidationError, keyed by field, for a bad address, a weak password or an address in use.
    """
    email = User.objects.normalize_email(email)
    try:
        validate_address(email)
    except ValidationError as error:
        raise ValidationError({"email": error.messages}) from None
    if User.objects.filter(email=email).exists():
        raise ValidationError({"email": gettext("%(email)s has an account already.") % {"email": email}})
    if password is not None:
        try:
            validate_password(password, User(email=email, name=name))
        except ValidationError as error:
            raise ValidationError({"password": error.messages}) from None
    first = nobody_yet()
    user = User.objects.create_user(
        email, password, name=name, is_staff=first, is_superuser=first, email_is_proven=True
    )
    team = team or Team.objects.order_by("created_at").first() or Team.objects.create(name=DEFAULT_TEAM_NAME)
    membership = Membership.objects.create(team=team, user=user, role=role or (Role.OWNER if first else Role.MEMBER))
    words = f"{email} as {membership.get_role_display()}"
    audit.record(team=team, action=AuditAction.ADDED, target=words)
    return user


@transaction.atomic
def create_token(
    *,
    user: User,
    name: str,
    expires_at: datetime | None = None,
    scopes: Iterable[str] = Scope.values,
    by: User | None = None,
) -> str:
    """A new API token as plain text. This is the only moment it can be read: the database keeps its hash alone.

    `scopes` are values of Scope; every token may read. `by`: who made it, if it is for a service account.
    """
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    team = queries.current_team_of(user)
    rights = " ".join(scope for scope in Scope.values if scope in {Scope.READ, *scopes})
    ApiToken.objects.create(
        user=user, team=team, name=name, digest=token_digest(token), expires_at=expires_at, scopes=rights
    )
    audit.record_for_person(user=user, by=by or user, action=AuditAction.TOKEN_CREATED, target=name)
    return token


@transaction.atomic
def revoke_token(*, user: User, token_id: str, by: User | None = None) -> ApiToken:
    """From now on nobody is let in with it. Raises ApiToken.DoesNotExist for a token that is not this person's."""
    token = user.api_tokens.get(pk=token_id)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit.record_for_person(user=user, by=by or user, action=AuditAction.TOKEN_REVOKED, target=token.name)
    return token


def live_token(token: str) -> ApiToken | None:
    """The token, with its person; None if it is unknown, expired or revoked, or the person may not sign in any more."""
    now = timezone.now()
    found = (
        ApiToken.objects.filter(digest=token_digest(token), revoked_at=None, user__is_active=True)
        .exclude(expires_at__lte=now)
        .select_related("user")
        .annotate(person_lacks_second_factor=lacking_second_factor(OuterRef("user")))
        .first()
    )
    if found is None:
        return None
    # Once a minute is exact enough, and spares a write per request.
    if found.last_used_at is None or now - found.last_used_at > timedelta(minutes=1):
        ApiToken.objects.filter(pk=found.pk).update(last_used_at=now)
        saw(found.user)
    return found


def saw(user: User) -> None:
    """Remember that the person was here, to within some minutes."""
    now = timezone.now()
    if user.last_seen_at is None or now - user.last_seen_at > SEEN_EVERY:
        User.objects.filter(pk=user.pk).update(last_seen_at=now)
        user.last_seen_at = now


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def dismiss_first_steps(*, user: User, team: Team, dismissed: bool) -> None:
    """Hide the first steps for this person in this team, or show them again."""
    Membership.objects.filter(user=user, team=team).update(
        onboarding_dismissed_at=timezone.now() if dismissed else None
    )
