"""The csv files of embeddings that the official client reads and writes."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs.worker.embedding.csvs import CsvError, header_of, lines_of, read_csv

# On a loaded machine, an example takes as long as it takes.
UNHURRIED = settings(deadline=None, suppress_health_check=list(HealthCheck))

numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
names = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@UNHURRIED
@given(st.dictionaries(names, st.tuples(numbers, numbers, numbers), max_size=8))
def test_what_is_written_is_read_back(rows: dict[str, tuple[float, float, float]]) -> None:
    vectors = np.array(list(rows.values()), np.float32).reshape(len(rows), 3)
    found, read = read_csv(header_of(3) + b"".join(lines_of(list(rows), vectors)))
    assert found == list(rows)
    assert np.array_equal(read, vectors)


def test_the_form_is_that_of_the_client() -> None:
    lines = lines_of(['a,"b".jpg'], np.array([[0.5, -1]], np.float32))
    content = (header_of(2) + b"".join(lines)).decode()
    assert list(csv.reader(io.StringIO(content))) == [
        ["filenames", "embedding_0", "embedding_1", "labels"],
        ['a,"b".jpg', "0.5", "-1", "0"],
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Line 1"),
        (b"name,embedding_0,embedding_1,labels\n", "Line 1"),
        (b"filenames,embedding_0,labels\n", "Line 1"),
        (b"filenames,embedding_0,embedding_1,labels\na,1,2,0\nb,1,0\n", "Line 3: 3 values instead of 4"),
        (b"filenames,embedding_0,embedding_1,labels\na,1,x,0\n", "Line 2: not all values of the embedding are numbers"),
        (b"filenames,embedding_0,embedding_1,labels\na,1,nan,0\n", "finite"),
        (b"filenames,embedding_0,embedding_1,labels\na,1,2,0\na,1,3,0\n", "comes twice"),
        (b"\xff\xff", "UTF-8"),
    ],
)
def test_wrong_files_say_where(content: bytes, words: str) -> None:
    with pytest.raises(CsvError, match=words):
        read_csv(content)
