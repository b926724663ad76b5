"""What a run keeps on the disk of a machine that works on it, so that no slice reads it again from the storage."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

from django.conf import settings

# A run that somebody else ended leaves its folder here. No run takes so long between two slices.
KEPT_SECONDS = 24 * 3600


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
