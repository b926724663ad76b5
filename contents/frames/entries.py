"""Where single frames that somebody looks at are kept, and how many frames a video has. Used by pages and workers."""

from __future__ import annotations

from contents.thumbnails.files import Listed, stored_name

_WAY = 1
# Of a window. Frames are not rotated, so either side may be the longer one.
FRAME_SIDE = 1600


def frame_entry(listed: Listed, number: int) -> str:
    """Of the picture, or why there is none."""
    return stored_name(listed, f"frame {_WAY} {number}")


def count_entry(listed: Listed) -> str:
    """Of the facts: `frames`, and what that number rests on, `counted`."""
    return stored_name(listed, f"frames {_WAY}")
