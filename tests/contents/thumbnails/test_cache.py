"""The cache on disk: bounded, by last use, and nothing but our own pictures comes out of it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from contents.thumbnails.cache import FOLDERS, Cache, Picture, Refusal, Started, name_of
from contents.thumbnails.reasons import Reason

JPEG, WEBP = b"\xff\xd8\xff" + b"x" * 97, b"RIFF\x00\x00\x00\x00WEBP" + b"x" * 88


@pytest.fixture
def made(tmp_path: Path) -> Cache:
    """Ten pictures of 100 bytes fit into a folder."""
    return Cache(tmp_path / "cache", 1000 * FOLDERS)


def age(cache: Cache, name: str, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(cache.folder / name[:2] / name, (moment, moment))


def size_of(cache: Cache) -> int:
    return sum(path.stat().st_size for path in cache.folder.rglob("*") if path.is_file())


def test_what_was_written_is_read(made: Cache) -> None:
    made.write("aa1", Picture(JPEG, "image/jpeg"))
    made.write("aa2", Picture(WEBP, "image/webp"))
    made.write("aa3", Refusal(Reason.CORRUPT, "a detail"))
    assert made.read("aa1") == Picture(JPEG, "image/jpeg")
    assert made.read("aa2") == Picture(WEBP, "image/webp")
    assert made.read("aa3") == Refusal(Reason.CORRUPT, "a detail")
    assert made.read("aa4") is None
    assert [made.has_picture(f"aa{number}") for number in range(1, 5)] == [True, True, False, False]
    made.forget("aa1")
    assert made.read("aa1") is None
    assert (made.folder / "aa").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("data", [b"<svg/>", b"<html>", b"", b"GIF89a", b'{"reason": "no such"}', b"[1]", b"\xff\xd8"])
def test_nothing_else_comes_out(made: Cache, data: bytes) -> None:
    made.write("aa1", Picture(JPEG, "image/jpeg"))
    (made.folder / "aa" / "aa1").write_bytes(data)
    assert made.read("aa1") is None
    assert not made.has_picture("aa1")


def test_it_stays_within_its_limit_and_forgets_the_unused(made: Cache) -> None:
    for number in range(10):
        made.write(f"aa{number}", Picture(JPEG, "image/jpeg"))
        age(made, f"aa{number}", 1000 - number)
    made.read("aa0")  # used just now
    for number in range(10, 15):
        made.write(f"aa{number}", Picture(JPEG, "image/jpeg"))
        assert size_of(made) <= 1000
    left = {path.name for path in (made.folder / "aa").iterdir()}
    assert left == {"aa0", *(f"aa{number}" for number in range(6, 15))}


def test_a_thousand_pictures(made: Cache) -> None:
    for number in range(1000):
        made.write(name_of("d", f"{number}.jpg", "v", 320), Picture(JPEG + b"x" * 900, "image/jpeg"))
    assert size_of(made) <= FOLDERS * 1000  # each folder keeps its newest, whatever its size
    assert len([path for path in made.folder.rglob("*") if path.is_file()]) <= FOLDERS


def test_reasons_that_may_pass_are_asked_for_again(made: Cache) -> None:
    for reason, stays in ((Reason.PERMISSION, False), (Reason.STORAGE, False), (Reason.CORRUPT, True)):
        made.write("aa1", Refusal(reason))
        assert made.read("aa1") == Refusal(reason)
        age(made, "aa1", 61)
        assert (made.read("aa1") is not None) is stays


def test_a_worker_that_was_killed(made: Cache) -> None:
    made.write("aa1", Started())
    assert made.read("aa1") == Started()
    age(made, "aa1", 61)
    assert made.read("aa1") == Refusal(Reason.GAVE_UP)
    age(made, "aa1", 3601)
    assert made.read("aa1") is None


def test_names_tell_everything_apart() -> None:
    names = {
        name_of(*parts) for parts in [("d", "a", "v", 1), ("d", "av", "", 1), ("da", "", "v", 1), ("d", "a", "v", 2)]
    }
    assert len(names) == 4
    assert all(len(name) == 64 and name.isalnum() for name in names)
    assert name_of("d", "../../etc/\ud800", "v", 1).isalnum()
