"""Where the stills of a video are kept, and what is known of it. Used by pages and by workers."""

from __future__ import annotations

import re

from contents.thumbnails.files import Listed, stored_name

STILLS = 8
STILL_SIDE = 320
_WAY = 1
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")


def filmstrip_name(listed: Listed) -> str:
    """Of the facts. They have the revision in their name: the address of the storage is one of them."""
    return stored_name(listed, f"filmstrip {_WAY} {listed.datasource.revision}")


def still_name(listed: Listed, number: int) -> str:
    return stored_name(listed, f"still {_WAY} {number}")


def is_origin(text: str) -> bool:
    """Whether it may stand in a Content-Security-Policy."""
    return _ORIGIN.fullmatch(text) is not None
