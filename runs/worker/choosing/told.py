"""Predictions of samples that the dataset has already, read from the Lightly datasource as those of new samples are.

They are kept on the disk of this machine, and read in as many slices as that takes.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from runs.worker.annotations.files import tell_of
from runs.worker.annotations.layout import Layout
from runs.worker.context import Context
from runs.worker.disk import locked, write_state
from runs.worker.scratch import Json
from samples.queries import count_of, values_at

# So many samples are asked for before the clock is looked at.
AT_ONCE = 64
_FOLDER, _STATE, _LINES = "told", "state.json", "lines.jsonl"


def is_wanted(context: Context) -> bool:
    return context.uses_datapool and bool(context.settings.tasks)


def fetch(context: Context, layout: Layout, has_time: Callable[[], bool]) -> bool:
    """Reads on as long as there is time; at least some. Whether all are there. Raises JobError."""
    count = count_of(context.dataset)
    folder = context.disk / _FOLDER
    with locked(folder):
        state = _state_of(context)
        is_first = True
        while state["samples"] < count and (is_first or has_time()):
            is_first = False
            positions = range(state["samples"], min(count, state["samples"] + AT_ONCE))
            names = [name for (name,) in values_at(context.dataset.pk, positions, "file_name")]
            told = tell_of(context, Layout(layout.tasks), names, with_metadata=False)
            content = "".join(f"{json.dumps(each)}\n" for each in told).encode()
            with (folder / _LINES).open("ab") as file:
                file.truncate(state["bytes"])
                file.write(content)
            state = {"samples": positions.stop, "bytes": state["bytes"] + len(content)}
            write_state(folder / _STATE, state)
        return bool(state["samples"] >= count)


def told_of(context: Context, count: int) -> Sequence[Json]:
    """`tasks` of each of the first samples, by position: see annotations.files. After `fetch`."""
    if not is_wanted(context) or not count:
        return [{"tasks": {}} for _ in range(count)]
    with (context.disk / _FOLDER / _LINES).open() as file:
        return [json.loads(line) for line, _ in zip(file, range(count), strict=False)]


def _state_of(context: Context) -> dict[str, Any]:
    with contextlib.suppress(FileNotFoundError):
        found: dict[str, Any] = json.loads((context.disk / _FOLDER / _STATE).read_text())
        return found
    return {"samples": 0, "bytes": 0}
