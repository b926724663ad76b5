"""Compute workers, scheduled runs and runs. A run's work is a job (jobs/), whose rows say what is left to do."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import HexIdModel
from datasets.models import Dataset
from jobs.models import Job
from teams.models import Team, User


class WorkerState(models.TextChoices):
    OFFLINE = "OFFLINE", _("Offline")
    CRASHED = "CRASHED", _("Crashed")
    IDLE = "IDLE", _("Idle")
    BUSY = "BUSY", _("Busy")


class ComputeWorker(HexIdModel):
    """A worker of the queue `runs`, or a name for one that somebody is going to start.

    Those of the installation, started by its operator, have no owner and work for everybody.
    """

    name = models.CharField(max_length=255)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="compute_workers")
    creator = models.CharField(max_length=32, default="UNKNOWN")
    labels = models.JSONField(default=list)
    state = models.CharField(max_length=16, choices=WorkerState.choices, default=WorkerState.OFFLINE)
    version = models.CharField(max_length=32, blank=True, default="")
    host = models.CharField(max_length=255, blank=True, default="")
    # When it last said that it lives; None: it never has.
    seen_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "name"], name="workers_have_names"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(owner=None), name="workers_of_nobody_have_names"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ConfigVersion(models.TextChoices):
    """Of a run's configuration, by the path it came on: `config`, `config/v2`, `config/v3`, `config/vX`."""

    PLAIN = "PLAIN", "1"
    V2 = "V2", "2"
    V3 = "V3", "3"
    V4 = "V4", "4"


class RunConfig(HexIdModel):
    """`content` is the `config` object as it arrived. What it means is read anew each time (runs/configuration)."""

    version = models.CharField(max_length=8, choices=ConfigVersion.choices)
    content = models.JSONField(default=dict)
    creator = models.CharField(max_length=32, default="UNKNOWN")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"configuration {self.pk}"


class Priority(models.TextChoices):
    LOW = "LOW", _("Low")
    MID = "MID", _("Normal")
    HIGH = "HIGH", _("High")
    CRITICAL = "CRITICAL", _("Critical")

    @property
    def rank(self) -> int:
        """The more, the earlier."""
        return list(Priority).index(self)


class ScheduledState(models.TextChoices):
    OPEN = "OPEN", _("Waiting for a worker")
    LOCKED = "LOCKED", _("Running")
    DONE = "DONE", _("Done")
    CANCELED = "CANCELED", _("Canceled")


