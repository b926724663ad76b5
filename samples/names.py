"""What samples and tags may be called. Plain Python."""

from __future__ import annotations

import re

# The official client checks the names of tags with the same pattern, also when it lists them: one odd name would break
# every listing.
TAG_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9 .:;=@_-]+")
SHORTEST_TAG_NAME = 3
LONGEST_TAG_NAME = 255
_UNUSABLE = re.compile("[\x00\n\r\ud800-\udfff]")


def is_usable(file_name: str) -> bool:
    """Whether a file of this name can be a sample: exports have one name a line."""
    return bool(file_name) and not _UNUSABLE.search(file_name)


def is_tag_name(name: str) -> bool:
    return SHORTEST_TAG_NAME <= len(name) <= LONGEST_TAG_NAME and bool(TAG_NAME.fullmatch(name))
