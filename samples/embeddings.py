"""Embeddings that scripts bring. Those of runs are written by samples.growing."""

from __future__ import annotations

import math
import re
import sys
from array import array
from collections.abc import Callable, Sequence

from contents.listing.folder import EMBEDDINGS_FOLDER
from datasets.models import Dataset
from samples.models import Embedding, EmbeddingPlot, PlotMethod
from teams.models import User

_ODD = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 200


class NameTakenError(Exception):
    """The dataset has an embedding of this name, with its file."""


def key_of(name: str) -> str:
    """Where its csv file is, relative to Lightly."""
    plain = _ODD.sub("_", name)[:_LONGEST].strip(".") or "embedding"
    return f"{EMBEDDINGS_FOLDER}{plain}.csv"


def register(dataset: Dataset, *, name: str, key: str) -> Embedding:
    """An embedding whose file is about to be written; the same one again until it is. Raises NameTakenError."""
    embedding, _ = Embedding.objects.get_or_create(dataset=dataset, name=name, defaults={"key": key})
    taken = Embedding.objects.filter(dataset=dataset, key=key, is_processed=True).exclude(pk=embedding.pk)
    if embedding.is_processed or taken.exists():
        raise NameTakenError
    return embedding


def set_processed(embedding: Embedding, *, rows: int | None = None) -> None:
    told = {"is_processed": True} | ({} if rows is None else {"rows": rows})
    Embedding.objects.filter(pk=embedding.pk).update(**told)


_Watcher = Callable[[Embedding, User], None]
_watchers: list[_Watcher] = []


def on_written(watcher: _Watcher) -> None:
    """Called with an embedding whose file is written, and who wrote it. For apps above, from AppConfig.ready()."""
    _watchers.append(watcher)


def written(embedding: Embedding, *, by: User) -> None:
    """The csv file is there. May be said several times."""
    set_processed(embedding)
    for watcher in _watchers:
        watcher(embedding, by)


def store_read(embedding: Embedding, *, rows: int, dimensions: int, points: bytes) -> None:
    """What was found in the file. `points` as EmbeddingPlot.points, of all samples."""
    Embedding.objects.filter(pk=embedding.pk).update(rows=rows, dimensions=dimensions, is_processed=True)
    told = {"count": len(points) // 8, "points": points}
    EmbeddingPlot.objects.update_or_create(embedding=embedding, method=PlotMethod.PCA, defaults=told)


def forget(embedding: Embedding) -> None:
    Embedding.objects.filter(pk=embedding.pk).delete()


def store_plot(
    embedding: Embedding, *, method: PlotMethod, first: Sequence[float], second: Sequence[float]
) -> EmbeddingPlot:
    """Two coordinates for each sample, by position. Raises ValueError where they don't match or are no numbers."""
    if len(first) != len(second):
        raise ValueError(f"coordinatesDimension1 has {len(first):,} numbers, coordinatesDimension2 {len(second):,}.")
    if not all(math.isfinite(number) for number in (*first, *second)):
        raise ValueError("Coordinates must be numbers.")
    points = array("f", (number for pair in zip(first, second, strict=True) for number in pair))
    if sys.byteorder == "big":
        points.byteswap()
    told = {"count": len(first), "points": points.tobytes()}
    plot, _ = EmbeddingPlot.objects.update_or_create(embedding=embedding, method=method, defaults=told)
    return plot
