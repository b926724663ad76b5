"""Runs as these tests make them, without schedules and clients."""

from __future__ import annotations

from typing import Any

from datasets.models import Dataset
from runs.models import ConfigVersion, Run, RunConfig, ScheduledRun, ScheduledState
from teams.models import User

STAMP = "20261128_19h00m00s"


def config_of(content: dict[str, Any] | None = None, by: User | None = None) -> RunConfig:
    return RunConfig.objects.create(version=ConfigVersion.V4, content=content or {}, created_by=by)


def run_of(dataset: Dataset, content: dict[str, Any] | None = None, *, by: User | None = None) -> Run:
    """One that a worker has taken up just now."""
    config = config_of(content, by)
    scheduled = ScheduledRun.objects.create(
        dataset=dataset, config=config, state=ScheduledState.LOCKED, requested_by=by
    )
    return Run.objects.create(
        dataset=dataset,
        dataset_key=dataset.pk,
        dataset_name=dataset.name,
        team=dataset.team,
        scheduled=scheduled,
        scheduled_key=scheduled.pk,
        config=config,
        requested_by=by,
        stamp=STAMP,
    )
