"""Who may do what: people, teams, and the tokens their scripts use."""

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.ids import HexIdModel
from teams.actions import CATEGORY_OF, AuditCategory, Via
from teams.actions import AuditAction as AuditAction


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Store a person. Without a password the account exists but cannot sign in."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(
            email, password, **{"is_staff": True, "is_superuser": True, "email_is_proven": True, **fields}
        )

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        # Mail addresses are compared without case everywhere, so they are stored without it.
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalize_email(username))


# Nobody types more; it is only there so that no form takes megabytes.
LONGEST_PASSWORD = 1000


class User(HexIdModel, AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(max_length=150, blank=True)
    is_staff = models.BooleanField(_("may open the admin panel"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(null=True, editable=False)
    # A script's account: it has tokens, but no password, and can never sign in.
    is_service_account = models.BooleanField(default=False, editable=False)
    # Whether somebody who can know it said that the address is this person's: a mailed link, single sign-on, staff.
    # What others share with an address is open to proven ones alone (datasets.access).
    email_is_proven = models.BooleanField(_("address is confirmed"), default=False)
    # Part of every session's fingerprint: counting it up signs the person out everywhere.
    session_version = models.PositiveIntegerField(default=0, editable=False)
    # Where new datasets go, and whose the home page shows. Read it through teams.queries: it may be out of date.
    current_team = models.ForeignKey("Team", on_delete=models.SET_NULL, null=True, editable=False, related_name="+")

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_without_case"),
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Django compares it at every request. Of version 0 it is Django's own, so older sessions live on."""
        return salted_hmac(
            "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash",
            f"{self.password}:{self.session_version}" if self.session_version else self.password,
            secret=secret,
            algorithm="sha256",
        ).hexdigest()

    def get_short_name(self) -> str:
        return self.name or self.email.split("@", 1)[0]


def new_external_id() -> str:
    """What a role's trust policy asks for: unguessable, and the same for ever, so that policies stay good."""
    return f"lightly-{secrets.token_hex(12)}"


class Team(HexIdModel):
    name = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    # Of all delegated access of this team, so that no other team can make this platform use its roles.
    external_id = models.CharField(max_length=64, unique=True, default=new_external_id, editable=False)
    mfa_required = models.BooleanField(_("members need a second factor"), default=False)
    # People whose address ends with it may join by themselves, once they have proved that the address is theirs.
    join_domain = models.CharField(max_length=253, blank=True)
    recheck_hours = models.PositiveSmallIntegerField(_("hours between scheduled checks (0: none)"), default=6)
    members: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        User, through="Membership", related_name="teams"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["join_domain"], condition=~models.Q(join_domain=""), name="one_team_per_join_domain"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    OWNER = "OWNER", _("Owner")
    ADMIN = "ADMIN", _("Admin")
    MEMBER = "MEMBER", _("Member")
    SERVICEACCOUNT = "SERVICEACCOUNT", _("Service account")


# Who answers for a team and all its datasets. Everything that asks "who manages?" asks this.
MANAGING_ROLES = frozenset([Role.OWNER, Role.ADMIN])


class Membership(models.Model):
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(auto_now_add=True)
    # When the person put the first steps away in this team.
    onboarding_dismissed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team_and_user"),
        ]
        indexes: ClassVar = [models.Index(fields=["team", "role"])]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} ({self.role})"

    @property
    def manages(self) -> bool:
        """Whether the person may change the team, and what other members made."""
        return self.role in MANAGING_ROLES


class TokenState(models.TextChoices):
    ACTIVE = "ACTIVE", _("Active")
    EXPIRED = "EXPIRED", _("Expired")
    REVOKED = "REVOKED", _("Revoked")


class Scope(models.TextChoices):
    """What a token is good for. Each operation of the REST API needs one of them (teams.api.authentication)."""

    READ = "read", _("Read: see datasets, datasources, files and teams")
    DATASOURCES = "datasources", _("Datasources: create, change and delete datasets and their datasources")
    RUNS = "runs", _("Runs: schedule and process runs")
    ADMIN = "admin", _("Admin: share datasets, change a team's people and service accounts")


FULL_RIGHTS = " ".join(Scope.values)


class ApiToken(HexIdModel):
    """A script's key. Only its SHA-256 is stored: tokens are 256 random bits, so a slow password hash adds nothing."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=150)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Whether the log tells already that it has ended by itself.
    expiry_noted = models.BooleanField(default=False, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    # Scope values, separated by blanks as OAuth writes them (RFC 6749, 3.3).
    scopes = models.CharField(max_length=100, default=FULL_RIGHTS, editable=False)
    # The person's current team when it was made. It ends when they leave this team; None: it belongs to no team.
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes.split()

    @property
    def scope_words(self) -> str:
        return gettext("all rights") if self.scopes == FULL_RIGHTS else ", ".join(self.scopes.split())

    @property
    def lacks_second_factor(self) -> bool:
        """Whether a team demands one that the person does not have. Only of what services.live_token() fetched."""
        answer: bool = vars(self)["person_lacks_second_factor"]
        return answer

    @property
    def state(self) -> TokenState:
        if self.revoked_at:
            return TokenState.REVOKED
        return TokenState.EXPIRED if self.expires_at and self.expires_at <= timezone.now() else TokenState.ACTIVE


class InvitationState(models.TextChoices):
    PENDING = "PENDING", _("Pending")
    ACCEPTED = "ACCEPTED", _("Accepted")
    REVOKED = "REVOKED", _("Revoked")
    EXPIRED = "EXPIRED", _("Expired")


def new_nonce() -> str:
    return secrets.token_hex(16)


class Invitation(HexIdModel):
    """Opens a team to the person who has this address, once.

    Without a role it opens an account alone, for somebody with whom a dataset of the team is shared. The link is not
    stored: teams.invitations makes it of id and nonce with the server's key, so a new nonce ends the links before.
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role.choices, blank=True)
    # Nobody: the person asked for it, because the team's join_domain lets them.
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    nonce = models.CharField(max_length=32, default=new_nonce, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    mail_problem = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_per_address",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["email"])]

    def __str__(self) -> str:
        return f"{self.email} to {self.team}"

    @property
    def state(self) -> InvitationState:
        if self.accepted_at:
            return InvitationState.ACCEPTED
        if self.revoked_at:
            return InvitationState.REVOKED
        return InvitationState.EXPIRED if self.expires_at <= timezone.now() else InvitationState.PENDING

    @property
    def role_words(self) -> str:
        return self.get_role_display() if self.role else gettext("Guest")


class AppendOnlyError(TypeError):
    """Entries of the log are written once. Only teams.audit.pruning deletes those that are old enough."""

    def __init__(self) -> None:
        super().__init__("The log of what happened is append-only.")


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    """Refuses what would change or delete entries, for one row or for many."""

    def update(self, **kwargs: Any) -> int:
        raise AppendOnlyError

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise AppendOnlyError

    def bulk_create(self, *args: Any, **kwargs: Any) -> "list[AuditEntry]":
        if kwargs.get("update_conflicts"):
            raise AppendOnlyError
        return super().bulk_create(*args, **kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError

    delete.queryset_only = True  # type: ignore[attr-defined]  # as Django marks its own, so that managers lack it


class AuditEntry(HexIdModel):
    """Who did what, when, from where. Every text is for people and never holds a secret.

    It outlives whom and what it is about: the names stay as they were then. A team's managers see those of their team,
    operators see all.
    """

    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="audit_entries")
    team_name = models.CharField(max_length=150, blank=True, default="")
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    # As they were called then; empty for what happened by itself, or was done by somebody unknown.
    actor_name = models.CharField(max_length=254, blank=True)
    actor_email = models.CharField(max_length=254, blank=True, default="")
    via = models.CharField(max_length=8, choices=Via.choices, blank=True, default="")
    token_name = models.CharField(_("API token"), max_length=150, blank=True, default="")
    # Of the client, as core.web.throttle tells it; empty for what no request asked for.
    address = models.CharField(max_length=64, blank=True, default="")
    action = models.CharField(max_length=32, choices=AuditAction.choices)
    target = models.CharField(max_length=500, blank=True)
    # No foreign key: datasets are in an app above, and entries outlive them.
    dataset_id = models.CharField(max_length=24, blank=True, default="")
    dataset_name = models.CharField(max_length=255, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar = AuditQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["team", "-created_at"]),
            models.Index(fields=["created_at", "id"], name="audit_by_time"),
        ]
        verbose_name_plural = _("audit entries")

    def __str__(self) -> str:
        return f"{self.actor_name or 'Somebody'} {self.get_action_display()} {self.target}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **kwargs | {"force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnlyError

    @property
    def who(self) -> str:
        """For people."""
        return self.actor_name or (gettext("The system") if self.via == Via.SYSTEM else gettext("Somebody"))

    @property
    def category(self) -> AuditCategory | None:
        """None for an action of a newer release."""
        return CATEGORY_OF.get(self.action)
