"""The stage that leaves results: embeddings first, then samples, tag, report and all else in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from django.utils.translation import gettext, ngettext

from jobs.runners import Cursor, Slice, Step
from runs import progress
from runs.models import RunState
from runs.places import embeddings_name
from runs.selection.explaining import Explanation
from runs.selection.report import Report
from runs.selection.report import report_of as goals_report
from runs.worker.annotations.layout import Layout
from runs.worker.choosing.inputs import Inputs
from runs.worker.choosing.selecting import chosen_rows, opened_selection
from runs.worker.context import Context, context_of
from runs.worker.embedding.csvs import lines_of
from runs.worker.outputs.writing import WRITE
from runs.worker.preparing import LAYOUT
from runs.worker.reports.goals import goals_of
from runs.worker.reports.vectors import Vectors, principal, unit
from runs.worker.results import Outcome, Result, outcome_of, samples_of, store
from runs.worker.scratch import Scratch, paths_of, token

FINISH = "finish"


def begin(cursors: Sequence[Cursor]) -> Cursor:
    """`cursors`: of all shards so far."""
    selected = next(cursor for cursor in cursors if cursor["stage"] == "select")
    writers = [cursor for cursor in cursors if cursor["stage"] == WRITE]
    return selected | {
        "stage": FINISH,
        "without": sorted(name for cursor in writers for name in cursor["without"]),
        "custom": [mark for cursor in writers for mark in cursor["custom"]],
        "embedded": False,
    }


def finish_some(this: Slice) -> Step:
    context = context_of(this.job, paths_of(this.cursor))
    return _finish(this, context) if this.cursor["embedded"] else _embed(this, context)


def _embed(this: Slice, context: Context) -> Step:
    """Writes the embeddings of all samples that the dataset will have, and their plot."""
    progress.enter(context.run, RunState.SAVING_RESULTS)
    cursor = this.cursor
    inputs, _ = opened_selection(context, cursor["state"])
    scratch = Scratch(context)
    changed: dict[str, Any] = {"embedded": True, "plot": "", "note": ""}
    chosen = chosen_rows(scratch, cursor["picked"]) if cursor["picked"] else []
    if context.settings.enable_datapool_update and chosen:
        changed |= _write_vectors(context, scratch, inputs, [at for at, _ in chosen])
    return Step(cursor | changed, is_last=False)


def _write_vectors(context: Context, scratch: Scratch, inputs: Inputs, chosen: Sequence[int]) -> dict[str, Any]:
    """In the order that the samples will have: the datapool's first."""
    everything = inputs.samples.vectors()
    held = everything[len(inputs.rows) :]
    new = unit(everything[np.array(chosen, np.intp)], is_wanted=context.settings.normalize_embeddings)
    vectors: Vectors = np.concatenate([held, new]).astype(np.float32) if len(held) else new
    if not vectors.shape[1] or not np.isfinite(vectors).all():
        return {"note": "Some samples have no embedding, so that none is written for the dataset."}
    names = [*inputs.held.names, *(inputs.rows[at]["name"] for at in chosen)]
    content = b"".join(lines_of(names, vectors))
    key = embeddings_name(context.run.stamp)
    context.write_target(key, content, "text/csv")
    mark = f"plot-{token()}.bin"
    scratch.write(mark, principal(vectors).astype("<f4").tobytes())
    model = context.settings.embeddings_file or context.model.embedder.name
    size = {"vectors": len(vectors), "dimensions": int(vectors.shape[1])}
    return {"plot": mark, "key": key, "model": model[:200], **size}


def _finish(this: Slice, context: Context) -> Step:
    progress.enter(context.run, RunState.GENERATING_REPORT)
    cursor, scratch = this.cursor, Scratch(context)
    inputs, chooser = opened_selection(context, cursor["state"])
    chosen = chosen_rows(scratch, cursor["picked"]) if cursor["picked"] else []
    outcome = outcome_of(context, cursor, inputs, [at for at, _ in chosen], Layout.of(scratch.read_json(LAYOUT)))
    explanation = Explanation(chooser) if chooser else None
    goals = goals_report(chooser, explanation) if chooser and explanation else None
    result = Result(
        context=context,
        cursor=cursor,
        new=samples_of(context, cursor, scratch, [row for _, row in chosen]),
        outcome=outcome,
        goals=goals_of(goals) if goals else [],
        plot=scratch.read(cursor["plot"]) if cursor["plot"] else b"",
        chooser=chooser,
        explanation=explanation,
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
