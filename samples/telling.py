"""Predictions, scores and metadata configurations that scripts bring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from datasets.models import Dataset
from samples.models import MetadataConfig, PredictionTask, Sample, SamplePrediction, Tag, TagScore
from samples.queries import AT_ONCE
from samples.storable import cleaned

Singleton = dict[str, Any]


def store_task(dataset: Dataset, *, name: str, schema: dict[str, Any]) -> PredictionTask:
    """One of the same name is replaced."""
    told = {"schema": cleaned(schema), "modified_at": timezone.now()}
    task, _ = PredictionTask.objects.update_or_create(dataset=dataset, name=name, defaults=told)
    return task


@transaction.atomic
def store_predictions(sample: Sample, singletons: Sequence[Singleton]) -> None:
    """What tasks said of the sample before is replaced, of those in the list; an empty list forgets all of them."""
    by_task: dict[str, list[Singleton]] = defaultdict(list)
    for singleton in singletons:
        by_task[singleton["taskName"]].append(cleaned(singleton))
    Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)  # two at once don't both write
    before = SamplePrediction.objects.filter(sample=sample)
    (before.filter(task_name__in=list(by_task)) if by_task else before).delete()
    SamplePrediction.objects.bulk_create(
        SamplePrediction(dataset_id=sample.dataset_id, sample=sample, task_name=name, singletons=told)
        for name, told in by_task.items()
    )


def predictions_of(sample: Sample) -> list[Singleton]:
    found = sample.predictions.order_by("task_name").values_list("singletons", flat=True)
    return [singleton for singletons in found for singleton in singletons]


def predictions_at(dataset: Dataset, positions: Sequence[int], *, task_name: str = "") -> Iterator[list[Singleton]]:
    """A list for each sample at these positions, which are side by side. A query for some thousands of samples."""
    for start in range(0, len(positions), AT_ONCE):
        some = positions[start : start + AT_ONCE]
        rows = SamplePrediction.objects.filter(
            dataset=dataset, sample__position__gte=some[0], sample__position__lte=some[-1]
        ).order_by("sample__position", "task_name")
        if task_name:
            rows = rows.filter(task_name=task_name)
        found: dict[int, list[Singleton]] = defaultdict(list)
        for position, singletons in rows.values_list("sample__position", "singletons"):
            found[position].extend(singletons)
        yield from (found.get(position, []) for position in some)


def store_scores(tag: Tag, score_type: str, scores: Sequence[float]) -> TagScore:
    """Those of the same type are replaced."""
    told = {"scores": list(scores), "created_at": timezone.now()}
    score, _ = TagScore.objects.update_or_create(tag=tag, score_type=score_type, defaults=told)
    return score


def store_config(dataset: Dataset, name: str, configs: Sequence[dict[str, Any]]) -> MetadataConfig:
    return MetadataConfig.objects.create(dataset=dataset, name=cleaned(name), configs=cleaned(list(configs)))


def change_config(config: MetadataConfig, name: str, configs: Sequence[dict[str, Any]]) -> None:
    config.name, config.configs, config.modified_at = cleaned(name), cleaned(list(configs)), timezone.now()
    config.save(update_fields=["name", "configs", "modified_at"])
