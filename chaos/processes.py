"""Processes as the system sees them: who belongs to whom, what they keep in memory, and what is left of them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)


def of_installation(data_dir: Path) -> list[int]:
    """Ids of all living processes that were started with this data directory, but for ourselves."""
    wanted = f"LIGHTLY_DATA_DIR={data_dir}".encode()
    found = []
    for pid in _all():
        with contextlib.suppress(*_GONE):
            if wanted in (_PROC / str(pid) / "environ").read_bytes().split(b"\0") and pid != os.getpid():
                found.append(pid)
    return found


def tree(pid: int) -> list[int]:
    """This process and all that it started, the oldest first."""
    parents: dict[int, list[int]] = {}
    for each in _all():
        with contextlib.suppress(*_GONE):
            parent = int((_PROC / str(each) / "stat").read_text().rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(each)
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found


def kill(pid: int) -> None:
    """Outright; harmless when it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_tree(pid: int) -> None:
    for each in tree(pid):
        kill(each)


def megabytes(pid: int) -> float:
    """What a process and its children have in memory, shared pages counted in parts (PSS)."""
    return sum(own_megabytes(each) for each in tree(pid))


def own_megabytes(pid: int) -> float:
    """As megabytes, without its children."""
    with contextlib.suppress(*_GONE):
        found = re.search(r"^Pss:\s+(\d+)", (_PROC / str(pid) / "smaps_rollup").read_text(), re.MULTILINE)
        return int(found[1]) / 1024 if found else 0
    return 0


def name(pid: int) -> str:
    """As lists of processes have it; "" when it is gone."""
    with contextlib.suppress(*_GONE):
        return (_PROC / str(pid) / "comm").read_text().strip()
    return ""


def _all() -> Iterator[int]:
    return (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
