"""Totals as bars and columns."""

from __future__ import annotations

import pytest

from contents.index.totals import MOST_EXTENSIONS, OTHERS, SIZE_ENDS, Totals
from contents.overview.figures import COLUMN_HEIGHT, MOST_BARS, MOST_MONTHS, charts, size_name, size_words
from contents.overview.unsupported import unsupported


def test_nothing_of_nothing() -> None:
    assert charts(Totals()) == []


def test_bars_are_as_long_as_they_should_be() -> None:
    totals = Totals(files=1001, extensions={"jpg": [1000, 5_000_000], "-": [1, 0]})
    (made,) = (made for made in charts(totals) if made.key == "extensions")
    assert [(bar.label, bar.files, bar.width, bar.share) for bar in made.bars] == [
        ("jpg", 1000, 100.0, "100 %"),
        ("none", 1, 0.5, "under 1 %"),
    ]


def test_the_picture_has_the_largest_and_the_table_has_all() -> None:
    extensions = {f"x{number}": [number, number] for number in range(1, MOST_EXTENSIONS)} | {OTHERS: [99_999, 1]}
    totals = Totals(files=sum(pair[0] for pair in extensions.values()), extensions=extensions)
    (made,) = (made for made in charts(totals) if made.key == "extensions")
    assert (len(made.bars), len(made.rows), made.hidden) == (MOST_BARS, len(extensions), len(extensions) - MOST_BARS)
    assert made.bars[0].label == f"x{MOST_EXTENSIONS - 1}"
    assert made.rows[-1].label == "all others"


def test_sizes_are_in_their_order() -> None:
    numbers = range(len(SIZE_ENDS) + 1)
    totals = Totals(files=8, sizes={str(number): [1, 1] for number in reversed(numbers)})
    (made,) = (made for made in charts(totals) if made.key == "sizes")
    assert [bar.label for bar in made.bars] == [size_name(str(number)) for number in numbers]
    labels = [size_name(number) for number in ("0", "1", "2", "7")]
    assert labels == ["empty", "under 10 kB", "10 kB to 100 kB", "from 1 GB"]


@pytest.mark.parametrize("first", ["2024-01", "1970-01"])
def test_months_stand_beside_each_other_with_the_empty_ones_between(first: str) -> None:
    totals = Totals(files=12, months={first: [1, 1], "2025-12": [1, 1], "2026-02": [10, 100]})
    (made,) = (made for made in charts(totals) if made.key == "months")
    assert len(made.columns) == MOST_MONTHS
    heights = [column.height for column in made.columns]
    assert (heights[-1], heights[-2], heights[-3]) == (COLUMN_HEIGHT, 0, 4.0)
    assert [row.label for row in made.rows] == ["2026-02", "2025-12", first]
    assert all(column.y >= 0 and column.y + column.height == COLUMN_HEIGHT for column in made.columns)


def test_few_months_are_no_wall() -> None:
    (made,) = (made for made in charts(Totals(files=3, months={"2026-02": [3, 30]})) if made.key == "months")
    assert [column.height for column in made.columns] == [0] * 11 + [COLUMN_HEIGHT]
    assert made.ends == ("2025-03", "2026-02")


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_560_000, "1.6 MB"), (2 * 10**12, "2.0 TB")]
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert size_words(size) == words


def test_storage_classes_only_where_there_are_others() -> None:
    assert all(made.key != "classes" for made in charts(Totals(files=3, bytes=30, kinds={"1": [3, 30]})))
    totals = Totals(files=3, bytes=30, classes={"GLACIER": [1, 10]})
    (made,) = (made for made in charts(totals) if made.key == "classes")
    assert [(bar.label, bar.files, bar.bytes) for bar in made.bars] == [("standard", 2, 20), ("GLACIER", 1, 10)]


def test_what_to_do_about_each_extension() -> None:
    found = unsupported(Totals(unsupported={"heic": [1, 5], "mkv": [7, 5], "xyz": [3, 5], OTHERS: [9, 9]}))
    assert [row.extension for row in found] == [".mkv", ".xyz", ".heic", "all others"]
    assert "ffmpeg" in found[0].what_to_do
    assert "magick" in found[2].what_to_do
    assert found[1].what_to_do == found[3].what_to_do


def test_growth_adds_months_up() -> None:
    months = {"2026-01": [2, 20], "2026-04": [3, 30], "2026-05": [5, 50], "": [9, 90]}
    (made,) = (made for made in charts(Totals(files=19, months=months)) if made.key == "growth")
    assert [(bar.label, bar.files, bar.bytes) for bar in made.rows] == [
        ("2026-05", 10, 100),
        ("2026-04", 5, 50),
        ("2026-01", 2, 20),
    ]
    # Months without a write are as high as the one before them; before the first there is nothing.
    assert [column.height for column in made.columns] == [0] * 7 + [8.0, 8.0, 8.0, 20.0, 40.0]
    assert made.ends == ("2025-06", "2026-05")


def test_growth_begins_with_what_was_there_before_the_first_month_shown() -> None:
    months = {"2020-01": [30, 1], "2026-05": [10, 1]}
    (made,) = (made for made in charts(Totals(files=40, months=months)) if made.key == "growth")
    assert [column.height for column in made.columns][:2] == [30.0, 30.0]
    assert made.columns[-1].height == 40.0
