"""A disk of a few hundred megabytes that can be filled to its last byte: a tmpfs.

To mount one needs root, or a user namespace (`unshare --map-root-user --mount`, as `make chaos` does it).
"""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

_BLOCK = 1024 * 1024


@contextlib.contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[None]:
    """Mounted at this folder, which is made. Raises RuntimeError where nothing may be mounted."""
    place.mkdir()
    options = f"size={megabytes}m,mode=700"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "lightly-chaos", place], capture_output=True)
    if mounted.returncode:
        raise RuntimeError(f"No disk can be mounted here: {mounted.stderr.decode().strip()}. Start it by `make chaos`.")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@contextlib.contextmanager
def filled(place: Path) -> Iterator[None]:
    """Meanwhile this disk has no byte left; what others free is taken at once by nobody but them."""
    ballast = place / "ballast"
    handle = os.open(ballast, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        _fill(handle)
        yield
    finally:
        os.close(handle)
        ballast.unlink()


def _fill(handle: int) -> None:
    size = _BLOCK
    while size:
        try:
            os.write(handle, bytes(size))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            size //= 2
