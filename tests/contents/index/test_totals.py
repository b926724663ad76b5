"""Totals of parts add up to the totals of the whole, whatever the parts are."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from contents.index import totals as module
from contents.index.rules import FileRow, row_of
from contents.index.totals import MOST_EXTENSIONS, MOST_FOLDERS, NONE, OTHERS, Totals, folder_of, largest, size_class
from contents.models import Change
from tests.contents.index.memory import UNHURRIED, entry_of

ENTRIES = st.lists(
    st.builds(
        entry_of,
        st.from_regex(r"([a-d]/){0,3}[a-z]{1,3}(\.(jpg|JPG|mp4|heic|txt))?", fullmatch=True),
        size=st.integers(0, 2_000_000_000),
        modified=st.integers(-5, 4_000_000_000),
        storage_class=st.sampled_from(["", "GLACIER", "IA"]),
        archived=st.booleans(),
    ),
    max_size=40,
)


def totals_of(rows: Sequence[FileRow]) -> Totals:
    found = Totals()
    found.add(rows, processed_until=1_000_000_000)
    return found


@UNHURRIED
@given(ENTRIES, st.integers(0, 40))
def test_two_parts_are_the_whole(entries: list[object], cut: int) -> None:
    rows = [row_of(entry) for entry in entries]  # type: ignore[arg-type]
    merged = totals_of(rows[:cut])
    merged.merge(Totals.of(json.loads(json.dumps(totals_of(rows[cut:]).stored()))))
    assert merged == totals_of(rows)
    for table in (merged.kinds, merged.extensions, merged.folders, merged.sizes, merged.months):
        assert sum(files for files, _ in table.values()) == merged.files == len(rows)
        assert sum(size for _, size in table.values()) == merged.bytes == sum(row.size for row in rows)


def test_what_is_counted() -> None:
    rows = [
        row_of(entry_of("a/b/one.jpg", size=50, modified=1_000_000_001)),
        row_of(entry_of("two.heic", size=5_000_000, modified=0)),
        row_of(entry_of("a/three", size=0, storage_class="GLACIER", archived=True))._replace(change=Change.NEW),
    ]
    found = totals_of(rows)
    assert (found.files, found.bytes, found.deepest, found.unprocessed) == (3, 5_000_050, 2, 1)
    assert (found.oldest, found.newest) == (0, 1_700_000_000)
    assert found.kinds == {"1": [1, 50], "9": [2, 5_000_000]}
    assert found.extensions == {"jpg": [1, 50], "heic": [1, 5_000_000], NONE: [1, 0]}
    assert found.unsupported == {"heic": [1, 5_000_000]}
    assert found.folders == {"a/": [2, 50], "/": [1, 5_000_000]}
    assert found.sizes == {"1": [1, 50], "4": [1, 5_000_000], "0": [1, 0]}
    assert found.months == {"2001-09": [1, 50], "1970-01": [1, 5_000_000], "2023-11": [1, 0]}
    assert found.classes == {"GLACIER": [1, 0]}
    assert found.changes == {"1": [1, 0]}
    assert found.problems == {"2": [1, 50], "4": [1, 5_000_000], "5": [1, 0], "15": [1, 0]}


def test_tables_stay_small_and_their_sums_whole() -> None:
    rows = [row_of(entry_of(f"folder{number}/a.x{number}")) for number in range(1000)]
    merged = totals_of(rows[:700])
    merged.merge(totals_of(rows[700:]))
    assert len(merged.folders) == MOST_FOLDERS + 1
    assert len(merged.extensions) <= MOST_EXTENSIONS + 1
    for table in (merged.folders, merged.extensions, merged.unsupported):
        assert OTHERS in table
        assert sum(files for files, _ in table.values()) == 1000


def test_the_largest_folders_are_kept() -> None:
    table = {f"{number}/": [number, 1] for number in range(1, 500)}
    kept = largest(table, 10)
    assert list(kept) == [*(f"{number}/" for number in range(499, 489, -1)), OTHERS]


def test_folders_and_size_classes() -> None:
    assert folder_of("a.jpg") == "/"
    assert folder_of("a/b/c.jpg") == "a/"
    assert folder_of(".lightly/predictions/t/a.json") == ".lightly/predictions/"
    assert folder_of(".lightly/a.json") == ".lightly/"
    assert [size_class(size) for size in (0, 1, 9_999, 10_000, 10**9 - 1, 10**9)] == ["0", "1", "1", "2", "6", "7"]
    assert module.month_of(10**15) == "9999-12"
