"""Runs in words and looks: of a row in a list, of the stages of one run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from contents.overview.progress import left_words
from runs.models import ENDED_STATES, Run, RunState
from runs.pages.estimating import duration_words, stage_seconds

# The states the style sheets know.
_LOOKS: dict[str, str] = {
    RunState.COMPLETED: "granted",
    RunState.FAILED: "denied",
    RunState.CRASHED: "denied",
    RunState.ABORTED: "off",
}
# What every run goes through. Others stand in between where a run went through them.
PLAN = (
    RunState.INITIALIZING,
    RunState.LOADING_DATASET,
    RunState.EMBEDDING,
    RunState.SAMPLING,
    RunState.UPLOADING_DATASET,
    RunState.SAVING_RESULTS,
    RunState.GENERATING_REPORT,
)


def look_of(run: Run) -> str:
    return _LOOKS.get(run.state, "checking")


@dataclass(frozen=True)
class Stage:
    """`look` is a state of the style sheets, `word` the same for people. `percent` is None while nobody can know."""

    label: str
    look: str
    word: str
    done: int = 0
    total: int | None = None
    percent: int | None = None
    took: str = ""
    left: str = ""
    is_current: bool = False


def stages_of(run: Run) -> list[Stage]:
    """Those it went through, and as long as it works those that are to come."""
    begun = [_stage(run, each, is_last=each is run.stages[-1]) for each in run.stages]
    if run.has_ended:
        return begun
    seen = {each["state"] for each in run.stages}
    furthest = max((PLAN.index(RunState(state)) for state in seen if state in PLAN), default=-1)
    to_come = [state for state in PLAN[furthest + 1 :] if state not in seen]
    return begun + [Stage(str(state.label), "off", gettext("to come")) for state in to_come]


def _stage(run: Run, stored: dict[str, Any], *, is_last: bool) -> Stage:
    state, done, total = RunState(stored["state"]), int(stored.get("done") or 0), stored.get("total")
    label = str(state.label)
    if stored.get("ended") and not (is_last and run.state in ENDED_STATES and run.state != RunState.COMPLETED):
        return Stage(label, "granted", gettext("done"), done, total, 100, took_words(stage_seconds(stored)))
    if run.has_ended:
        if run.state == RunState.COMPLETED:
            took = took_words(_seconds_until(run.finished_at, stored))
            return Stage(label, "granted", gettext("done"), done, total, 100, took)
        return Stage(label, look_of(run), run.get_state_display(), done, total)
    fraction = min(1.0, done / total) if total else None
    running = _seconds_until(timezone.now(), stored)
    return Stage(
        label,
        "checking",
        gettext("under way"),
        done,
        total,
        None if fraction is None else min(99, int(100 * fraction)),
        took_words(running),
        left=left_words(running, fraction) if running > 3 and fraction and fraction < 1 else "",
        is_current=is_last,
    )


def poll_after(begun: datetime) -> str:
    """How long a page waits before it asks again: less and less often."""
    age = (timezone.now() - begun).total_seconds()
    if age < 20:
        return "1s"
    return "2s" if age < 300 else "5s"


def lasted(run: Run) -> str:
    """From its start to its end, or up to now; in seconds where that says more."""
    return took_words(((run.finished_at or timezone.now()) - run.created_at).total_seconds())


def took_words(seconds: float) -> str:
    if seconds < 1:
        return gettext("less than 1 s")
    return gettext("%(count)s s") % {"count": round(seconds)} if seconds < 60 else duration_words(seconds)


def _seconds_until(moment: datetime | None, stored: dict[str, Any]) -> float:
    """Since a stage has begun."""
    begun = stored.get("begun")
    return max(0.0, (moment - datetime.fromisoformat(begun)).total_seconds()) if begun and moment else 0.0
