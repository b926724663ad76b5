"""The tags of a dataset as a tree: each below the one it was made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from samples.models import Tag
from samples.pages.links import run_url

# Deeper ones are shown as deep as that.
DEEPEST = 6


class Branch(NamedTuple):
    """`percent` of the dataset's samples. `is_leaf`: no other tag was made from it, so it may be deleted."""

    tag: Tag
    depth: int
    parent: str
    is_leaf: bool
    percent: float
    run_url: str


def branches(tags: Sequence[Tag], count: int) -> list[Branch]:
    """In the order of the page: the initial tag, and below each tag those made from it, newest first."""
    below: dict[str | None, list[Tag]] = defaultdict(list)
    for tag in tags:
        below[tag.previous_id].append(tag)
    names = {tag.pk: tag.name for tag in tags}
    return [
        Branch(
            tag,
            min(depth, DEEPEST),
            names.get(tag.previous_id or "", ""),
            not below.get(tag.pk),
            100 * tag.size / count if count else 0.0,
            run_url(tag.dataset_id, tag.run_id),
        )
        for tag, depth in _walk(below)
    ]


def _walk(below: dict[str | None, list[Tag]]) -> Iterator[tuple[Tag, int]]:
    waiting = [(tag, 0) for tag in reversed(below.get(None, []))]
    while waiting:
        tag, depth = waiting.pop()
        yield tag, depth
        waiting += [(child, depth + 1) for child in reversed(below.get(tag.pk, []))]
