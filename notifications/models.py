"""What people are told, in the inbox, by mail and by webhook, and what they chose to hear of.

Nothing here knows what the news is about: that is said in words, links and ids by whoever announces it.
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.crypto import unseal
from core.ids import HexIdModel
from teams.models import Team, User


class Notice(HexIdModel):
    """A line in a person's inbox. `kind` names the look; `path` is where on this site it leads."""

    class Kind(models.TextChoices):
        BAD = "BAD", _("Problem")
        GOOD = "GOOD", _("Recovered")
        SOON = "SOON", _("Expires soon")
        INFO = "INFO", _("For your information")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    # Of the announcement, which stands once in each inbox. Empty in rows that are older than this column.
    key = models.CharField(max_length=100, blank=True, default="")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.INFO)
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    path = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "teams_notice"
        indexes: ClassVar = [models.Index(fields=["user", "-created_at"])]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key", "user"], condition=~models.Q(key=""), name="one_notice_per_announcement_and_person"
            )
        ]

    def __str__(self) -> str:
        return self.title


class NotificationSettings(models.Model):
    """What a person wants to hear of. Without a row, the defaults hold."""

    class Scope(models.TextChoices):
        OWN = "OWN", _("My own datasets")
        TEAM = "TEAM", _("All datasets of my teams")
        NONE = "NONE", _("None")

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="notification_settings")
    scope = models.CharField(max_length=8, choices=Scope.choices, default=Scope.OWN)
    # True or False by the key of a topics.MailChoice. Of a choice that is missing, the default holds.
    mail_choices = models.JSONField(default=dict)

    class Meta:
        db_table = "teams_notificationsettings"

    def __str__(self) -> str:
        return f"notifications of {self.user}"


class Sending(models.TextChoices):
    PENDING = "PENDING", _("Waiting")
    SENT = "SENT", _("Delivered")
    FAILED = "FAILED", _("Given up")


class OutboxRow(HexIdModel):
    """Written together with what it tells, sent later, tried again until it is given up."""

    state = models.CharField(max_length=16, choices=Sending.choices, default=Sending.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    # Also a claim: who moves it ahead may send. A sender that dies has thereby left it to a later one.
    next_attempt_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=100, blank=True, default="")  # of the last attempt, in our own words

    class Meta:
        abstract = True


class Mail(OutboxRow):
    """What one announcement says to one person. All that wait for a person are sent as one mail."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    # Of the announcement, which is mailed to a person once.
    key = models.CharField(max_length=100)
    topic = models.CharField(max_length=40)
    # What it is about: its name, and the id by which the topic tells whether the person may still see it.
    about = models.TextField(blank=True, default="")
    about_id = models.CharField(max_length=64, blank=True, default="")
    title = models.TextField()
    detail = models.TextField(blank=True, default="")
    sentences = models.JSONField(default=list)
    path = models.TextField(blank=True, default="")
    told_at = models.DateTimeField(default=timezone.now)
    # Names the mail in which it is being sent with others.
    batch = models.CharField(max_length=24, blank=True, default="")

    class Meta:
        db_table = "datasources_alertmail"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "user"], name="one_mail_per_announcement_and_person")
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_attempt_at"], name="mails_to_send", condition=models.Q(state="PENDING")),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk} ({self.state})"


class Webhook(HexIdModel):
    """Where a team wants to be told. The address is sealed too: many services put a password into it."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="webhook")
    sealed_url = models.TextField(editable=False)
    sealed_secret = models.TextField(editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        db_table = "datasources_webhook"

    def __str__(self) -> str:
        return f"webhook of {self.team_id}"

    @property
    def url(self) -> str:
        """Raises CannotDecryptError."""
        return unseal(self.sealed_url)

    @property
    def secret(self) -> str:
        """Raises CannotDecryptError."""
        return unseal(self.sealed_secret)


class WebhookDelivery(OutboxRow):
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    # Of the announcement, which a webhook gets once; of a test, its own id.
    key = models.CharField(max_length=100)
    event = models.CharField(max_length=40)
    body = models.TextField()
    status = models.PositiveSmallIntegerField(null=True)  # the HTTP status of the last answer; None: there was none

    class Meta:
        db_table = "datasources_webhookdelivery"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["webhook", "key"], name="one_delivery_per_announcement_and_webhook"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_attempt_at"], name="webhooks_to_send", condition=models.Q(state="PENDING")),
            models.Index(fields=["webhook", "-created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.pk} ({self.state})"

    @property
    def is_fresh(self) -> bool:
        """Whether no attempt has ended yet."""
        return self.state == Sending.PENDING and self.status is None and not self.problem

    @property
    def is_retried(self) -> bool:
        return self.state == Sending.PENDING and not self.is_fresh
