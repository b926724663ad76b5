"""Runs an ONNX network over pictures. One thread for each process of the pool, unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""(height, width, 3), RGB."""
Vectors = NDArray[np.float32]
# In larger batches a processor is slower by a tenth, because what the layers hand on does not fit into its cache. A
# graphics card is quicker in them.
BATCH, BATCH_ON_CUDA = 8, 32
# Of the pictures if the network does not say otherwise: what EfficientNet-Lite was trained with.
MEAN, DEVIATION = 127.0, 128.0
LARGEST_SIDE, MOST_DIMENSIONS = 1024, 8192


class ModelError(Exception):
    """The network can't be used. The text says why."""


class Embedder(Protocol):
    """Makes vectors of pictures that all have the size `size`: (width, height)."""

    name: str
    size: tuple[int, int]

    def vectors(self, pictures: Sequence[Pixels]) -> Vectors:
        """(n, d) in float32."""


@dataclass(frozen=True)
class Form:
    """What the network takes. `is_first`: channels stand before height and width. `raw`: bytes as they are."""

    input: str
    size: tuple[int, int]
    is_first: bool
    raw: bool
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]


class Network:
    """An opened network. It is deterministic on one machine, and a batch changes a vector by rounding at most."""

    def __init__(self, path: Path, name: str, *, threads: int = 1, providers: Sequence[str] | None = None) -> None:
        """`providers`: of ONNX Runtime; None: CUDA where it is installed, else the CPU. Raises ModelError."""
        import onnxruntime

        demand_contained(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        wanted = list(providers or _providers(onnxruntime.get_available_providers()))
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=wanted)
        except Exception as error:  # noqa: BLE001 - ONNX Runtime has no common class, and whatever it is, no use
            raise ModelError(f"{path.name} can't be opened as an ONNX network ({type(error).__name__})") from None
        self.name = name
        self.form = _form_of(self._session)
        self.size = self.form.size
        self.runs_on = self._session.get_providers()[0]
        self._size_of_batch = BATCH if self.runs_on == "CPUExecutionProvider" else BATCH_ON_CUDA

    def vectors(self, pictures: Sequence[Pixels]) -> Vectors:
        """Raises ModelError for what is no vector."""
        size = self._size_of_batch
        parts = [self._batch(pictures[at : at + size]) for at in range(0, len(pictures), size)]
        return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)

    def _batch(self, pictures: Sequence[Pixels]) -> Vectors:
        ready = ready_for(self.form, pictures)
        (found, *_) = self._session.run(None, {self.form.input: ready})
        vectors = np.asarray(found, dtype=np.float32).reshape(len(pictures), -1)
        if not 2 <= vectors.shape[1] <= MOST_DIMENSIONS:
            raise ModelError(f"{self.name} gives {vectors.shape[1]:,} numbers for a picture instead of a vector")
        return vectors


def ready_for(form: Form, pictures: Sequence[Pixels]) -> NDArray[Any]:
    """The pictures as the network takes them."""
    stacked = np.stack(pictures)
    if form.raw:
        return np.ascontiguousarray(stacked.transpose(0, 3, 1, 2)) if form.is_first else stacked
    if not form.is_first:
        return (stacked - form.mean) / form.deviation
    ready = np.empty((len(stacked), 3, *stacked.shape[1:3]), np.float32)
    for channel in range(3):
        np.subtract(stacked[..., channel], form.mean[channel], out=ready[:, channel])
        ready[:, channel] /= form.deviation[channel]
    return ready


def _providers(available: Sequence[str]) -> Sequence[str]:
    return [each for each in ("CUDAExecutionProvider", "CPUExecutionProvider") if each in available]


def _form_of(session: Any) -> Form:
    """Raises ModelError."""
    given = session.get_inputs()
    if len(given) != 1:
        raise ModelError(f"the network takes {len(given)} inputs instead of one picture")
    (taken,) = given
    if taken.type not in {"tensor(float)", "tensor(uint8)"} or len(taken.shape) != 4:
        raise ModelError(f"the network takes {taken.type} of {len(taken.shape)} dimensions instead of pictures")
    _, *shape = taken.shape
    is_first = shape[0] == 3
    height, width = shape[1:] if is_first else shape[:2]
    if not is_first and shape[2] != 3:
        raise ModelError("the network takes no pictures of three channels")
    if not all(isinstance(side, int) and 1 <= side <= LARGEST_SIDE for side in (height, width)):
        raise ModelError(f"the network must name the height and width of its pictures, at most {LARGEST_SIDE}")
    told = session.get_modelmeta().custom_metadata_map
    return Form(
        taken.name,
        (width, height),
        is_first,
        taken.type == "tensor(uint8)",
        _three(told.get("mean"), MEAN),
        _three(told.get("std"), DEVIATION),
    )


def _three(told: str | None, usual: float) -> NDArray[np.float32]:
    """`123.7,116.3,103.5`, in numbers from 0 to 255. Raises ModelError."""
    if told is None:
        return np.full(3, usual, np.float32)
    try:
        found = np.array([float(each) for each in told.split(",")], np.float32)
    except ValueError:
        found = np.zeros(0, np.float32)
    if found.shape != (3,) or not np.isfinite(found).all():
        raise ModelError("the network's metadata `mean` and `std` must be three numbers separated by commas")
    return found


def demand_contained(path: Path) -> None:
    """Raises ModelError for a network that can't be read, or whose data would be read from outside of its folder."""
    import onnx

    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # noqa: BLE001 - protobuf raises whatever comes up in a broken file
        raise ModelError(f"{path.name} can't be read as an ONNX network ({type(error).__name__})") from None
    folder = path.resolve().parent
    for tensor in _tensors(model.graph):
        for entry in tensor.external_data:
            if entry.key == "location" and not (folder / entry.value).resolve().is_relative_to(folder):
                raise ModelError(f"{path.name} names a data file outside of its folder")


def _tensors(graph: Any) -> Iterator[Any]:
    """All tensors of a graph and of the graphs in it."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors
            for inner in (attribute.g, *attribute.graphs):
                if inner.ByteSize():
                    yield from _tensors(inner)
