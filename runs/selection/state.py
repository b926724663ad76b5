"""What a selection has done so far, as bytes: a worker that takes over continues with the same result."""

import io
import zipfile
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 1
_MEMBERS = ("version", "fingerprint", "ending", "picks", "scores", "distances")
_ARRAY = "array_"
_DONE = "done_"


class UnusableStateError(ValueError):
    """The bytes are no state, or that of another selection. The text is for people."""


@dataclass
class State:
    """`picks`: (k,) positions in the pool, in the order of choosing. `scores`: (k,) the logarithm of the product.
    `distances`: (k,) to the nearest sample chosen before, NaN where there was none or no strategy asked.

    `arrays` and `done`: what is computed step by step before and while choosing, and how many rows or centres of it are
    done. `fingerprint`: of configuration and samples. `ending`: why it ended, empty before.
    """

    fingerprint: str
    ending: str = ""
    picks: list[int] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    distances: list[float] = field(default_factory=list)
    arrays: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)

    def check(self, count: int) -> None:
        """Raises UnusableStateError if it can't be the state of a selection among so many samples of the pool."""
        lengths = {len(self.picks), len(self.scores), len(self.distances)}
        right = all(array.shape == (count,) and array.dtype == np.float32 for array in self.arrays.values())
        if len(lengths) > 1 or not right or not all(0 <= pick < count for pick in self.picks):
            raise UnusableStateError("The saved state of the selection is damaged.")

    def to_bytes(self) -> bytes:
        """An uncompressed .npz without pickled objects."""
        members: dict[str, Any] = {
            "version": np.int64(VERSION),
            "fingerprint": np.bytes_(self.fingerprint.encode()),
            "ending": np.bytes_(self.ending.encode()),
            "picks": np.array(self.picks, dtype=np.int64),
            "scores": np.array(self.scores, dtype=np.float64),
            "distances": np.array(self.distances, dtype=np.float64),
        }
        members |= {_ARRAY + name: array for name, array in self.arrays.items()}
        members |= {_DONE + name: np.int64(count) for name, count in self.done.items()}
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **members)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "State":
        """Raises UnusableStateError."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                found = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            raise UnusableStateError("The saved state of the selection can't be read.") from error
        if not set(_MEMBERS) <= set(found) or int(found["version"]) != VERSION:
            raise UnusableStateError("The state of the selection was saved by another release.")
        return cls(
            fingerprint=found["fingerprint"].item().decode(),
            ending=found["ending"].item().decode(),
            picks=found["picks"].tolist(),
            scores=found["scores"].tolist(),
            distances=found["distances"].tolist(),
            arrays={name.removeprefix(_ARRAY): found[name] for name in found if name.startswith(_ARRAY)},
            done={name.removeprefix(_DONE): int(found[name]) for name in found if name.startswith(_DONE)},
        )
