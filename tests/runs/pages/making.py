"""Runs as pages find them, with all that they leave."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.utils import timezone

from datasets.models import Dataset
from runs import artifacts
from runs.models import ArtifactType, Run, RunPick, RunState, ScheduledState
from teams.models import User
from tests.runs.making import run_of

DIVERSITY = {"input": {"type": "EMBEDDINGS"}, "strategy": {"type": "DIVERSITY"}}
CONTENT = {"workerType": "FULL", "selection": {"nSamples": 3, "strategies": [DIVERSITY]}}
GOALS = [
    {"strategy": "DIVERSITY of embeddings", "figures": {"smallest_distance": 0.5, "cover_radius": 0.25}, "shares": [],
     "missed": None, "why": ""},
    {"strategy": "BALANCE of classes of task boxes", "strength": 2.0, "figures": {"off_target": 0.1}, "missed": "INPUT",
     "why": "bus has 5.0% instead of 20.0%. There is no more of it in the input.",
     "shares": [{"name": "bus", "asked": 0.2, "chosen": 0.05, "input": 0.05, "missed": "INPUT"},
                {"name": "car", "asked": 0.8, "chosen": 0.95, "input": 0.95, "missed": None}]},
]  # fmt: skip


def numeric(**sets: list[int]) -> dict[str, Any]:
    metrics = {"mean": 1.5, "std": 1.0, "min": 0.0, "median": 1.0, "max": 4.0}
    return {"bins": 2, "range": [0, 4]} | {
        name: {"counts": counts, "metrics": metrics} for name, counts in sets.items()
    }


def categorical(**sets: dict[str, int]) -> dict[str, Any]:
    metrics = {"giniImbalance": 0.1, "normalizedEntropy": 0.9}
    return {name: {"counts": counts, "metrics": metrics} for name, counts in sets.items()}


REPORT: dict[str, Any] = {
    "datasetAnalysis": {
        "embeddingInformation": {
            "distanceToNearestNeighborInSet": numeric(input=[9, 1], selected=[1, 2], random=[2, 1]),
            "distanceToCoverInput": numeric(selected=[0, 0]),
        },
        "metadataInformation": {
            "lightlyNumeric": {"luminance": numeric(input=[6, 4], selected=[2, 1], random=[1, 2])},
            "customNumeric": {},
            "customCategorical": {"weather": categorical(input={"sun": 8, "rain": 2}, selected={"rain": 2, "sun": 1})},
        },
    },
    "predictionTaskInformation": {
        "boxes": {
            "categoryIdToName": {"0": "car", "1": "bus"},
            "categoryDistribution": categorical(input={"0": 9, "1": 1}, selected={"0": 2, "1": 1}, random={"0": 3}),
            "activeLearningScoreDistributions": {},
        }
    },
}  # fmt: skip


def ended(dataset: Dataset, by: User, *, content: dict[str, Any] | None = None, picks: int = 3, first: int = 0) -> Run:
    """With results: `picks` samples from number `first` on."""
    run = run_of(dataset, content or CONTENT, by=by)
    assert run.scheduled
    run.scheduled.state = ScheduledState.DONE
    run.scheduled.save()
    now = timezone.now()
    stages = [("INITIALIZING", 1, 1), ("EMBEDDING", 10, 10), ("SAMPLING", 3, 3)]
    run.stages = [
        {"state": state, "done": done, "total": total, "begun": (now - timedelta(seconds=40)).isoformat(),
         "ended": now.isoformat()}
        for state, done, total in stages
    ]  # fmt: skip
    run.state, run.message, run.finished_at = RunState.COMPLETED, f"Selected {picks} of 10 samples", now
    run.sizes = {"nInput": 10, "nCorrupt": 1, "nDuplicate": 2, "nSelected": picks}
    run.goals = GOALS
    run.stamp = f"20261128_19h00m0{Run.objects.count()}s"
    run.save()
    artifacts.add(run, ArtifactType.REPORT_V2_JSON, "report_v2.json", json.dumps(REPORT).encode())
    artifacts.add(run, ArtifactType.LOG, "log.txt", b"one line\n" * 200_000)
    said = [{"strategy": "DIVERSITY of embeddings", "value": 0.5, "log": -0.7}]
    RunPick.objects.bulk_create(
        RunPick(run=run, place=place, file_name=f"street/{first + place}.jpg", score=-0.7, said=said)
        for place in range(1, picks + 1)
    )
    RunPick.objects.create(
        run=run, is_chosen=False, place=1, file_name="street/dark.jpg", why="It looks like street/1.jpg."
    )
    return run
