"""What the launcher itself says: as sentences, or each as one JSON object where LIGHTLY_LOG_FORMAT says so."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from core.logs import JSON, json_line
from lightly_platform.env import WrongEnvironment, read_environment

_NAME = "lightly_platform.launcher"


def tell(sentence: str, *, level: int = logging.INFO, to: TextIO | None = None) -> None:
    """The operator, on standard error unless told otherwise."""
    print(json_line(level, _NAME, sentence) if _is_json() else sentence, file=to or sys.stderr, flush=True)


@contextmanager
def last_words() -> Iterator[None]:
    """Around the whole of a program: a SystemExit with a sentence is told like everything else, and ends with 1."""
    try:
        yield
    except SystemExit as end:
        if not isinstance(end.code, str) or not _is_json():
            raise
        tell(end.code, level=logging.ERROR)
        raise SystemExit(1) from None


@functools.cache
def _is_json() -> bool:
    """Not if the variables are wrong: then that is what is told, in the way that needs none of them."""
    try:
        return read_environment().log_format == JSON
    except WrongEnvironment:
        return False
