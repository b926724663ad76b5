"""What a run keeps on the disk of a machine that works on it, so that no slice reads it again from the storage."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

# A run that somebody else ended leaves its folder here. No run takes so long between two slices.
KEPT_SECONDS = 24 * 3600
_LOCK = ".lock"


def remove_old() -> None:
    """The folders of runs that nobody has touched for a day."""
    root = Path(settings.LIGHTLY_RUNS_DIR)
    before = time.time() - KEPT_SECONDS
    with contextlib.suppress(FileNotFoundError):
        for folder in list(root.iterdir()):
            with contextlib.suppress(FileNotFoundError):
                if folder.stat().st_mtime < before:
                    remove(folder)


def remove(folder: Path) -> None:
    """Whether it is there or not."""
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The folder, which is made if need be, is this process's alone. A late slice may still be at work in it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.utime(folder.parent)  # somebody works here, see remove_old
        yield


def write_state(path: Path, state: dict[str, Any]) -> None:
    """All of it or nothing, whenever the process is killed."""
    written = path.with_suffix(".new")
    written.write_text(json.dumps(state))
    written.replace(path)
