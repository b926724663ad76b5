"""The stage that selects: slices of runs.selection, whose state is kept between them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext, ngettext

from jobs.runners import Cursor, JobError, Slice, Step
from runs import progress
from runs.models import LogLevel, Run, RunState
from runs.selection.choosing import Chooser
from runs.selection.samples import UnusableInputError
from runs.selection.state import State
from runs.worker.annotations.layout import Layout
from runs.worker.choosing.inputs import Inputs, fetch, inputs_of
from runs.worker.choosing.table import table_of
from runs.worker.context import Context, context_of
from runs.worker.preparing import LAYOUT
from runs.worker.scratch import Json, Scratch, paths_of, token

SELECT = "select"
# What ending a slice may take: the state is written, then the database.
SPARE_SECONDS = 20.0
LEAST_SECONDS = 2.0
# With less time left, the selection is opened by the next slice.
LEFT_TO_BEGIN = 30.0
# Chosen samples of one file.
CHOSEN_AT_ONCE = 1_000


@dataclass
class _Kept:
    """Of the last slice of this process, so that the next one begins where it ended."""

    run: str
    state: str
    inputs: Inputs
    chooser: Chooser | None


_kept: list[_Kept] = []


def begin(cursors: Sequence[Cursor]) -> Cursor:
    """`cursors`: of all shards so far. The first is that of `prepare`."""
    prepared = cursors[0]
    common = {name: prepared[name] for name in ("paths", "slices", "files", "begun", "newest")}
    return {"stage": SELECT, "state": "", "picked": "", "chosen": 0, **common}


def select_some(this: Slice) -> Step:
    cursor = this.cursor
    context = context_of(this.job, paths_of(cursor))
    progress.enter(context.run, RunState.SAMPLING)
    if not ready(this, context):
        return Step(cursor, is_last=False)
    is_first = not cursor["state"]
    inputs, chooser = opened_selection(context, cursor["state"])
    scratch, mark = Scratch(context), token()
    store = partial(_tell, context, inputs, chooser, is_first=is_first)
    if chooser is not None and not chooser.advance(seconds=max(LEAST_SECONDS, this.seconds_left - SPARE_SECONDS)):
        scratch.write(_state_name(mark), chooser.state.to_bytes())
        _keep(context, mark, inputs, chooser)
        return Step(cursor | {"state": mark}, is_last=False, store=store)
    if chooser is not None:
        scratch.write(_state_name(mark), chooser.state.to_bytes())
    chosen = sorted(chooser.chosen) if chooser else list(range(len(inputs.rows)))
    _write_chosen(scratch, mark, inputs, chosen)
    _keep(context, mark, inputs, chooser)
    return Step(cursor | {"state": mark, "picked": mark, "chosen": len(chosen)}, is_last=True, store=store)


def ready(this: Slice, context: Context) -> bool:
    """Whether all that the selection looks at lies on this machine's disk. If not, more of it does. Raises JobError."""
    if any(kept.run == context.run.pk for kept in _kept):
        return True
    if fetch(context, lambda: this.seconds_left > SPARE_SECONDS):
        # With a full slice ahead: to open what was just put together takes its time too.
        return this.seconds_left > LEFT_TO_BEGIN
    return False


def opened_selection(context: Context, state: str) -> tuple[Inputs, Chooser | None]:
    """The selection as the slice with this mark left it. No chooser: all are taken. Raises JobError."""
    for kept in _kept:
        if (kept.run, kept.state) == (context.run.pk, state) and state:
            return kept.inputs, kept.chooser
    _kept.clear()
    scratch = Scratch(context)
    layout = Layout.of(scratch.read_json(LAYOUT))
    inputs = inputs_of(context, layout, table_of(context))
    known = context.settings
    if known.selection is None or not inputs.rows:
        return inputs, None
    saved = State.from_bytes(scratch.read(_state_name(state))) if state else None
    try:
        chooser = Chooser(
            known.selection, inputs.samples, seed=known.seed, unit_length=known.normalize_embeddings, state=saved
        )
    except UnusableInputError as error:
        raise JobError(str(error), is_final=True) from None
    return inputs, chooser


def _keep(context: Context, mark: str, inputs: Inputs, chooser: Chooser | None) -> None:
    _kept[:] = [_Kept(context.run.pk, mark, inputs, chooser)]


def forget() -> None:
    """As a new process."""
    _kept.clear()


def _write_chosen(scratch: Scratch, mark: str, inputs: Inputs, chosen: Sequence[int]) -> None:
    """In files of some samples each, so that nobody has to read all of them for a few."""
    for number, start in enumerate(range(0, len(chosen), CHOSEN_AT_ONCE)):
        some = chosen[start : start + CHOSEN_AT_ONCE]
        scratch.write_json(_chosen_name(mark, number), [[at, inputs.rows[at]] for at in some])


def chosen_rows(scratch: Scratch, picked: str, start: int, end: int) -> list[tuple[int, Json]]:
    """Of the chosen samples, in the order of their names, those from `start` on and before `end`.

    Each with its place among the rows of Inputs.
    """
    if not picked or start >= end:
        return []
    numbers = range(start // CHOSEN_AT_ONCE, (end - 1) // CHOSEN_AT_ONCE + 1)
    contents = scratch.read_many([_chosen_name(picked, number) for number in numbers])
    found = [(at, row) for content in contents for at, row in json.loads(content)]
    first = numbers[0] * CHOSEN_AT_ONCE
    return found[start - first : end - first]


def _tell(context: Context, inputs: Inputs, chooser: Chooser | None, *, is_first: bool) -> None:
    run = context.run
    if is_first:
        _tell_counts(run, inputs)
        for note in inputs.notes:
            progress.log(run, note, LogLevel.WARNING)
        if context.settings.selection is None:
            progress.log(run, gettext("The configuration has no selection: all samples are taken."))
    if chooser is not None:
        done, wanted = chooser.progress
        counts = {"done": f"{done:,}", "total": f"{wanted:,}"}
        progress.say(run, gettext("Selected %(done)s of %(total)s") % counts)


def _tell_counts(run: Run, inputs: Inputs) -> None:
    count = len(inputs.rows)
    words = ngettext("%(count)s sample can be chosen.", "%(count)s samples can be chosen.", count)
    progress.log(run, words % {"count": f"{count:,}"})
    if count := len(inputs.usable.corrupt):
        words = ngettext(
            "%(count)s sample can't be used: corruptness_check_information.json says why.",
            "%(count)s samples can't be used: corruptness_check_information.json says why.",
            count,
        )
        progress.log(run, words % {"count": f"{count:,}"}, LogLevel.WARNING)
    if count := len(inputs.usable.twins):
        words = ngettext(
            "%(count)s file has the same content as another one.",
            "%(count)s files have the same content as another one.",
            count,
        )
        progress.log(run, words % {"count": f"{count:,}"})
    if count := len(inputs.held.names):
        words = ngettext(
            "%(count)s sample of the dataset counts as chosen already.",
            "%(count)s samples of the dataset count as chosen already.",
            count,
        )
        progress.log(run, words % {"count": f"{count:,}"})


def _state_name(mark: str) -> str:
    return f"select-{mark}.npz"


def _chosen_name(mark: str, number: int) -> str:
    return f"chosen/{mark}-{number:06}.json"
