"""Reads the files with predictions and metadata of some samples, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contents.listing.folder import METADATA_FOLDER, PREDICTIONS_FOLDER
from contents.media.frame_names import split
from core.threads import ContextPool
from runs.worker.annotations.layout import Layout
from runs.worker.annotations.told import BROKEN, MOST_BYTES, metadata_of, predictions_of
from runs.worker.context import Context, TooLargeError

THREADS = 6


def tell_of(
    context: Context,
    layout: Layout,
    names: Sequence[str],
    *,
    with_metadata: bool,
    videos: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """For each sample `tasks` (as told.predictions_of, by task) and, if asked for, `custom` (its metadata, or None).

    `videos`: of frames the name of their video, whose metadata those have that have none of their own. Raises JobError
    where the storage fails.
    """
    if not names or not (layout.tasks or with_metadata):
        return [{} for _ in names]

    of_videos: dict[str, dict[str, Any] | None] = {}
    if with_metadata:
        of_videos = {video: _metadata(context, split(video)[0]) for video in set((videos or {}).values())}

    def tell(name: str) -> dict[str, Any]:
        stem = split(name)[0]
        told: dict[str, Any] = {}
        if layout.tasks:
            told["tasks"] = {task: _predictions(context, layout, task, stem) for task in layout.tasks}
        if with_metadata:
            told["custom"] = _metadata(context, stem) or of_videos.get((videos or {}).get(name, ""))
        return told

    with ContextPool(min(THREADS, len(names))) as pool:
        return list(pool.map(tell, names))


def _predictions(context: Context, layout: Layout, task: str, stem: str) -> dict[str, Any]:
    try:
        content = context.read_target(f"{PREDICTIONS_FOLDER}{task}/{stem}.json", most=MOST_BYTES)
    except TooLargeError:
        return {"state": BROKEN}
    return predictions_of(content, layout.tasks[task])


def _metadata(context: Context, stem: str) -> dict[str, Any] | None:
    try:
        return metadata_of(context.read_target(f"{METADATA_FOLDER}{stem}.json", most=MOST_BYTES))
    except TooLargeError:
        return None
