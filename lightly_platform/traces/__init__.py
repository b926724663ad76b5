"""Traces by OpenTelemetry, if LIGHTLY_TRACES is set. Without it, neither recorder nor exporter is imported."""

import logging
import os
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightly_platform.traces.recording import Recorder

logger = logging.getLogger(__name__)

# Imported late, and the extra `traces` brings them.
NEEDED = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")
# How long a process that ends waits for the collector to take the last spans.
FLUSH_SECONDS = 3.0

_lock = threading.Lock()
# The process that it belongs to, and its recorder; None if it could not be made. A forked child has that of its parent,
# which is not its own.
_running: "tuple[int, Recorder | None] | None" = None


def is_installed() -> bool:
    """Whether the packages are there that traces need."""
    try:
        return all(find_spec(name) for name in NEEDED)
    except ModuleNotFoundError:
        return False


def preload() -> None:
    """Before processes are forked that will start: they share the code's memory. Starts nothing, and opens nothing."""
    from django.conf import settings

    if settings.LIGHTLY_TRACES:
        import lightly_platform.traces.starting  # noqa: F401


def start(part: str) -> "Recorder | None":
    """In the process that records, so after all forks; harmless when it has started. None if traces are off.

    `part`: web or worker.
    """
    global _running
    from django.conf import settings

    if not settings.LIGHTLY_TRACES:
        return None
    with _lock:
        if _running is None or _running[0] != os.getpid():
            _running = (os.getpid(), _recorder(part))
        return _running[1]


def _recorder(part: str) -> "Recorder | None":
    from lightly_platform.traces import starting

    try:
        return starting.recorder(part)
    except Exception as error:  # noqa: BLE001 - the SDK minds some values, and nobody should wait for that
        logger.error("Traces can't be recorded (%s): look at the variables OTEL_*", type(error).__name__)
        return None


def stop() -> None:
    """Sends what is left, for at most FLUSH_SECONDS. Harmless when nothing has started.

    Not for `atexit`: from Python 3.12 on, no thread can be started then.
    """
    global _running
    with _lock:
        running, _running = _running, None
    if running is not None and running[0] == os.getpid() and (recorder := running[1]):
        # A daemon, which the end of the process does not wait for.
        thread = threading.Thread(target=recorder.shut_down, daemon=True)
        thread.start()
        thread.join(FLUSH_SECONDS)


def _start_anew() -> None:
    """In a child: a thread of its parent may have held the lock."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_start_anew)
