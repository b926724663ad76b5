"""What a selection chooses from: names and the numbers that its strategies need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from runs.selection.config import ClassInput, NumericInput, Query

Floats = NDArray[np.float64]
Vectors = NDArray[np.float32]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]


class Matrix(Protocol):
    """(n, d) numbers whose rows are asked for by an array of their places: an array, or what lies on a disk."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def ndim(self) -> int: ...
    def __len__(self) -> int: ...
    def __getitem__(self, rows: Any, /) -> NDArray[Any]: ...


class UnusableInputError(ValueError):
    """The samples lack what the selection asks for, or contradict each other. The text is for people."""


@dataclass(frozen=True)
class Classes:
    """How much of each class the samples have: one category each, or amounts such as numbers of objects.

    `values` are codes, (n,): the index in `names`, -1 for none. Or they are amounts, (n, C), at least 0.
    """

    names: tuple[str, ...]
    values: NDArray[Any]

    @classmethod
    def of_categories(cls, values: Sequence[str | int | None]) -> "Classes":
        """One category for each sample; None where there is none."""
        names = tuple(sorted({str(value) for value in values if value is not None}))
        number = {name: at for at, name in enumerate(names)}
        codes = [-1 if value is None else number[str(value)] for value in values]
        return cls(names, np.array(codes, dtype=np.int32))

    @classmethod
    def of_amounts(cls, names: Sequence[str], amounts: NDArray[Any]) -> "Classes":
        """`amounts`: (n, C) in the order of `names`; what is not finite counts as 0.

        Raises UnusableInputError for another shape, a name that comes twice, or an amount below 0.
        """
        table = np.nan_to_num(np.asarray(amounts, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        if table.ndim != 2 or table.shape[1] != len(names):
            raise UnusableInputError(f"Amounts have the shape {table.shape}, but there are {len(names)} classes.")
        if len(set(names)) < len(names):
            raise UnusableInputError("A class comes twice among the names of the classes.")
        if (table < 0).any():
            raise UnusableInputError("An amount of a class is below 0.")
        return cls(tuple(names), table)

    @property
    def has_amounts(self) -> bool:
        return self.values.ndim == 2

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Samples:
    """Row i of every array belongs to `names[i]`. The order of the rows never changes what is selected.

    `preselected`: (n,) what the datapool holds already: it is never chosen again, but counts for DIVERSITY, TYPICALITY
    and BALANCE. `embeddings`: (n, d) of any float type. `numbers`: (n,) each. What is NaN or infinite counts as
    missing. `queries`: (q, d) the embeddings of the samples of a tag.
    """

    names: Sequence[str]
    preselected: Flags | None = None
    embeddings: Matrix | None = None
    numbers: Mapping[NumericInput, NDArray[Any]] = field(default_factory=dict)
    classes: Mapping[ClassInput, Classes] = field(default_factory=dict)
    queries: Mapping[Query, NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    def is_preselected(self) -> Flags:
        if self.preselected is None:
            return np.zeros(len(self), dtype=np.bool_)
        return self._of_right_length(np.asarray(self.preselected, dtype=np.bool_), "preselected samples")

    def number_of(self, source: NumericInput) -> Floats:
        """(n,) in float64, so that thresholds are exact."""
        if source not in self.numbers:
            raise UnusableInputError(f"There are no values for the {source}.")
        return self._of_right_length(np.asarray(self.numbers[source], dtype=np.float64), str(source))

    def classes_of(self, source: ClassInput) -> Classes:
        if source not in self.classes:
            raise UnusableInputError(f"There are no values for the {source}.")
        found = self.classes[source]
        if len(found) != len(self):
            raise UnusableInputError(f"The {source} have {len(found)} rows, but there are {len(self)} samples.")
        return found

    def vectors(self) -> Matrix:
        if self.embeddings is None:
            raise UnusableInputError("There are no embeddings.")
        if self.embeddings.ndim != 2 or len(self.embeddings) != len(self):
            raise UnusableInputError(f"Embeddings have the shape {self.embeddings.shape}, for {len(self)} samples.")
        return self.embeddings

    def query_of(self, query: Query) -> NDArray[Any]:
        if query not in self.queries:
            raise UnusableInputError(f"There are no embeddings for the {query}.")
        found = self.queries[query]
        if found.ndim != 2 or found.shape[1] != self.vectors().shape[1]:
            raise UnusableInputError(f"The embeddings of the {query} have another length than those of the samples.")
        return found

    def _of_right_length(self, array: NDArray[Any], what: str) -> NDArray[Any]:
        if array.shape != (len(self),):
            raise UnusableInputError(f"The values for {what} have the shape {array.shape}, for {len(self)} samples.")
        return array
