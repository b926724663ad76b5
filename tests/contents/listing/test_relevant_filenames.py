"""Relevant filenames files: what they name, and where a listing need not look."""

import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contents.listing import relevant_apart
from contents.listing.relevant_apart import SMALL_BYTES, read_apart
from contents.listing.relevant_filenames import (
    MOST_EXCLUDING,
    RelevantFilenamesError,
    Sidecars,
    is_clean,
    parse_relevant_filenames,
)

NAMES = [
    "a.jpg",
    "a b.jpg",
    "subdir/image_1.png",
    "subdir/image_4.png",
    "subdir/image_40.png",
    "subdir/image_41.png",
    "subdir/deep/image_4.png",
    "subdir2/x.jpg",
    "#hash.png",
    "ünï/☃.jpg",
]


def covered(text: str) -> list[str]:
    relevant = parse_relevant_filenames(text.encode())
    return [name for name in NAMES if relevant.covers(name)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("a.jpg", ["a.jpg"]),
        ("\ufeffa.jpg\r\na b.jpg\r\n\r\n", ["a.jpg", "a b.jpg"]),
        ("#hash.png", ["#hash.png"]),
        ("nothing.jpg\nünï/☃.jpg", ["ünï/☃.jpg"]),
        ("subdir/*", [name for name in NAMES if name.startswith("subdir/")]),
        ("subdir*", [name for name in NAMES if name.startswith("subdir")]),
        ("subdir/**", [name for name in NAMES if name.startswith("subdir/")]),
        ("*", NAMES),
        ("* *.png", ["a.jpg", "a b.jpg", "subdir2/x.jpg", "ünï/☃.jpg"]),
        (
            "subdir/* subdir/image_4* !subdir/image_41.png",
            ["subdir/image_1.png", "subdir/image_41.png", "subdir/deep/image_4.png"],
        ),
        ("subdir/*\tdeep/", [name for name in NAMES if name.startswith("subdir/") and "deep" not in name]),
        # What one line takes out, another one may still name.
        ("subdir/* *.png\nsubdir/image_1.png", ["subdir/image_1.png"]),
    ],
)
def test_lines(text: str, expected: list[str]) -> None:
    assert covered(text) == expected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "UTF-8"),
        (b"a.jpg\n./b.jpg", "Line 2"),
        (b"../b.jpg", "Line 1"),
        (b"a/../*", "Line 1"),
        (b"/a.jpg", "Line 1"),
        (b"images/*.png", "only white space may follow"),
        (b"images/* !", "not a pattern"),
    ],
)
def test_what_can_not_be_meant(content: bytes, words: str) -> None:
    with pytest.raises(RelevantFilenamesError, match=words):
        parse_relevant_filenames(content)


def test_a_listing_skips_what_lies_between() -> None:
    relevant = parse_relevant_filenames(b"b.jpg\ndir/*\ndir/x.jpg\ndir/sub/*\nz.jpg")
    assert relevant.next_start("") == "b.jpg"
    assert relevant.next_start("b.jpg") == "dir/"
    assert relevant.next_start("dir/a") == "dir/a"
    assert relevant.next_start("dir/z") == "dir/z"
    assert relevant.next_start("dis") == "z.jpg"
    assert relevant.next_start("z.jpg") is None
    assert parse_relevant_filenames(b"*").next_start("") == ""


def test_skipping_never_skips_what_is_covered() -> None:
    chance = random.Random(7)
    letters = "ab/é😀."
    for _ in range(300):
        names = sorted({"".join(chance.choices(letters, k=chance.randint(1, 6))) for _ in range(40)})
        lines = [name + chance.choice(["", "", "*"]) for name in chance.sample(names, 6)]
        relevant = parse_relevant_filenames(
            "\n".join(line for line in lines if is_clean(line.rstrip("*/") or "x") and line[0] != "/").encode()
        )
        expected = [name for name in names if relevant.covers(name)]
        found, after = [], ""
        while (start := relevant.next_start(after)) is not None:
            name = next((name for name in names if name >= start and name > after), None)
            if name is None:
                break
            if relevant.covers(name):
                found.append(name)
            after = name
        assert found == expected


