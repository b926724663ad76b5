"""Asked against achieved, and why samples were chosen or not, in the form in which the database keeps it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from runs.models import Run, RunPick
from runs.selection.choosing import Chooser
from runs.selection.explaining import Explanation
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


def picks_of(run: Run, chooser: Chooser, explanation: Explanation) -> list[RunPick]:
    """All chosen samples, and the best of the others. Not stored yet."""
    words = [str(strategy) for strategy in explanation.strategies]
    names, scores = chooser.names(), chooser.state.scores
    values, logs = explanation.values.tolist(), explanation.logs.tolist()
    rows = zip(names, scores, values, logs, strict=True)
    picks = [
        RunPick(run=run, place=place, file_name=name, score=_finite(score), said=_said(words, value, log))
        for place, (name, score, value, log) in enumerate(rows, start=1)
    ]
    for place, left in enumerate(explanation.best_left_out(MOST_LEFT_OUT), start=1):
        said = _said(words, [each.value for each in left.said], [each.log for each in left.said])
        why, score = left.why[:500], _finite(left.score)
        picks.append(
            RunPick(run=run, is_chosen=False, place=place, file_name=left.name, score=score, said=said, why=why)
        )
    return picks


def store_picks(run: Run, picks: Sequence[RunPick]) -> None:
    """In place of those that are there. Call it in a transaction."""
    RunPick.objects.filter(run=run).delete()
    RunPick.objects.bulk_create(picks, batch_size=_BATCH)


def _said(words: Sequence[str], values: Sequence[float], logs: Sequence[float]) -> list[dict[str, Any]]:
    told = zip(words, values, logs, strict=True)
    return [{"strategy": word, "value": _finite(value), "log": _finite(log)} for word, value, log in told]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
