"""Asked against achieved, and why samples were chosen or not, in the form in which the database keeps it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from runs.models import Run, RunPick
from runs.selection.choosing import Chooser
from runs.selection.explaining import Explanation, Said
from runs.selection.report import Achieved, Report
from runs.worker.reports.distributions import Json

MOST_LEFT_OUT = 100
_BATCH = 500


def goals_of(report: Report) -> list[Json]:
    """One for each strategy, in the order of the configuration."""
    return [_goal(each) for each in report.achieved]


def _goal(achieved: Achieved) -> Json:
    strategy = achieved.strategy
    return {
        "strategy": str(strategy),
        "type": type(strategy).__name__.upper(),
        "strength": getattr(strategy, "strength", None),
        "figures": {name: value for name, value in achieved.figures.items() if math.isfinite(value)},
        "shares": [
            {
                "name": share.name,
                "asked": share.asked,
                "chosen": share.chosen,
                "input": share.input,
                "missed": share.missed and share.missed.value,
            }
            for share in achieved.shares
        ],
        "missed": achieved.missed and achieved.missed.value,
        "why": achieved.why,
    }


def store_picks(run: Run, chooser: Chooser, explanation: Explanation) -> None:
    """All chosen samples, and the best of the others. Call it in a transaction."""
    RunPick.objects.filter(run=run).delete()
    RunPick.objects.bulk_create(_picks(run, chooser, explanation), batch_size=_BATCH)


def _picks(run: Run, chooser: Chooser, explanation: Explanation) -> Iterator[RunPick]:
    for place in range(1, len(chooser.chosen) + 1):
        pick = explanation.pick(place)
        yield RunPick(
            run=run,
            place=place,
            file_name=pick.name,
            score=_finite(pick.score),
            said=[_said(each) for each in pick.said],
        )
    for place, left in enumerate(explanation.best_left_out(MOST_LEFT_OUT), start=1):
        yield RunPick(
            run=run,
            is_chosen=False,
            place=place,
            file_name=left.name,
            score=_finite(left.score),
            said=[_said(each) for each in left.said],
            why=left.why[:500],
        )


def _said(said: Said) -> dict[str, Any]:
    return {"strategy": str(said.strategy), "value": _finite(said.value), "log": _finite(said.log)}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
