"""Every problem that a listing shows, with a file that has it and one that nearly has it."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contents.index import rules
from contents.index.rules import (
    HUGE_IMAGE_BYTES,
    HUGE_VIDEO_BYTES,
    is_file,
    look_of,
    name_facts,
    number_of,
    row_of,
    storable,
)
from contents.models import FileKind, Problem
from tests.contents.index.memory import UNHURRIED, entry_of

NFD = unicodedata.normalize("NFD", "straße/café.jpg")
NFC = unicodedata.normalize("NFC", NFD)


def problems_of(name: str, **facts: Any) -> set[Problem]:
    row = row_of(entry_of(name, **facts))
    return {problem for problem in Problem if row.problems & 1 << problem}


@pytest.mark.parametrize(
    ("problem", "bad", "facts", "good", "good_facts"),
    [
        (Problem.ZERO_BYTES, "a.jpg", {"size": 0}, "a.jpg", {"size": 100}),
        (Problem.ZERO_BYTES, ".lightly/predictions/t/a.json", {"size": 0}, "notes.txt", {"size": 0}),
        (Problem.TINY, "a.jpg", {"size": 99}, "a.jpg", {"size": 100}),
        (Problem.TINY, "a.mp4", {"size": 1}, ".lightly/metadata/a.json", {"size": 1}),
        (Problem.HUGE, "a.png", {"size": HUGE_IMAGE_BYTES + 1}, "a.png", {"size": HUGE_IMAGE_BYTES}),
        (Problem.HUGE, "a.mp4", {"size": HUGE_VIDEO_BYTES + 1}, "a.mp4", {"size": HUGE_IMAGE_BYTES + 1}),
        (Problem.UNSUPPORTED, "a.heic", {}, "a.webp", {}),
        (Problem.UNSUPPORTED, "dir/a.mkv", {}, ".lightly/frames/a.mkv", {}),
        (Problem.NO_EXTENSION, "dir.jpg/readme", {}, "readme.jpg", {}),
        (Problem.UPPER_CASE, "a.JPG", {}, "A.jpg", {}),
        (Problem.UPPER_CASE, "a.JpEg", {}, "a.TXT", {}),
        (Problem.HIDDEN, "dir/._a.jpg", {}, "dir/_a.jpg", {}),
        (Problem.HIDDEN, ".DS_Store", {}, "DS_Store.jpg", {}),
        (Problem.HIDDEN, "dir/Thumbs.db", {}, "dir/thumbs.jpg", {}),
        (Problem.HIDDEN, "a.jpg~", {}, "a~b.jpg", {}),
        (Problem.CONTROL, "a\nb.jpg", {}, "a b.jpg", {}),
        (Problem.CONTROL, "a\u202egpj.exe", {}, "عربي.jpg", {}),
        (Problem.CONTROL, "a\u200bb.jpg", {}, "a-b.jpg", {}),
        (Problem.PATH, "a//b.jpg", {}, "a/b.jpg", {}),
        (Problem.PATH, "./a.jpg", {}, ".a.jpg", {}),
        (Problem.PATH, "a/../b.jpg", {}, "a/..b.jpg", {}),
        (Problem.PATH, "/a.jpg", {}, "a.jpg", {}),
        (Problem.BLANK, "a.jpg ", {}, "a .jpg", {}),
        (Problem.BLANK, "dir /a.jpg", {}, "d r/a.jpg", {}),
        (Problem.LONG, "x" * 1021 + ".jpg", {}, "x" * 1020 + ".jpg", {}),
        (Problem.LONG, "ü" * 511 + ".jpg", {}, "ü" * 510 + ".jpg", {}),
        (Problem.NOT_NFC, NFD, {}, NFC, {}),
        (Problem.ARCHIVED, "a.jpg", {"archived": True, "storage_class": "GLACIER"}, "a.jpg", {"storage_class": "IA"}),
    ],
)
def test_each_problem(problem: Problem, bad: str, facts: dict[str, Any], good: str, good_facts: dict[str, Any]) -> None:
    assert problem in problems_of(bad, **facts)
    assert problem not in problems_of(good, **good_facts)


def test_every_problem_of_one_file_is_told_here_or_by_the_finish() -> None:
    (marks,) = [mark for mark in test_each_problem.pytestmark if mark.name == "parametrize"]
    assert {row[0] for row in marks.args[1]} == set(Problem) - {Problem.TWIN, Problem.SAME_CONTENT}


@pytest.mark.parametrize(
    ("name", "kind", "extension"),
    [
        ("a.jpg", FileKind.IMAGE, "jpg"),
        ("a/B.TIFF", FileKind.IMAGE, "tiff"),
        ("a.MP4", FileKind.VIDEO, "mp4"),
        ("._a.jpg", FileKind.IMAGE, "jpg"),
        (".jpg", FileKind.IMAGE, "jpg"),
        (".gitignore", FileKind.OTHER, ""),
        ("a.tar.gz", FileKind.OTHER, "gz"),
        ("noextension", FileKind.OTHER, ""),
        (".lightly/predictions/boxes/a.json", FileKind.PREDICTION, "json"),
        (".lightly/metadata/schema.json", FileKind.METADATA, "json"),
        (".lightly/thumbnails/a.jpg", FileKind.LIGHTLY, "jpg"),
        ("sub/.lightly/a.jpg", FileKind.IMAGE, "jpg"),
        ("a." + "x" * 40, FileKind.OTHER, "x" * 16),
    ],
)
def test_kinds(name: str, kind: FileKind, extension: str) -> None:
    row = row_of(entry_of(name))
    assert (row.kind, row.extension) == (kind, extension)


def test_directories_are_no_files() -> None:
    assert not is_file(entry_of("dir/", size=0))
    assert not is_file(entry_of("dir.jpg", directory=True))
    assert is_file(entry_of("dir/", size=3))
    assert is_file(entry_of("a.jpg", size=0))


def test_names_that_look_the_same() -> None:
    assert look_of("Street/A.JPG") == look_of("street/a.jpg")
    assert look_of(NFD) == look_of(NFC) == look_of(NFC.upper().replace("SS", "ß"))
    assert look_of("a.jpg") != look_of("b.jpg")


def test_content_is_compared_only_where_the_cloud_tells_a_digest() -> None:
    same = row_of(entry_of("a.jpg", digest="abc")).content
    assert same == row_of(entry_of("b.jpg", digest="abc")).content != 0
    assert same != row_of(entry_of("b.jpg", digest="abc", size=2001)).content
    assert row_of(entry_of("a.jpg", digest="")).content == 0
    assert row_of(entry_of("a.jpg", digest="abc", size=0)).content == 0


NAMES = st.text(st.characters(blacklist_categories=()), min_size=1, max_size=60)


@UNHURRIED
@given(NAMES)
def test_any_name_can_be_stored(name: str) -> None:
    kept = storable(name)
    assert "\0" not in kept
    assert len(kept.encode()) <= 2000
    assert storable(kept) == kept
    row = row_of(entry_of(name))
    assert len(row.extension) <= 16
    assert -(2**63) <= number_of(name) < 2**63
    assert number_of(name)


@UNHURRIED
@given(NAMES | st.text("ab./ ~\t\x7f", min_size=1, max_size=9))
def test_the_quick_look_at_a_name_says_what_the_thorough_one_says(name: str) -> None:
    thorough = rules._odd_name(name)
    odd = rules.CONTROL | rules.PATH | rules.BLANK | rules.LONG | rules.NOT_NFC
    assert name_facts(name).problems & odd == thorough


def test_very_long_names_stay_apart() -> None:
    one, other = "ü" * 2000 + "a.jpg", "ü" * 2000 + "b.jpg"
    assert storable(one) != storable(other)
    assert len(storable(one).encode()) <= 2000
