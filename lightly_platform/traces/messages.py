"""Spans of tasks, and the way of a trace through Celery's messages. Nowhere else does it leave a process."""

from __future__ import annotations

import threading
from typing import Any

from celery.signals import before_task_publish, task_failure, task_postrun, task_prerun
from opentelemetry.trace import SpanKind

from core import log_context
from lightly_platform.traces.recording import Began, Recorder, carried

# Of a message: the span of whoever sent it.
TRACE_HEADER = "lightly_trace"
# Which fact the id is that a task is given.
_FIRST_ARGUMENT = {"datasources.tasks.run_check": "check_id"}

_recorder: Recorder | None = None
# Of the tasks that this process does now, by their ids and threads: a message may come twice.
_began: dict[tuple[str, int], Began] = {}


def connect(recorder: Recorder) -> None:
    global _recorder
    _recorder = recorder
    before_task_publish.connect(_send, weak=False)
    # After those of lightly_platform/celery.py, which have the ids of log lines: this module is imported later.
    task_prerun.connect(_begin, weak=False)
    task_failure.connect(_fail, weak=False)
    task_postrun.connect(_end, weak=False)


def disconnect() -> None:
    global _recorder
    _recorder = None
    before_task_publish.disconnect(_send)
    task_prerun.disconnect(_begin)
    task_failure.disconnect(_fail)
    task_postrun.disconnect(_end)


def _send(headers: dict[str, Any], **kwargs: Any) -> None:
    # What no request asked for, such as the next scheduled check, begins a trace of its own: else there would be one
    # that never ends.
    if log_context.current().get(log_context.REQUEST_ID) and (trace := carried()):
        headers[TRACE_HEADER] = trace


def _begin(task_id: str, task: Any, args: Any = (), **kwargs: Any) -> None:
    if _recorder is None:
        return
    facts: dict[str, str | int] = {"queue": str((task.request.delivery_info or {}).get("routing_key") or "")}
    if args and task.name in _FIRST_ARGUMENT:
        facts[_FIRST_ARGUMENT[task.name]] = str(args[0])
    sent_by = getattr(task.request, TRACE_HEADER, None)
    began = _recorder.begin(
        f"task {task.name}", facts, kind=SpanKind.CONSUMER, carried=sent_by if isinstance(sent_by, str) else ""
    )
    _began[task_id, threading.get_ident()] = began


def _fail(task_id: str, exception: BaseException, **kwargs: Any) -> None:
    if began := _began.get((task_id, threading.get_ident())):
        began[0].failed(exception)


def _end(task_id: str, **kwargs: Any) -> None:
    if (began := _began.pop((task_id, threading.get_ident()), None)) and _recorder is not None:
        _recorder.end(began)
