"""The stage that leaves results: embeddings first, then samples, tag, report and all else in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.utils.translation import gettext, ngettext

from jobs.runners import Cursor, Slice, Step
from runs import progress
from runs.models import RunState
from runs.selection.explaining import Explanation
from runs.selection.report import Report
from runs.selection.report import report_of as goals_report
from runs.worker.annotations.layout import Layout
from runs.worker.choosing.selecting import chosen_rows, opened_selection, ready
from runs.worker.context import Context, context_of
from runs.worker.outputs.embeddings import Vectors, write_some
from runs.worker.outputs.writing import WRITE
from runs.worker.preparing import LAYOUT
from runs.worker.reports.goals import goals_of, picks_of
from runs.worker.results import Outcome, Result, outcome_of, samples_of, store
from runs.worker.scratch import Json, Scratch, paths_of

FINISH = "finish"
# With less time left no further part of a large file is written.
SPARE_SECONDS = 25.0


def begin(cursors: Sequence[Cursor]) -> Cursor:
    """`cursors`: of all shards so far."""
    selected = next(cursor for cursor in cursors if cursor["stage"] == "select")
    writers = [cursor for cursor in cursors if cursor["stage"] == WRITE]
    return selected | {
        "stage": FINISH,
        "without": sorted(name for cursor in writers for name in cursor["without"]),
        "custom": [mark for cursor in writers for mark in cursor["custom"]],
        "embedded": False,
        "csv": {},
        "plot": "",
        "note": "",
    }


def finish_some(this: Slice) -> Step:
    context = context_of(this.job, paths_of(this.cursor))
    if not ready(this, context):
        return Step(this.cursor, is_last=False)
    return _finish(this, context) if this.cursor["embedded"] else _embed(this, context)


def _embed(this: Slice, context: Context) -> Step:
    """Writes the embeddings of all samples that the dataset will have, and their plot."""
    progress.enter(context.run, RunState.SAVING_RESULTS)
    cursor = this.cursor
    changed: dict[str, Any] = {"embedded": True}
    if context.settings.enable_datapool_update and cursor["chosen"]:
        inputs, _ = opened_selection(context, cursor["state"])
        vectors = Vectors.of(context, inputs, _chosen(Scratch(context), cursor)[0])
        note = "" if cursor["csv"] else vectors.problem()
        if note:
            changed["note"] = note
        else:
            changed |= write_some(context, cursor, vectors, lambda: this.seconds_left > SPARE_SECONDS)
            changed["embedded"] = not changed["csv"]
    return Step(cursor | changed, is_last=False)


def _chosen(scratch: Scratch, cursor: Cursor) -> tuple[list[int], list[Json]]:
    """Places among the rows of Inputs, and the rows."""
    found = chosen_rows(scratch, cursor["picked"], 0, cursor["chosen"])
    return [at for at, _ in found], [row for _, row in found]


def _finish(this: Slice, context: Context) -> Step:
    progress.enter(context.run, RunState.GENERATING_REPORT)
    cursor, scratch = this.cursor, Scratch(context)
    inputs, chooser = opened_selection(context, cursor["state"])
    chosen, rows = _chosen(scratch, cursor)
    outcome = outcome_of(context, cursor, inputs, chosen, Layout.of(scratch.read_json(LAYOUT)))
    explanation = Explanation(chooser) if chooser else None
    goals = goals_report(chooser, explanation) if chooser and explanation else None
    result = Result(
        context=context,
        cursor=cursor,
        new=samples_of(context, cursor, scratch, rows),
        outcome=outcome,
        goals=goals_of(goals) if goals else [],
        plot=scratch.read(cursor["plot"]) if cursor["plot"] else b"",
        picks=picks_of(context.run, chooser, explanation) if chooser and explanation else [],
    )
    message = _message(outcome, goals)
    return Step(cursor, is_last=True, message=message, store=partial(store, result, message))


def _message(outcome: Outcome, goals: Report | None) -> str:
    selected, inputs = outcome.sizes["nSelected"], outcome.sizes["nInput"]
    counts = {"selected": f"{selected:,}", "inputs": f"{inputs:,}"}
    told = [gettext("Selected %(selected)s of %(inputs)s samples.") % counts]
    if goals and goals.chosen < goals.wanted:
        told.append(gettext("%(wanted)s were wanted.") % {"wanted": f"{goals.wanted:,}"})
        told.append(goals.why)
    if goals and goals.missed:
        count = len(goals.missed)
        told.append(ngettext("%(count)s goal was missed.", "%(count)s goals were missed.", count) % {"count": count})
    return " ".join(told)
