"""Loading code that stays as long as the process and those that are forked from it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def for_good() -> Iterator[None]:
    """Python's collector leaves alone what is made in this block, now and afterwards.

    Nearly all of it stays, so to look for what does not would take a quarter of the time. A child that looks at it
    would also write to it, and so copy it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