def test_the_json_files_of_relevant_files() -> None:
    relevant = parse_relevant_filenames(b"a b.JPG\nvideos/v.mp4\nstreet/* *.png\ncut/im*")
    sidecars = Sidecars(relevant, ["jpg", "png", "mp4"])
    for name in ["a b.json", "videos/v-007-mp4.json", "videos/v.json", "street/x/1.json", "cut/image.json"]:
        assert sidecars.covers(name), name
        assert (sidecars.next_start(name[:-1]) or "~") <= name
    for name in ["a.json", "videos/w-007-mp4.json", "videos/v-007-mov.json", "cut/a.json", "b.json"]:
        assert not sidecars.covers(name), name


@pytest.mark.parametrize("name", ["a", "a/b.jpg", ".hidden/a", "a./b", "..a/b", " /a"])
def test_clean_names(name: str) -> None:
    assert is_clean(name)


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", "./a", "a/../b", "..", "a/."])
def test_names_with_detours(name: str) -> None:
    assert not is_clean(name)


LINES = [
    *(f"street/{number % 97}/{number:05}.jpg" for number in range(4000)),
    *(f"folder {number}/*" for number in range(0, 300, 3)),
    *(f"folder {number}/* *.png !keep.png" for number in range(1, 300, 3)),
    "street/1*",
    "ünï/☃.mp4",
]


def test_a_large_file_says_the_same_from_a_process_of_its_own(tmp_path: Path) -> None:
    content = "\n".join(LINES).encode()
    assert len(content) > SMALL_BYTES
    apart, size = read_apart([content[:50_000], content[50_000:]], tmp_path)
    assert size > SMALL_BYTES
    here = parse_relevant_filenames(content)
    assert list(tmp_path.iterdir()) == []  # the file goes when nobody looks at it any more
    chance = random.Random(3)
    names = [*LINES, "", "a", "street/", "folder 1/a.png", "folder 1/keep.png", "folder 3/x", "ünï", "\ud800", "zzz"]
    names += [name[: chance.randint(1, len(name))] + chance.choice(["", "!", "0", "~"]) for name in LINES]
    sidecars = [Sidecars(relevant, ["jpg", "mp4"]) for relevant in (apart, here)]
    for name in names:
        assert apart.covers(name) == here.covers(name), name
        assert apart.next_start(name) == here.next_start(name), name
        assert sidecars[0].covers(f"{name}.json") == sidecars[1].covers(f"{name}.json"), name
        assert sidecars[0].next_start(name) == sidecars[1].next_start(name), name
    assert apart.covers("folder 1/keep.png")
    assert not apart.covers("folder 1/a.png")


@pytest.mark.parametrize("wrong", ["../up.jpg", "a*.jpg", "b* !"])
def test_what_is_wrong_in_a_large_file(tmp_path: Path, wrong: str) -> None:
    content = "\n".join([*LINES, wrong]).encode()
    with pytest.raises(RelevantFilenamesError, match=f"Line {len(LINES) + 1}:"):
        read_apart([content], tmp_path)


def test_too_many_programs_in_one_file(tmp_path: Path) -> None:
    content = "\n".join(f"{number}/* *.png" for number in range(MOST_EXCLUDING + 1)).encode()
    with pytest.raises(RelevantFilenamesError, match="Line 10001: more than 10,000 lines have exclusions"):
        read_apart([content], tmp_path)


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relevant_apart, "MOST_SECONDS", 0.01)
    with pytest.raises(RelevantFilenamesError, match=r"more than 0\.01 s to read this file"):
        read_apart([b"a.jpg\n" * 20_000], tmp_path)


def test_no_secret_reaches_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, str]] = []

    def run(command: list[str], **options: Any) -> Any:
        seen.append(options["env"])
        return real(command, **options)

    real = subprocess.run
    monkeypatch.setenv("SECRET_KEY", "x")
    monkeypatch.setattr("contents.listing.relevant_apart.subprocess.run", run)
    read_apart([b"a.jpg\n" * 20_000], tmp_path)
    assert seen
    assert set(seen[0]) == {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}
