"""What the log knows to tell: each action, and the category by which people filter."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditAction(models.TextChoices):
    """The label is a verb: it stands between who did it and what it was done to."""

    # --- how people get in ---
    SIGNED_IN = "SIGNED_IN", _("signed in")
    SIGN_IN_FAILED = "SIGN_IN_FAILED", _("failed to sign in as")
    SIGNED_OUT = "SIGNED_OUT", _("signed out")
    CONFIRM_FAILED = "CONFIRM_FAILED", _("failed to confirm who they are")
    PASSWORD_CHANGED = "PASSWORD_CHANGED", _("changed the password")
    FACTOR_ADDED = "FACTOR_ADDED", _("added a second factor:")
    FACTOR_REMOVED = "FACTOR_REMOVED", _("removed a second factor:")
    CODES_RENEWED = "CODES_RENEWED", _("created new recovery codes")
    ACCOUNT_LINKED = "ACCOUNT_LINKED", _("linked an account for single sign-on:")
    ACCOUNT_UNLINKED = "ACCOUNT_UNLINKED", _("unlinked an account for single sign-on:")
    # --- API tokens ---
    TOKEN_CREATED = "TOKEN_CREATED", _("created the token")
    TOKEN_REVOKED = "TOKEN_REVOKED", _("revoked the token")
    TOKEN_EXPIRED = "TOKEN_EXPIRED", _("ended the expired token")
    # --- the team and its people ---
    TEAM_CREATED = "TEAM_CREATED", _("created the team")
    TEAM_CHANGED = "TEAM_CHANGED", _("changed the team")
    TEAM_DELETED = "TEAM_DELETED", _("deleted the team")
    INVITED = "INVITED", _("invited")
    INVITATION_RENEWED = "INVITATION_RENEWED", _("renewed the invitation of")
    INVITATION_REVOKED = "INVITATION_REVOKED", _("revoked the invitation of")
    JOINED = "JOINED", _("joined")
    ADDED = "ADDED", _("added")
    ROLE_CHANGED = "ROLE_CHANGED", _("changed the role of")
    REMOVED = "REMOVED", _("removed")
    LEFT = "LEFT", _("left")
    SERVICE_ACCOUNT_CREATED = "SERVICE_ACCOUNT_CREATED", _("created the service account")
    SERVICE_ACCOUNT_DELETED = "SERVICE_ACCOUNT_DELETED", _("deleted the service account")
    WEBHOOK_SAVED = "WEBHOOK_SAVED", _("saved the webhook:")
    WEBHOOK_REMOVED = "WEBHOOK_REMOVED", _("removed the webhook")
    # --- datasets ---
    DATASET_CREATED = "DATASET_CREATED", _("created the dataset")
    DATASET_RENAMED = "DATASET_RENAMED", _("renamed the dataset")
    DATASET_DELETED = "DATASET_DELETED", _("deleted the dataset")
    DATASETS_TRANSFERRED = "DATASETS_TRANSFERRED", _("transferred datasets")
    SHARED = "SHARED", _("shared a dataset:")
    UNSHARED = "UNSHARED", _("ended the sharing of a dataset:")
    # --- datasources ---
    DATASOURCE_SAVED = "DATASOURCE_SAVED", _("saved the datasource")
    DATASOURCE_REMOVED = "DATASOURCE_REMOVED", _("removed the datasource")
    CREDENTIALS_REPLACED = "CREDENTIALS_REPLACED", _("replaced the credentials of")
    GRANT_LINK_CREATED = "GRANT_LINK_CREATED", _("made a link for a cloud admin:")
    GRANT_LINK_OPENED = "GRANT_LINK_OPENED", _("opened a link for a cloud admin:")
    GRANT_LINK_REVOKED = "GRANT_LINK_REVOKED", _("revoked a link for a cloud admin:")
    READ_URLS_REVOKED = "READ_URLS_REVOKED", _("ended the read URLs of")
    # --- checks and jobs ---
    CHECK_STARTED = "CHECK_STARTED", _("started a check of")
    JOB_STARTED = "JOB_STARTED", _("started the job")
    JOB_CANCELLED = "JOB_CANCELLED", _("cancelled the job")
    RUN_SCHEDULED = "RUN_SCHEDULED", _("scheduled a run of")
    RUN_CANCELLED = "RUN_CANCELLED", _("cancelled the run of")
    # --- samples ---
    TAG_CREATED = "TAG_CREATED", _("created the tag")
    TAG_CHANGED = "TAG_CHANGED", _("changed the tag")
    TAG_DELETED = "TAG_DELETED", _("deleted the tag")
    SAMPLES_CHANGED = "SAMPLES_CHANGED", _("changed what is kept of samples:")
    # --- what left the platform ---
    EXPORTED = "EXPORTED", _("downloaded")
    # --- the admin panel ---
    ADMIN_CHANGED = "ADMIN_CHANGED", _("used the admin panel:")


class AuditCategory(models.TextChoices):
    SIGN_IN = "sign-in", _("Sign-in")
    TOKENS = "tokens", _("API tokens")
    PEOPLE = "people", _("People and team")
    DATASETS = "datasets", _("Datasets")
    DATASOURCES = "datasources", _("Datasources")
    WORK = "work", _("Checks and jobs")
    EXPORTS = "exports", _("Downloads")
    ADMIN = "admin", _("Admin panel")


_A = AuditAction
ACTIONS_OF: dict[AuditCategory, tuple[AuditAction, ...]] = {
    AuditCategory.SIGN_IN: (
        _A.SIGNED_IN, _A.SIGN_IN_FAILED, _A.SIGNED_OUT, _A.CONFIRM_FAILED, _A.PASSWORD_CHANGED, _A.FACTOR_ADDED,
        _A.FACTOR_REMOVED, _A.CODES_RENEWED, _A.ACCOUNT_LINKED, _A.ACCOUNT_UNLINKED,
    ),
    AuditCategory.TOKENS: (_A.TOKEN_CREATED, _A.TOKEN_REVOKED, _A.TOKEN_EXPIRED),
    AuditCategory.PEOPLE: (
        _A.TEAM_CREATED, _A.TEAM_CHANGED, _A.TEAM_DELETED, _A.INVITED, _A.INVITATION_RENEWED, _A.INVITATION_REVOKED,
        _A.JOINED, _A.ADDED, _A.ROLE_CHANGED, _A.REMOVED, _A.LEFT, _A.SERVICE_ACCOUNT_CREATED,
        _A.SERVICE_ACCOUNT_DELETED, _A.WEBHOOK_SAVED, _A.WEBHOOK_REMOVED,
    ),
    AuditCategory.DATASETS: (
        _A.DATASET_CREATED, _A.DATASET_RENAMED, _A.DATASET_DELETED, _A.DATASETS_TRANSFERRED, _A.SHARED, _A.UNSHARED,
        _A.TAG_CREATED, _A.TAG_CHANGED, _A.TAG_DELETED, _A.SAMPLES_CHANGED,
    ),
    AuditCategory.DATASOURCES: (
        _A.DATASOURCE_SAVED, _A.DATASOURCE_REMOVED, _A.CREDENTIALS_REPLACED, _A.GRANT_LINK_CREATED,
        _A.GRANT_LINK_OPENED, _A.GRANT_LINK_REVOKED, _A.READ_URLS_REVOKED,
    ),
    AuditCategory.WORK: (
        _A.CHECK_STARTED, _A.JOB_STARTED, _A.JOB_CANCELLED, _A.RUN_SCHEDULED, _A.RUN_CANCELLED,
    ),
    AuditCategory.EXPORTS: (_A.EXPORTED,),
    AuditCategory.ADMIN: (_A.ADMIN_CHANGED,),
}  # fmt: skip
CATEGORY_OF: dict[str, AuditCategory] = {
    action.value: category for category, actions in ACTIONS_OF.items() for action in actions
}


class Via(models.TextChoices):
    """By which door it came. Empty in entries of releases before the log knew."""

    PAGE = "PAGE", _("page")
    API = "API", _("REST API")
    ADMIN = "ADMIN", _("admin panel")
    # Workers, the schedule, and commands on the server.
    SYSTEM = "SYSTEM", _("the system")
