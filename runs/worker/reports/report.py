"""report_v2.json, in the whole shape of the official client's model ReportV2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contents.annotations.predictions.schema import TaskSchema
from runs.models import Run
from runs.worker.annotations.layout import Layout
from runs.worker.annotations.scores import FREQUENCY, SCORES, scaled
from runs.worker.annotations.told import category_in, number_in, value_at
from runs.worker.choosing.inputs import Inputs
from runs.worker.embedding.matrix import Matrix
from runs.worker.pictures import NUMBERS, number_of
from runs.worker.reports.distributions import Json, Sets, amounts, categorical, numeric
from runs.worker.reports.vectors import embedding_information, near_pairs

# Lightly sells annotations that are saved by these; here nobody knows the price of a label.
_NO_SAVINGS = {"costSavings": 0.0, "co2Savings": 0.0}


@dataclass(frozen=True)
class Facts:
    """What the report is made of. `vectors`: (n + h, d) of the inputs' samples. `url`: of this server."""

    run: Run
    inputs: Inputs
    layout: Layout
    sets: Sets
    vectors: Matrix
    sizes: Json
    video_sizes: Json | None
    keys: Sequence[str]
    seed: int
    begun: datetime
    ended: datetime
    url: str

    @property
    def names(self) -> list[str]:
        return list(self.inputs.samples.names)


def report_of(facts: Facts) -> Json:
    names = facts.names
    return {
        "generalInformation": {
            "workerInformation": {"buildTime": "", "buildVersion": _version()},
            "runInformation": _run_information(facts),
            "datasetInformation": _dataset_information(facts),
            "annotationSavings": dict.fromkeys(
                ("imageClassification", "objectDetection", "semanticSegmentation"), _NO_SAVINGS
            ),
            "selectedAndRemovedImageExamples": near_pairs(facts.vectors, facts.sets, names),
        },
        "datasetAnalysis": {
            "embeddingInformation": embedding_information(facts.vectors, facts.sets, names, seed=facts.seed),
            "metadataInformation": _metadata_information(facts),
        },
        "predictionTaskInformation": {
            name: _task_information(facts, schema) for name, schema in facts.layout.tasks.items()
        },
    }


def _version() -> str:
    try:
        return metadata.version("lightly-platform")
    except metadata.PackageNotFoundError:  # run from a folder that nobody installed
        return "unknown"


def _run_information(facts: Facts) -> Json:
    begun, ended = facts.begun.timestamp(), facts.ended.timestamp()
    return {
        "startTimestamp": begun,
        "endTimestamp": ended,
        "totalProcessingTimeS": max(0.0, ended - begun),
        "runId": facts.run.pk,
        "runUrl": f"{facts.url}/runs/{facts.run.pk}/",
    }


def _dataset_information(facts: Facts) -> Json:
    run = facts.run
    told: Json = {
        "datasetSizes": facts.sizes,
        "datasetId": run.dataset_key,
        "datasetUrl": f"{facts.url}/datasets/{run.dataset_key}/",
        "datasetName": run.dataset_name,
    }
    return told if facts.video_sizes is None else told | {"videoLevelSizes": facts.video_sizes}


def _metadata_information(facts: Facts) -> Json:
    rows, held = facts.inputs.rows, facts.inputs.held
    values = {name: np.full(len(rows) + len(held.names), np.nan) for name in NUMBERS}
    custom: list[Any] = []  # rows are read from the disk: once is enough
    for at, meta in enumerate(chain((_noted(row, custom) for row in rows), held.meta)):
        for name in NUMBERS:
            values[name][at] = number_of(meta, name)
    custom += held.custom
    lightly = {name: numeric(values[name], facts.sets) for name in NUMBERS}
    numbers: Json = {}
    categories: Json = {}
    for key in facts.keys:
        found = [value_at(each, key) for each in custom]
        known = np.array([number_in(value) for value in found], np.float64)
        if np.isfinite(known).any():
            numbers[key] = numeric(known, facts.sets)
        elif any(category_in(value) is not None for value in found):
            categories[key] = categorical([category_in(value) for value in found], facts.sets)
    return {"lightlyNumeric": lightly, "customNumeric": numbers, "customCategorical": categories}


def _noted(row: Json, custom: list[Any]) -> Json:
    custom.append(row.get("custom"))
    meta: Json = row["meta"]
    return meta


def _task_information(facts: Facts, schema: TaskSchema) -> Json:
    rows, held = facts.inputs.rows, facts.inputs.held.told
    ids = list(schema.categories)
    column = {str(each): at for at, each in enumerate(ids)}
    counts = np.zeros((len(rows) + len(held), len(ids)), np.float64)
    scores = {score: np.full(len(rows) + len(held), np.nan) for score in SCORES}
    for at, row in enumerate(chain(rows, held)):
        told = row["tasks"][schema.name]
        for category, count in told.get("counts", {}).items():
            counts[at, column[category]] = count
        for score, value in told.get("scores", {}).items():
            scores[score][at] = value
    names = [schema.categories[each] for each in ids]
    return {
        "taskType": schema.type.value if schema.type else "",
        "categoryIdToName": {str(each): name for each, name in schema.categories.items()},
        "activeLearningScoreDistributions": _scores(scores, facts.sets),
        "categoryDistribution": amounts(names, counts, facts.sets),
        "categoryToCountsPerSample": {name: numeric(counts[:, at], facts.sets) for at, name in enumerate(names)},
        "categoryToImageWithCategoryCount": amounts(names, counts > 0, facts.sets),
    }


def _scores(scores: Mapping[str, NDArray[np.float64]], sets: Sets) -> Json:
    found: Json = {}
    for score, values in scores.items():
        known = np.array(scaled(values.tolist()), np.float64) if score == FREQUENCY else values
        if np.isfinite(known).any():
            found[score] = numeric(known, sets)
    return found
