"""Where a dataset's data lives, and what the checks found there."""

import json
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError

from clouds import PROVIDERS, CloudConfig, parse_config
from clouds.permissions import ALL, READ_ONLY, Permission
from core.crypto import CannotDecryptError, digests, seal, unseal
from core.ids import HexIdModel
from core.rotation import renewed_columns
from datasets.models import Dataset
from datasources.endpoints import configured_endpoints
from datasources.transitions import AlertKind
from teams.models import User

DEFAULT_THUMBNAIL_SUFFIX = ".lightly/thumbnails/[filename]_thumb.[extension]"


class Purpose(models.TextChoices):
    INPUT = "INPUT", "Input"
    LIGHTLY = "LIGHTLY", "Lightly"
    INPUT_OUTPUT = "INPUT_OUTPUT", "Input and Lightly"

    @property
    def needs(self) -> frozenset[Permission]:
        return READ_ONLY if self is Purpose.INPUT else ALL


class DatasourceState(models.TextChoices):
    """A datasource in one word: what its latest check says. `look` is the state that the style sheets know."""

    GREEN = "green", _("Green")
    RED = "red", _("Red")
    UNKNOWN = "unknown", _("Unknown")
    NO_FILES = "no_files", _("No files found")
    CHECKING = "checking", _("Checking")
    NEVER = "never", _("Never checked")

    @property
    def look(self) -> str:
        return {"green": "granted", "red": "denied", "never": "off", "no_files": "unknown"}.get(self.value, self.value)


class UnreadableConfigError(Exception):
    """The stored config can't be decrypted with today's keys, or no longer fits its declaration."""


class Datasource(HexIdModel):
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="datasources")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    # Type and path stand outside the encrypted config too, for lists and search. Written by set_config alone.
    provider = models.CharField(max_length=32, editable=False)
    path = models.TextField(editable=False)
    sealed_config = models.TextField(editable=False)
    # By which datasources with the same credential are found, see credential_digests. Also written by set_config alone.
    credential_digest = models.CharField(max_length=64, blank=True, default="", editable=False, db_index=True)
    thumbnail_suffix = models.TextField(blank=True, default=DEFAULT_THUMBNAIL_SUFFIX)
    # Grows with every save. A check judges one revision, and only the newest one's verdict is shown.
    revision = models.PositiveIntegerField(default=0, editable=False)
    latest_check = models.ForeignKey(
        "PermissionCheck", on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    # What the latest check says, so that lists and counts need not read checks: states.py writes all three. The
    # database's own defaults are for an older release that still runs during an upgrade.
    state = models.CharField(
        max_length=16, choices=DatasourceState, default=DatasourceState.NEVER, db_default="never", editable=False
    )
    cause = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(default=timezone.now, editable=False)
    # When the schedule checks it again; None: not by itself.
    next_check_at = models.DateTimeField(null=True, editable=False, db_index=True)
    # When its credential ends, as far as that can be known, and which of those ends was warned of.
    expires_at = models.DateTimeField(null=True, editable=False, db_index=True)
    expiry_alerted_for = models.DateTimeField(null=True, editable=False)
    expiry_alerted_days = models.PositiveSmallIntegerField(default=0, editable=False)
    # What people believe of it, see transitions.py. Empty until it was green for the first time.
    known_outcome = models.CharField(max_length=16, blank=True, default="", editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dataset", "purpose"], name="one_datasource_per_purpose"),
        ]
        # Home and health count with these alone. The rows themselves are long: each has a sealed config.
        indexes: ClassVar = [
            models.Index(fields=["dataset", "purpose", "state"], name="datasource_states"),
            models.Index(fields=["state", "cause", "checked_at"], name="datasource_causes"),
        ]

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} of {self.dataset_id}"

    @property
    def config(self) -> CloudConfig:
        """The decrypted config. Raises UnreadableConfigError."""
        try:
            return parse_config(json.loads(unseal(self.sealed_config)), configured_endpoints())
        except (CannotDecryptError, ValidationError):
            raise UnreadableConfigError from None

    def readable_config(self) -> CloudConfig | None:
        """The decrypted config, or None where `config` would raise: forms then start empty, and the bulbs say why."""
        try:
            return self.config
        except UnreadableConfigError:
            return None

    def set_config(self, config: CloudConfig) -> None:
        self.provider = config.type
        self.path = config.path
        self.sealed_config = seal(json.dumps(config.revealed()))
        self.credential_digest = credential_digests(config)[0]

    @property
    def provider_class(self) -> type[CloudConfig]:
        return PROVIDERS[self.provider].config_class


