"""Vectors as the csv file that the official client reads and writes.

`filenames,embedding_0,...,embedding_N,labels`, a line for each sample; all labels are 0. Source: lightly/utils/io.py of
the client, `save_embeddings` and `load_embeddings`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.worker.embedding.network import Vectors

# What float32 needs to be read back as it was.
_DIGITS = "%.9g"


class CsvError(ValueError):
    """The text says which line is wrong, and how."""


def header_of(width: int) -> bytes:
    """The first line."""
    return (",".join(["filenames", *(f"embedding_{at}" for at in range(width)), "labels"]) + "\n").encode()


def lines_of(names: Iterable[str], vectors: NDArray[Any]) -> Iterator[bytes]:
    """The lines after the first one. `vectors`: (n, d)."""
    numbers = ",".join([_DIGITS] * vectors.shape[1])
    for name, vector in zip(names, vectors, strict=True):
        yield f"{_quoted(name)},{numbers % tuple(vector.tolist())},0\n".encode()


class Parser:
    """Understands a file piece by piece. `header` and `line` say what of it was read before; [] and 0: nothing."""

    def __init__(self, header: Sequence[str] = (), line: int = 0) -> None:
        self.header, self.line = list(header), line
        self._columns = _columns(header) if header else []

    @property
    def width(self) -> int:
        return len(self._columns)

    def take(self, content: bytes) -> tuple[list[str], Vectors]:
        """Names, and (n, d). `content` has whole lines, so no name may have a line break. Raises CsvError."""
        names: list[str] = []
        rows: list[Vectors] = []
        for line in content.split(b"\n"):
            self.line += 1
            row = self._row(line.rstrip(b"\r"))
            if not self.header:
                self.header = row
                self._columns = _columns(row)
            elif row:
                names.append(_name(row, self.header, self.line))
                rows.append(_vector(row, self._columns, self.line))
        self.line -= 1  # behind the last line break is no line
        return names, np.stack(rows) if rows else np.zeros((0, self.width), np.float32)

    def _row(self, line: bytes) -> list[str]:
        try:
            text = line.decode("utf-8" if self.header else "utf-8-sig")
            return next(csv.reader([text], strict=True), []) if '"' in text else text.split(",") if text else []
        except UnicodeDecodeError:
            raise CsvError("The file is not UTF-8 text.") from None
        except csv.Error as error:
            raise CsvError(f"The file is not a csv file: {error}.") from None


def read_csv(content: bytes) -> tuple[list[str], Vectors]:
    """Names, and (n, d), of a file that fits into memory. Raises CsvError."""
    names, vectors = Parser().take(content)
    if len(set(names)) < len(names):
        raise CsvError("A file name comes twice.")
    return names, vectors


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
