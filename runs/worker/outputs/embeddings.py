"""The csv file with the vectors of all samples that the dataset will have, and their flat picture.

A large file is written in parts, in as many slices as that takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from django.utils.translation import gettext

from clouds.permissions import Permission
from clouds.store import PART_BYTES
from runs.places import embeddings_name
from runs.worker.choosing.inputs import Inputs
from runs.worker.context import LARGE_BYTES, Context
from runs.worker.embedding.csvs import header_of, lines_of
from runs.worker.embedding.matrix import Matrix, pieces
from runs.worker.reports.vectors import principal
from runs.worker.scratch import Json, Scratch, token

CSV = "text/csv"
# Rows that are made into text before their bytes are counted.
ROWS = 64


@dataclass(frozen=True)
class Vectors:
    """Of the datapool and of what was chosen, in the order that the samples will have."""

    names: Sequence[str]
    matrix: Matrix

    @classmethod
    def of(cls, context: Context, inputs: Inputs, chosen: Sequence[int]) -> Vectors:
        held = range(len(inputs.rows), len(inputs.vectors))
        names = inputs.samples.names
        wanted = [*held, *chosen]
        is_wanted = context.settings.normalize_embeddings
        return cls([names[at] for at in wanted], inputs.vectors.at(wanted).unit(is_wanted=is_wanted))

    def problem(self) -> str:
        """Why there can be no file; empty if there can."""
        if not self.matrix.width or not all(np.isfinite(some).all() for _, some in pieces(self.matrix)):
            return gettext("Some samples have no embedding, so that none is written for the dataset.")
        return ""


def write_some(context: Context, cursor: Json, vectors: Vectors, has_time: Callable[[], bool]) -> Json:
    """What of the cursor changes. `csv` has how far the file is: `upload`, `parts`, and the next `row`; with `key` the
    file is there. At least one part is written. Raises JobError.
    """
    key, at = embeddings_name(context.run.stamp), dict(cursor["csv"])
    is_first = True
    while at.get("row", 0) < len(vectors.names) and (is_first or has_time()):
        is_first = False
        content, row = _part(vectors, at.get("row", 0))
        if row == len(vectors.names) and not at:
            context.write_target(key, content, CSV)
            return {"csv": {}, **_made(context, key, vectors)}
        at = _write_part(context, key, at, content) | {"row": row}
    if at["row"] < len(vectors.names):
        return {"csv": at}
    with context.opened_target(Permission.OVERWRITE, key, size=LARGE_BYTES + 1) as store:
        store.end_parts(context.target.prefix + key, at["upload"], at["parts"], content_type=CSV)
    return {"csv": {}, **_made(context, key, vectors)}


def _write_part(context: Context, key: str, at: Json, content: bytes) -> Json:
    where = context.target.prefix + key
    with context.opened_target(Permission.OVERWRITE, key, size=len(content)) as store:
        if not at:
            beside = context.target.prefix + Scratch(context).folder
            at = {"upload": store.begin_parts(where, content_type=CSV, beside=beside), "parts": []}
        part = store.write_part(where, at["upload"], len(at["parts"]) + 1, content)
    return at | {"parts": [*at["parts"], part]}


def _part(vectors: Vectors, row: int) -> tuple[bytes, int]:
    """The next lines, as many as a part has, and the row after them."""
    content = bytearray(b"" if row else header_of(vectors.matrix.width))
    while row < len(vectors.names) and len(content) < PART_BYTES:
        end = min(row + ROWS, len(vectors.names))
        for line in lines_of(islice(vectors.names, row, end), vectors.matrix[row:end]):
            content += line
        row = end
    return bytes(content), row


def _made(context: Context, key: str, vectors: Vectors) -> dict[str, Any]:
    model = context.settings.embeddings_file or context.model.embedder.name
    size = {"vectors": len(vectors.names), "dimensions": vectors.matrix.width}
    mark = f"plot-{token()}.bin"
    Scratch(context).write(mark, principal(vectors.matrix).astype("<f4").tobytes())
    return {"plot": mark, "key": key, "model": model[:200], **size}


def unfinished(cursors: Sequence[Json]) -> Iterator[str]:
    """Uploads that a run began and that nobody will end."""
    for cursor in cursors:
        if upload := cursor.get("csv", {}).get("upload"):
            yield upload