def columns_under_newest_key(datasource: Datasource) -> dict[str, Any]:
    """What to store after the key that encrypts has changed; empty if nothing. Raises CannotDecryptError."""
    columns = renewed_columns(datasource, "sealed_config")
    config = datasource.readable_config()  # None also where the text is readable and no config any more
    digest = credential_digests(config)[0] if config else ""
    return columns | ({"credential_digest": digest} if digest != datasource.credential_digest else {})


def credential_digests(config: CloudConfig) -> list[str]:
    """What `credential_digest` is where the credential is this one: as made today first, then with each older key."""
    return digests(json.dumps([config.type, sorted(config.credential().items())]))


class CheckState(models.TextChoices):
    QUEUED = "QUEUED", _("Waiting")
    RUNNING = "RUNNING", _("Running")
    DONE = "DONE", _("Done")
    EXPIRED = "EXPIRED", _("Given up")


class Outcome(models.TextChoices):
    """A finished check in one word, for counting."""

    GREEN = "GREEN", _("All granted")
    RED = "RED", _("Something is missing")
    UNKNOWN = "UNKNOWN", _("Could not be told")


class Trigger(models.TextChoices):
    PERSON = "PERSON", _("A person, in the dashboard")
    API = "API", _("A script, over the REST API")
    SCHEDULE = "SCHEDULE", _("The schedule")
    LINK = "LINK", _("A cloud admin, with a link")
    WAIT = "WAIT", _("A person who waits for a change")

    @property
    def is_quiet(self) -> bool:
        """Whether nobody asked for this very check: it is shown once it is done, and no bulb turns grey for it."""
        return self in {Trigger.SCHEDULE, Trigger.WAIT}


class PermissionCheck(HexIdModel):
    """One check of one revision of a datasource. `verdicts` maps each permission to a schemas.StoredVerdict."""

    datasource = models.ForeignKey(Datasource, on_delete=models.CASCADE, related_name="checks")
    revision = models.PositiveIntegerField()
    provider = models.CharField(max_length=32)
    path = models.TextField()
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    trigger = models.CharField(max_length=16, choices=Trigger.choices, default=Trigger.PERSON)
    state = models.CharField(max_length=16, choices=CheckState.choices, default=CheckState.QUEUED)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, blank=True, default="")
    queued_at = models.DateTimeField(default=timezone.now)
    dispatched_at = models.DateTimeField(null=True)  # when the broker took the message; None: it could not be reached
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    milliseconds = models.PositiveIntegerField(null=True)
    verdicts = models.JSONField(default=dict)
    empty = models.BooleanField(default=False)  # nothing under the path yet
    # Nothing is there, nothing ever was, and there should be: probably a typo. Never so of what is only written to.
    no_files = models.BooleanField(default=False)
    similar = models.JSONField(default=list)  # existing directories with nearly the path's name
    cors = models.JSONField(default=dict)  # a schemas.StoredCors: whether browsers may load from there; a note, no bulb

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["datasource", "-queued_at"]),
            # Not a partial index of the open ones: SQLite can't use it, as states come as parameters.
            models.Index(fields=["state", "queued_at"], name="checks_by_state"),
            models.Index(fields=["provider", "outcome", "finished_at", "milliseconds"], name="checks_by_provider"),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} check {self.pk} of {self.datasource_id}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def found_a_file(self) -> bool:
        """Whether the path is a file's: then the directory it is in, and nothing else, was found near it."""
        return list(self.similar) == [f"{self.path.removesuffix('/').rpartition('/')[0]}/"]


OPEN_STATES = (CheckState.QUEUED, CheckState.RUNNING)


class Alert(HexIdModel):
    """Something people should hear of, once. `facts` (see alerts.words) is what they are told; it holds no secrets."""

    datasource = models.ForeignKey(Datasource, on_delete=models.CASCADE, related_name="alerts")
    permission_check = models.ForeignKey(PermissionCheck, on_delete=models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.label) for kind in AlertKind])
    created_at = models.DateTimeField(default=timezone.now, db_index=True)
    facts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.datasource_id}"


class GrantLink(HexIdModel):
    """Shows a cloud admin, who needs no account, what one datasource still has to be granted.

    The address is stored nowhere: datasources.grant_links makes it of the id, with the server's key. A link that is
    revoked is deleted. One whose maker may no longer edit the dataset opens nothing.
    """

    datasource = models.ForeignKey(Datasource, on_delete=models.CASCADE, related_name="grant_links")
    made_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(db_index=True)
    opened_at = models.DateTimeField(null=True, editable=False)  # for the first time
    checks_asked = models.PositiveSmallIntegerField(default=0, editable=False)  # by visitors

    def __str__(self) -> str:
        return f"link to the grant of {self.datasource_id}"
