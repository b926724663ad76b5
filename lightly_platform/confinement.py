"""What one process of a worker's pool may take, and that it never outlives its worker."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Mapping

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def confine(limits: Mapping[str, int]) -> None:
    """Limit this process for good; keys are names of Python's resource module, those the system lacks are left out.

    Beyond them an allocation fails, or a write does: that ends the task, at worst the process, and nothing else.
    """
    for name, most in limits.items():
        kind = getattr(resource, name, None)
        if kind is not None:
            _, hard = resource.getrlimit(kind)
            limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (limit, limit))


def end_with_parent() -> None:
    """When the worker is killed outright, so is this process: nobody would read what it has to say (Linux only)."""
    parent = os.getppid()
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it was killed just before
            os.kill(os.getpid(), signal.SIGKILL)
