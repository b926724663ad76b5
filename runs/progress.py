"""What a run says of itself while it works: its state, how far it is, its message and its log.

Web processes and workers use it. Every change locks the run's row, because up to 16 shards tell at the same time.
Nothing is told any more of a run that has ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from runs.models import LogLevel, Run, RunLogLine, RunState

# Of a run. What comes after them is not kept, but for the last line that says so.
MOST_LINES = 5_000
# The official client asks every 30 s and yields each message that has changed.
MESSAGE_EVERY = timedelta(seconds=30)
LONGEST_MESSAGE, LONGEST_LINE = 500, 2000


def enter(run: Run, state: RunState, *, total: int | None = None) -> None:
    """The run is in this state from now on. Nothing happens if it was in it before, except that a total is filled in.

    `total`: how many items the stage has; None as long as nobody knows. `run` may be an older copy of its row.
    """
    if (known := _stage(run, state)) and (total is None or known["total"] is not None):
        return
    with _open(run) as row:
        if row is None:
            return
        known = _stage(row, state)
        if known is None:
            _end_last(row)
            row.stages.append({"state": state, "done": 0, "total": total, "begun": _now(), "ended": None})
            row.state, row.message_at = state, timezone.now()
            row.message = _words(row)
        elif known["total"] is None:
            known["total"] = total


def advance(run: Run, done: int, *, state: RunState | None = None) -> None:
    """So many more items of the stage are done. `state`: of which stage; None: of the current one.

    Call it in the transaction that stores the slice, so that a slice that is done twice counts once.
    """
    with _open(run) as row:
        stage = None if row is None else _stage(row, state or RunState(row.state))
        if row is None or stage is None:
            return
        stage["done"] += done
        if stage["state"] == row.state:
            _say(row, _words(row))


def say(run: Run, message: str) -> None:
    """Change the message, if it has stood there for 30 s or more."""
    with _open(run) as row:
        if row is not None:
            _say(row, message)


def log(run: Run, text: str, level: LogLevel = LogLevel.INFO) -> None:
    """One more line of the run's log, also of a run that has ended. No secrets, and no words of a cloud."""
    count = RunLogLine.objects.filter(run=run.pk).count()
    if count > MOST_LINES:
        return
    if count == MOST_LINES:
        text, level = gettext("Further lines are not kept: there are too many."), LogLevel.WARNING
    state = Run.objects.filter(pk=run.pk).values_list("state", flat=True).first()
    if state is not None:
        RunLogLine.objects.create(run_id=run.pk, level=level, state=state, text=text[:LONGEST_LINE])


@contextmanager
def _open(run: Run) -> Iterator[Run | None]:
    """The locked row of a run that has not ended; it is saved afterwards. None: it has ended, or is gone."""
    with transaction.atomic():
        row = Run.objects.select_for_update().filter(pk=run.pk).first()
        if row is None or row.has_ended:
            yield None
            return
        yield row
        row.modified_at = timezone.now()
        row.save(update_fields=["state", "stages", "message", "message_at", "modified_at"])
    run.state, run.stages, run.message = row.state, row.stages, row.message


def _say(row: Run, message: str) -> None:
    now = timezone.now()
    if now - row.message_at >= MESSAGE_EVERY and message != row.message:
        row.message, row.message_at = message[:LONGEST_MESSAGE], now


def _words(row: Run) -> str:
    """Of the current stage: `Reading and embedding files: 1,200 of 5,000`."""
    stage = row.stages[-1]
    label = str(RunState(stage["state"]).label)
    if stage["total"]:
        counts = {"done": f"{stage['done']:,}", "total": f"{stage['total']:,}"}
        reached = gettext("%(done)s of %(total)s") % counts  # apart: gettext sees nothing inside of f-strings
        return f"{label}: {reached}"[:LONGEST_MESSAGE]
    return f"{label}: {stage['done']:,}" if stage["done"] else label


def _stage(row: Run, state: RunState) -> dict[str, Any] | None:
    found: dict[str, Any] | None = next((each for each in row.stages if each["state"] == state), None)
    return found


def _end_last(row: Run) -> None:
    if row.stages and row.stages[-1]["ended"] is None:
        row.stages[-1]["ended"] = _now()


def _now() -> str:
    return timezone.now().isoformat()
