"""Vectors as the csv file that the official client reads and writes.

`filenames,embedding_0,...,embedding_N,labels`, a line for each sample; all labels are 0. Source: lightly/utils/io.py of
the client, `save_embeddings` and `load_embeddings`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.worker.embedding.network import Vectors

# What float32 needs to be read back as it was.
_DIGITS = "%.9g"


class CsvError(ValueError):
    """The text says which line is wrong, and how."""


def lines_of(names: Sequence[str], vectors: NDArray[Any]) -> Iterator[bytes]:
    """The file, in pieces. `vectors`: (n, d)."""
    yield (",".join(["filenames", *(f"embedding_{at}" for at in range(vectors.shape[1])), "labels"]) + "\n").encode()
    numbers = ",".join([_DIGITS] * vectors.shape[1])
    for name, vector in zip(names, vectors, strict=True):
        yield f"{_quoted(name)},{numbers % tuple(vector.tolist())},0\n".encode()


def read_csv(content: bytes) -> tuple[list[str], Vectors]:
    """Names, and (n, d). Raises CsvError."""
    try:
        reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline=""))
        header = next(reader, [])
        columns = _columns(header)
        names: list[str] = []
        rows: list[Vectors] = []
        for row in reader:
            if row:
                names.append(_name(row, header, reader.line_num))
                rows.append(_vector(row, columns, reader.line_num))
    except UnicodeDecodeError:
        raise CsvError("The file is not UTF-8 text.") from None
    except csv.Error as error:
        raise CsvError(f"The file is not a csv file: {error}.") from None
    if len(set(names)) < len(names):
        raise CsvError("A file name comes twice.")
    return names, np.stack(rows) if rows else np.zeros((0, len(columns)), np.float32)


def _columns(header: Sequence[str]) -> list[int]:
    columns = [at for at, name in enumerate(header) if name.startswith("embedding_")]
    if not header or header[0] != "filenames" or len(columns) < 2:
        raise CsvError("Line 1: the columns must be filenames, embedding_0, embedding_1 and so on, then labels.")
    return columns


def _name(row: Sequence[str], header: Sequence[str], line: int) -> str:
    if len(row) != len(header):
        raise CsvError(f"Line {line}: {len(row)} values instead of {len(header)}.")
    return row[0]


def _vector(row: Sequence[str], columns: Iterable[int], line: int) -> Vectors:
    try:
        vector = np.array([float(row[at]) for at in columns], np.float32)
    except ValueError:
        raise CsvError(f"Line {line}: not all values of the embedding are numbers.") from None
    if not np.isfinite(vector).all():
        raise CsvError(f"Line {line}: not all values of the embedding are finite.")
    return vector


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(letter in name for letter in ',"\r\n') else name
