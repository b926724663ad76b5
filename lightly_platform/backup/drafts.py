"""Directories in which a backup or a restore puts together what is seen only when it is whole."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = ".lightly-draft-"
_LOCK = "lock"


@contextlib.contextmanager
def draft(beside: Path) -> Iterator[Path]:
    """An empty directory in `beside`, for its owner alone, gone at the end. Those that a killed process left go too.

    Raises OSError.
    """
    for left in beside.glob(f"{_PREFIX}*"):
        _remove_if_left(left)
    made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=beside))
    try:
        with (made / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            inner = made / "draft"
            inner.mkdir(mode=0o700)
            yield inner
    finally:
        shutil.rmtree(made, ignore_errors=True)


def sync(directory: Path) -> None:
    """What was renamed in it is on the disk afterwards."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_if_left(directory: Path) -> None:
    """Whoever works in it has its lock; without one it has just been made, or is somebody else's."""
    with contextlib.suppress(OSError), (directory / _LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory, ignore_errors=True)
