"""Uploads in parts: objects of their own, which Google puts together, 32 at once.

https://cloud.google.com/storage/docs/composite-objects
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

AT_ONCE = 32
MOST_PARTS = AT_ONCE * AT_ONCE

Blobs = Callable[[str], Any]


def name_of(upload: str, number: int) -> str:
    """`upload` is where the parts lie, `number` counts from 1."""
    return f"{upload}-{number:06}"


def compose(blob: Blobs, key: str, upload: str, parts: Sequence[str], content_type: str, **limits: Any) -> None:
    """The object from its parts. More than 32 of them are put together to groups before."""
    sources = list(parts)
    if len(sources) > AT_ONCE:
        groups = [sources[at : at + AT_ONCE] for at in range(0, len(sources), AT_ONCE)]
        sources = [f"{upload}-group-{number:03}" for number in range(len(groups))]
        for name, group in zip(sources, groups, strict=True):
            _compose(blob, name, group, content_type, **limits)
    _compose(blob, key, sources, content_type, **limits)


def _compose(blob: Blobs, key: str, sources: Sequence[str], content_type: str, **limits: Any) -> None:
    whole = blob(key)
    whole.content_type = content_type
    whole.compose([blob(name) for name in sources], **limits)
