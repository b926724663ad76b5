"""Which network makes the vectors: the operator's, else the default one, else none."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext

from runs.worker.embedding.colours import Colours
from runs.worker.embedding.network import Embedder, ModelError, Network
from runs.worker.embedding.weights import SHA256, WeightsError, packaged_weights, read_weights

DEFAULT_NAME = "EfficientNet-Lite0 (ImageNet)"
# Changes with the graph, so that one that an older release wrote is not used any more.
_FILE = f"efficientnet-lite0-{SHA256[:8]}-1.onnx"


@dataclass(frozen=True)
class Chosen:
    """`mark`: the same for the same network; vectors of different ones can't be compared. `warning`: for the log."""

    embedder: Embedder
    mark: str
    warning: str = ""


def chosen_model(own: Path | None, folder: Path) -> Chosen:
    """Kept for the next slice of this process. `folder`: where the default network is written once.

    Raises ModelError for an own network that can't be used.
    """
    modified = own.stat().st_mtime_ns if own and own.exists() else 0
    return _chosen(own, modified, folder)


@lru_cache(maxsize=1)
def _chosen(own: Path | None, _modified: int, folder: Path) -> Chosen:
    if own is not None:
        if not own.is_file():
            raise ModelError(f"there is no file {own}")
        return Chosen(Network(own, own.name), _digest(own))
    try:
        return Chosen(Network(default_network(folder), DEFAULT_NAME), _FILE)
    except (ImportError, WeightsError, ModelError, OSError) as error:
        reason = f"{error.name} is not installed" if isinstance(error, ImportError) else str(error)
        warning = gettext(
            "There is no network for embeddings: %(reason)s. Vectors are made of colours, brightness and edges only,"
            " so DIVERSITY, TYPICALITY and SIMILARITY see little of what is in a picture."
        )
        return Chosen(Colours(), "colours-1", warning % {"reason": reason})


def default_network(folder: Path) -> Path:
    """The default network, written there if it isn't yet. Raises WeightsError, ImportError and OSError."""
    path = folder / _FILE
    if path.is_file():
        return path
    weights = read_weights(packaged_weights())
    from runs.worker.embedding.graph import make_graph

    content = make_graph(weights).SerializeToString()
    folder.mkdir(parents=True, exist_ok=True)
    # Two processes may come here at the same time: each writes a file of its own, and the names change in one step.
    descriptor, written = tempfile.mkstemp(dir=folder, prefix=".", suffix=".onnx")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(written).replace(path)
    except BaseException:
        Path(written).unlink(missing_ok=True)
        raise
    return path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
