"""What a dataset holds after its runs: samples, tags, embeddings.

A dataset holds only what runs selected, not all of its input. The order of samples never changes and no sample is
removed singly, because the masks of tags count on it.
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import HexIdModel
from datasets.models import Dataset
from teams.models import User

INITIAL_TAG = "initial-tag"


class SampleType(models.TextChoices):
    """As the official client spells them."""

    IMAGE = "IMAGE", _("Image")
    VIDEO_FRAME = "VIDEO_FRAME", _("Frame of a video")
    CROP = "CROP", _("Part of an image")


class Sample(HexIdModel):
    """`position` is its bit in the masks of tags, from 0 on without gaps. `file_name` is relative to Input; a frame's
    is that of its picture, such as `video-099-mp4.png`.

    `meta_data`, `custom_meta_data`, `video_frame_data` and `exif` have the keys of the official client's SampleData.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="samples")
    position = models.PositiveIntegerField()
    file_name = models.TextField()
    type = models.CharField(max_length=16, choices=SampleType.choices, default=SampleType.IMAGE)
    # Relative to the Lightly datasource; empty: there is none.
    thumb_name = models.TextField(blank=True, default="")
    exif = models.JSONField(default=dict)
    meta_data = models.JSONField(default=dict)
    custom_meta_data = models.JSONField(null=True)
    video_frame_data = models.JSONField(null=True)
    # The run that added it. No foreign key: runs stand above samples.
    run_id = models.CharField(max_length=24, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["dataset", "position"], name="samples_have_positions"),
            models.UniqueConstraint(fields=["dataset", "file_name"], name="samples_have_names"),
        ]

    def __str__(self) -> str:
        return self.file_name


class Tag(HexIdModel):
    """Some of a dataset's samples. `bits`: bit `position % 8` of byte `position // 8`, without zeros at the end."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=255)
    # None for the initial tag alone.
    previous = models.ForeignKey("self", on_delete=models.RESTRICT, null=True, related_name="following")
    bits = models.BinaryField(default=b"")
    size = models.PositiveIntegerField(default=0)
    query_tag_id = models.CharField(max_length=24, blank=True, default="")
    preselected_tag_id = models.CharField(max_length=24, blank=True, default="")
    run_id = models.CharField(max_length=24, blank=True, default="", db_index=True)
    creator = models.CharField(max_length=32, default="UNKNOWN")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    changes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["dataset", "name"], name="tags_have_names")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_initial(self) -> bool:
        return self.name == INITIAL_TAG


class Embedding(HexIdModel):
    """Vectors of a dataset's samples, as a csv file in the Lightly datasource: `key` is relative to it."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="embeddings")
    name = models.CharField(max_length=255)
    key = models.TextField()
    is_processed = models.BooleanField(default=False)
    rows = models.PositiveIntegerField(default=0)
    dimensions = models.PositiveIntegerField(default=0)
    # What made them, for people.
    model = models.CharField(max_length=200, blank=True, default="")
    run_id = models.CharField(max_length=24, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["dataset", "name"], name="embeddings_have_names")]

    def __str__(self) -> str:
        return self.name


class PlotMethod(models.TextChoices):
    PCA = "PCA", "PCA"
    TSNE = "TSNE", "t-SNE"
    UMAP = "UMAP", "UMAP"


class EmbeddingPlot(models.Model):
    """Two coordinates for each of the first `count` samples, by position: (count, 2) float32, little-endian."""

    id = models.BigAutoField(primary_key=True)
    embedding = models.ForeignKey(Embedding, on_delete=models.CASCADE, related_name="plots")
    method = models.CharField(max_length=8, choices=PlotMethod.choices)
    count = models.PositiveIntegerField(default=0)
    points = models.BinaryField(default=b"")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["embedding", "method"], name="plots_have_methods")]

    def __str__(self) -> str:
        return f"{self.method} of {self.embedding_id}"


class MetadataConfig(HexIdModel):
    """Which custom metadata pages and filters offer, as the official client's ConfigurationSetRequest."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="metadata_configs")
    name = models.CharField(max_length=255)
    configs = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name


class PredictionTask(HexIdModel):
    """A task whose predictions scripts store here. `schema` has the keys of the client's PredictionTaskSchema."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="prediction_tasks")
    name = models.CharField(max_length=255)
    schema = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    modified_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["dataset", "name"], name="tasks_have_names")]

    def __str__(self) -> str:
        return self.name


class SamplePrediction(HexIdModel):
    """What a task says of a sample: `singletons` are the client's PredictionSingletons.

    They go with the dataset, as samples do. If they hung on samples, Django would read all samples to delete a dataset.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="+")
    sample = models.ForeignKey(Sample, on_delete=models.DO_NOTHING, related_name="predictions")
    task_name = models.CharField(max_length=255)
    singletons = models.JSONField(default=list)
    modified_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sample", "task_name"], name="samples_have_predictions")
        ]

    def __str__(self) -> str:
        return f"{self.task_name} of {self.sample_id}"


class TagScore(HexIdModel):
    """A number for each sample of a tag, in their order."""

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="scores")
    score_type = models.CharField(max_length=255)
    scores = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["tag", "score_type"], name="scores_have_types")]

    def __str__(self) -> str:
        return f"{self.score_type} of {self.tag_id}"