class ScheduledRun(HexIdModel):
    """Somebody's wish for a run. `warning`: what the permission gate would have refused, had it not been bypassed."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="scheduled_runs")
    config = models.ForeignKey(RunConfig, on_delete=models.PROTECT, related_name="scheduled_runs")
    priority = models.CharField(max_length=16, choices=Priority.choices, default=Priority.MID)
    rank = models.PositiveSmallIntegerField(default=1)  # of the priority, for the order
    # The labels that a worker needs for it, sorted.
    runs_on = models.JSONField(default=list)
    state = models.CharField(max_length=16, choices=ScheduledState.choices, default=ScheduledState.OPEN)
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    creator = models.CharField(max_length=32, default="UNKNOWN")
    # Which has locked it.
    worker = models.ForeignKey(ComputeWorker, on_delete=models.SET_NULL, null=True, related_name="+")
    bypasses_gate = models.BooleanField(default=False)
    warning = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dataset"], condition=models.Q(state="LOCKED"), name="one_locked_run_per_dataset"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "-rank", "created_at"], name="scheduled_in_order")]

    def __str__(self) -> str:
        return f"scheduled run {self.pk} ({self.state})"


class RunState(models.TextChoices):
    """As the official client 1.5.26 knows them, in the order in which a run goes through those that it needs."""

    STARTED = "STARTED", _("Started")
    INITIALIZING = "INITIALIZING", _("Checking permissions")
    LOADING_DATASET = "LOADING_DATASET", _("Listing files")
    LOADING_METADATA = "LOADING_METADATA", _("Loading metadata")
    LOADING_PREDICTION = "LOADING_PREDICTION", _("Loading predictions")
    CHECKING_CORRUPTNESS = "CHECKING_CORRUPTNESS", _("Reading files")
    INITIALIZING_OBJECT_CROPS = "INITIALIZING_OBJECT_CROPS", _("Cutting out objects")
    COMPUTING_METADATA = "COMPUTING_METADATA", _("Computing metadata")
    TRAINING = "TRAINING", _("Training")
    EMBEDDING = "EMBEDDING", _("Reading and embedding files")
    EMBEDDING_OBJECT_CROPS = "EMBEDDING_OBJECT_CROPS", _("Embedding objects")
    PRETAGGING = "PRETAGGING", _("Detecting objects")
    COMPUTING_ACTIVE_LEARNING_SCORES = "COMPUTING_ACTIVE_LEARNING_SCORES", _("Computing scores")
    SAMPLING = "SAMPLING", _("Selecting samples")
    EMBEDDING_FULL_IMAGES = "EMBEDDING_FULL_IMAGES", _("Embedding whole images")
    SAVING_RESULTS = "SAVING_RESULTS", _("Saving results")
    UPLOADING_DATASET = "UPLOADING_DATASET", _("Writing thumbnails and frames")
    GENERATING_REPORT = "GENERATING_REPORT", _("Writing the report")
    UPLOADING_REPORT = "UPLOADING_REPORT", _("Uploading the report")
    UPLOADED_REPORT = "UPLOADED_REPORT", _("Report uploaded")
    UPLOADING_ARTIFACTS = "UPLOADING_ARTIFACTS", _("Uploading artifacts")
    UPLOADED_ARTIFACTS = "UPLOADED_ARTIFACTS", _("Artifacts uploaded")
    COMPLETED = "COMPLETED", _("Completed")
    FAILED = "FAILED", _("Failed")
    CRASHED = "CRASHED", _("Crashed")
    ABORTED = "ABORTED", _("Aborted")


ENDED_STATES = (RunState.COMPLETED, RunState.FAILED, RunState.CRASHED, RunState.ABORTED)


class Run(HexIdModel):
    """What became of a scheduled run. It stays readable when its dataset is deleted: `dataset_key` keeps its id."""

    dataset = models.ForeignKey(Dataset, on_delete=models.SET_NULL, null=True, related_name="runs")
    dataset_key = models.CharField(max_length=24, db_index=True)
    dataset_name = models.CharField(max_length=255)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="runs")
    scheduled = models.OneToOneField(ScheduledRun, on_delete=models.SET_NULL, null=True, related_name="run")
    # The id of that scheduled run, which the client asks with, also when its row is gone with the dataset.
    scheduled_key = models.CharField(max_length=24, unique=True)
    config = models.ForeignKey(RunConfig, on_delete=models.PROTECT, related_name="runs")
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    worker = models.ForeignKey(ComputeWorker, on_delete=models.SET_NULL, null=True, related_name="runs")
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="run")
    state = models.CharField(max_length=40, choices=RunState.choices, default=RunState.STARTED)
    message = models.CharField(max_length=500, blank=True, default="")
    # The message changes at most every 30 s, unless the state does: the client yields each change.
    message_at = models.DateTimeField(default=timezone.now)
    # One entry a stage, in order: state, done, total (None: unknown), begun and ended as ISO texts (or None).
    stages = models.JSONField(default=list)
    # Name of its tag, and `default_<stamp>` of its embedding: `%Y%m%d_%Hh%Mm%Ss`.
    stamp = models.CharField(max_length=32)
    # nInput, nCorrupt, nDuplicate, nRemoved, nSelected, nPreselectedDatapool, nSelectedWithDatapool.
    sizes = models.JSONField(default=dict)
    # For each strategy what was asked and achieved, as runs.selection.report says it.
    goals = models.JSONField(default=list)
    # Why it ends as aborted, of a run that a limit of its configuration stops; empty: none does.
    limit = models.CharField(max_length=500, blank=True, default="")
    tag_id = models.CharField(max_length=24, blank=True, default="")
    embedding_id = models.CharField(max_length=24, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["team", "-created_at"], name="runs_by_team"),
            models.Index(fields=["state", "created_at"], name="runs_by_state"),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} ({self.state})"

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED_STATES


class LogLevel(models.TextChoices):
    VERBOSE = "VERBOSE", "VERBOSE"
    DEBUG = "DEBUG", "DEBUG"
    INFO = "INFO", "INFO"
    WARNING = "WARNING", "WARNING"
    ERROR = "ERROR", "ERROR"
    CRITICAL = "CRITICAL", "CRITICAL"


class RunLogLine(models.Model):
    """What happened in a run, in sentences. All are kept, at most `runs.progress.MOST_LINES` of them."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField(default=timezone.now)
    level = models.CharField(max_length=16, choices=LogLevel.choices, default=LogLevel.INFO)
    state = models.CharField(max_length=40, choices=RunState.choices)
    text = models.CharField(max_length=2000)

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.text


class ArtifactType(models.TextChoices):
    LOG = "LOG", "LOG"
    MEMLOG = "MEMLOG", "MEMLOG"
    CHECKPOINT = "CHECKPOINT", "CHECKPOINT"
    REPORT_PDF = "REPORT_PDF", "REPORT_PDF"
    REPORT_JSON = "REPORT_JSON", "REPORT_JSON"
    REPORT_V2_JSON = "REPORT_V2_JSON", "REPORT_V2_JSON"
    CORRUPTNESS_CHECK_INFORMATION = "CORRUPTNESS_CHECK_INFORMATION", "CORRUPTNESS_CHECK_INFORMATION"
    SEQUENCE_INFORMATION = "SEQUENCE_INFORMATION", "SEQUENCE_INFORMATION"
    RELEVANT_FILENAMES = "RELEVANT_FILENAMES", "RELEVANT_FILENAMES"


class Artifact(HexIdModel):
    """A file that a run left. Its content stands in the database, so that every web server has it.

    `file_name` is a bare name of letters, digits, `.`, `_` and `-`: clients join it to a folder unchecked.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="artifacts")
    type = models.CharField(max_length=40, choices=ArtifactType.choices)
    file_name = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "file_name"], name="artifacts_have_names")]

    def __str__(self) -> str:
        return self.file_name


class ArtifactPart(models.Model):
    """At most a MiB of an artifact."""

    id = models.BigAutoField(primary_key=True)
    artifact = models.ForeignKey(Artifact, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["artifact", "number"], name="artifacts_have_parts")]

    def __str__(self) -> str:
        return f"part {self.number} of {self.artifact_id}"


class RunPick(models.Model):
    """Why a sample was chosen, or why one of the best others was not. `place` counts from 1 in either list.

    `said`: for each strategy its words, `value` and `log`, as of runs.selection.explaining.Said.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="picks")
    is_chosen = models.BooleanField(default=True)
    place = models.PositiveIntegerField()
    file_name = models.TextField()
    score = models.FloatField(null=True)
    said = models.JSONField(default=list)
    why = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "is_chosen", "place"], name="picks_have_places")
        ]
        indexes: ClassVar = [models.Index(fields=["run", "file_name"], name="picks_by_name")]

    def __str__(self) -> str:
        return self.file_name
