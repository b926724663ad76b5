"""Work that takes longer than a page may take: it is done in slices, survives its workers, and people can watch it.

The rows here are the truth. A message in the queue says no more than "look at this shard".
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import HexIdModel
from core.queues import LONGEST_LANE, Queue
from datasets.models import Dataset
from teams.models import Team, User


class JobState(models.TextChoices):
    QUEUED = "QUEUED", _("Waiting")
    RUNNING = "RUNNING", _("Running")
    # Somebody has cancelled it, and a slice that was under way has yet to end.
    CANCELLING = "CANCELLING", _("Being cancelled")
    CANCELLED = "CANCELLED", _("Cancelled")
    DONE = "DONE", _("Done")
    FAILED = "FAILED", _("Failed")


OPEN_STATES = (JobState.QUEUED, JobState.RUNNING, JobState.CANCELLING)
# In these its shards may be taken.
WORKING_STATES = (JobState.QUEUED, JobState.RUNNING)


class Job(HexIdModel):
    """`kind` names the Runner that does it; `arguments` are what that was asked to do. No secrets in either."""

    kind = models.CharField(max_length=64)
    queue = models.CharField(max_length=16, choices=[(queue.value, queue.value) for queue in Queue])
    # The labels that its workers need, sorted and joined by commas; empty: any worker of the queue. See core/queues.py.
    lane = models.CharField(max_length=LONGEST_LANE, blank=True, default="")
    # What it is about, for people; and, if there may be only one open job of its kind about it, for the constraint.
    title = models.CharField(max_length=200)
    subject = models.CharField(max_length=100, blank=True, default="")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="jobs")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, null=True, related_name="jobs")
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.QUEUED)
    # Of what its runner counts. `total` is None as long as that is not known.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    message = models.CharField(max_length=300, blank=True, default="")
    error = models.CharField(max_length=500, blank=True, default="")  # why it failed, in our own words
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=models.Q(state__in=["QUEUED", "RUNNING", "CANCELLING"]) & ~models.Q(subject=""),
                name="one_open_job_per_kind_and_subject",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "created_at"], name="jobs_by_state"),
            models.Index(fields=["team", "-created_at"], name="jobs_by_team"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} ({self.state})"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def may_be_cancelled(self) -> bool:
        return self.state in WORKING_STATES

    @property
    def percent(self) -> int | None:
        """How much of it is done; None as long as that is not known."""
        return min(100, 100 * self.done // self.total) if self.total else None


class ShardState(models.TextChoices):
    QUEUED = "QUEUED", _("Waiting")
    RUNNING = "RUNNING", _("Running")
    DONE = "DONE", _("Done")


class JobShard(HexIdModel):
    """A part of a job that is done slice by slice, beside the other parts. Most jobs have one.

    Who counts `claim` up may do the next slice; whoever comes back with an older number has lost the shard meanwhile
    and changes nothing any more.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="shards")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=ShardState.choices, default=ShardState.QUEUED)
    cursor = models.JSONField(default=dict)  # where the next slice begins
    done = models.PositiveIntegerField(default=0)
    claim = models.PositiveIntegerField(default=0)
    owner = models.CharField(max_length=100, blank=True, default="")
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # at the next slice; 0 again once it is done
    deaths = models.PositiveSmallIntegerField(default=0)  # of those attempts, how many ended their worker
    not_before = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)  # when the broker took its message; None: it has yet to

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "number"], name="shards_have_numbers")]
        indexes: ClassVar = [
            models.Index(fields=["state", "leased_until"], name="shards_by_lease"),
            models.Index(fields=["state", "not_before"], name="shards_to_send"),
        ]

    def __str__(self) -> str:
        return f"shard {self.number} of {self.job_id}"


class JobLogLine(models.Model):
    """What happened to a job, in sentences. Only the newest are kept, see services.LINES_KEPT."""

    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField(default=timezone.now)
    text = models.CharField(max_length=500)

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.text
