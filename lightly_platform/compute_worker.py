"""This process as a compute worker, if it takes work from the queue `runs`: its name, its labels, its signs of life.

Called by Celery's signals (lightly_platform/celery.py), in the process that fetches work and not in those that do it.
Django is imported late: the launcher, which reads LABELS too, does without it.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping
from typing import Any

from core.queues import LABEL, MOST_LABELS, Queue, lane_queue, lanes_for
from core.version import platform_version
from lightly_platform.env import WrongEnvironment

logger = logging.getLogger(__name__)

# What `make run` and `make demo` call theirs.
DEFAULT_NAME = "default"
MAIN = "main-"

_this: dict[str, Any] = {}


def labels_of(environ: Mapping[str, str]) -> list[str]:
    """Of LABELS, sorted, each once. Raises WrongEnvironment."""
    labels = sorted({label.strip() for label in environ.get("LABELS", "").split(",") if label.strip()})
    if any(not LABEL.fullmatch(label) for label in labels):
        raise WrongEnvironment(
            "LABELS takes labels of letters, digits, - and _, at most 40 each, for example LABELS=gpu,large."
        )
    if len(labels) > MOST_LABELS:
        raise WrongEnvironment(f"LABELS takes at most {MOST_LABELS} labels, for example LABELS=gpu,large.")
    return labels


def set_up(node: str, queues: Any) -> None:
    """Before the worker begins. `node`: its name in Celery; `queues`: those it takes from, to which lanes are added.

    Raises WrongEnvironment.
    """
    _this.clear()
    if Queue.RUNS.value not in queues.consume_from:
        return
    worker_id = os.environ.get("WORKER_ID", "").strip()
    labels = _labels_of_registered(worker_id) if worker_id else labels_of(os.environ)
    name = os.environ.get("NAME") or (DEFAULT_NAME if node.startswith(MAIN) else socket.gethostname())
    _this.update(name=name, labels=labels, worker_id=worker_id, pk="")
    for lane in lanes_for(labels):
        if lane:
            queues.select_add(lane_queue(Queue.RUNS, lane))


def register() -> None:
    """It is ready."""
    from django.db import DatabaseError

    from runs.scheduling import registry

    if not _this:
        return
    try:
        worker = registry.start(
            name=_this["name"],
            labels=_this["labels"],
            host=socket.gethostname(),
            version=platform_version(),
            worker_id=_this["worker_id"],
        )
        _this["pk"] = worker.pk if worker else ""
    except DatabaseError as error:
        logger.warning("This worker could not be registered (%s); it tries again", type(error).__name__)


def beat() -> None:
    """It lives. One that was removed from the registry comes back, but for one that somebody had registered."""
    from django.db import DatabaseError

    from runs.scheduling import registry

    if not _this:
        return
    try:
        if not _this["pk"] or not registry.beat(_this["pk"]):
            register()
    except DatabaseError as error:
        logger.warning("No sign of life could be left in the registry (%s)", type(error).__name__)


def stop() -> None:
    from django.db import DatabaseError

    from runs.scheduling import registry

    if not _this or not _this["pk"]:
        return
    try:
        registry.stop(_this["pk"])
    except DatabaseError as error:
        logger.warning("This worker could not be signed off (%s)", type(error).__name__)


def _labels_of_registered(worker_id: str) -> list[str]:
    from runs.models import ComputeWorker

    worker = ComputeWorker.objects.filter(pk=worker_id).first()
    _close_connections()
    if worker is None:
        raise WrongEnvironment(
            f"There is no compute worker {worker_id}; WORKER_ID takes what register_compute_worker() returned, for"
            " example WORKER_ID=0123456789abcdef01234567."
        )
    labels = [str(label) for label in worker.labels]
    if len(labels) > MOST_LABELS or not all(LABEL.fullmatch(label) for label in labels):
        raise WrongEnvironment(
            f"The labels of the compute worker {worker.name} can't be used: a worker has at most {MOST_LABELS} labels"
            " of letters, digits, - and _. Register another one, for example with labels=['gpu']."
        )
    return labels


def _close_connections() -> None:
    """Processes that are forked from this one must not share them."""
    from django.db import connections

    connections.close_all()
