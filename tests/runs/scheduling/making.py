"""Workers, configurations and scheduled runs as these tests need them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from datasets.models import Dataset
from runs.models import ComputeWorker, ConfigVersion, Priority, Run, RunConfig, ScheduledRun
from runs.scheduling import configs, picking, registry
from teams.models import User
from tests.runs.making import config_of

RANDOM = {
    "workerType": "FULL",
    "selection": {
        "nSamples": 2,
        "strategies": [{"input": {"type": "EMBEDDINGS"}, "strategy": {"type": "DIVERSITY"}}],
    },
}


def stored_config(content: dict[str, Any] | None = None, by: User | None = None) -> RunConfig:
    return configs.store(version=ConfigVersion.V4, content=content or RANDOM, by=by)


def bypassing() -> dict[str, Any]:
    return RANDOM | {"docker": {"datasource": {"bypassVerify": True}}}


def worker(name: str = "default", labels: Collection[str] = ()) -> ComputeWorker:
    """One that lives."""
    made = registry.start(name=name, labels=labels, host="gpu-box", version="0.2.0")
    assert made
    made.refresh_from_db()
    return made


def open_run(
    dataset: Dataset,
    *,
    priority: Priority = Priority.MID,
    runs_on: Collection[str] = (),
    created_at: datetime | None = None,
    by: User | None = None,
) -> ScheduledRun:
    """As services.schedule leaves it, without its questions to the clouds."""
    return ScheduledRun.objects.create(
        dataset=dataset,
        config=config_of(RANDOM, by),
        priority=priority,
        rank=priority.rank,
        runs_on=sorted(runs_on),
        requested_by=by,
        created_at=created_at or timezone.now(),
    )


def ago(seconds: float) -> datetime:
    return timezone.now() - timedelta(seconds=seconds)


def begun() -> Run:
    """The one run that begins now."""
    (run,) = picking.pick_up()
    return run
