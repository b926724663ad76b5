"""The arithmetic of cutting a range of names, on made-up sets. What clouds make of it: test_listing.py."""

from __future__ import annotations

import bisect
import itertools
import random
from collections.abc import Callable, Iterable

import pytest

from clouds import Entry, Page
from contents.listing.shards import cuts, predecessor, successor

PREFIX = "raw/"


class Names:
    """A sorted list that answers like a store, and counts how often it was asked."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(set(names))
        self.looks = 0

    def look(self, prefix: str, after: str, limit: int) -> Page:
        self.looks += 1
        assert not after or after.startswith(prefix)
        start = max(bisect.bisect_right(self.names, after) if after else 0, bisect.bisect_left(self.names, prefix))
        end = start
        while end < len(self.names) and end - start < limit and self.names[end].startswith(prefix):
            end += 1
        more = end < len(self.names) and self.names[end].startswith(prefix)
        return Page([Entry(name, 0, 0) for name in self.names[start:end]], more)

    def sizes(self, cut: list[str]) -> list[int]:
        ends = [0, *(bisect.bisect_right(self.names, name) for name in cut), len(self.names)]
        return [end - start for start, end in itertools.pairwise(ends)]


def flat(count: int, digits: int = 6) -> list[str]:
    return [f"{PREFIX}img_{number:0{digits}}.jpg" for number in range(count)]


def hexadecimal(count: int) -> list[str]:
    chance = random.Random(3)
    return [f"{PREFIX}{chance.getrandbits(128):032x}.jpg" for _ in range(count)]


def skewed() -> list[str]:
    small = [f"{PREFIX}{letter}/{number}.jpg" for letter in "bcdefghijklmnopq" for number in range(200)]
    return [f"{PREFIX}a/img_{number:06}.jpg" for number in range(50_000)] + small


def dated() -> list[str]:
    return [
        f"{PREFIX}2026-{month:02}-{day:02}/front_camera/frame_{number:05}.jpg"
        for month in range(1, 13)
        for day in range(1, 29)
        for number in range(90)
    ]


def odd(count: int) -> list[str]:
    chance = random.Random(5)
    letters = "aü😀\ud7ff\ue000\U0010ffff0-/ ~+#%"
    return [PREFIX + "".join(chance.choices(letters, k=chance.randint(1, 14))) for _ in range(count)]


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (lambda: flat(5_000), 1.3),
        (lambda: flat(1_200), 1.5),
        (lambda: flat(100_000, 9), 1.3),
        (lambda: flat(123_457, 8), 1.3),
        (lambda: hexadecimal(30_000), 1.3),
        (skewed, 1.5),
        (dated, 1.5),
        (lambda: odd(20_000), 1.5),
    ],
    ids=["5000", "1200", "long numbers", "not round", "hexadecimal", "skewed", "dated", "odd"],
)
@pytest.mark.parametrize("parts", [2, 8])
def test_the_parts_are_about_equal(make: Callable[[], list[str]], most: float, parts: int) -> None:
    names = Names(make())
    cut = cuts(names.look, PREFIX, parts, 16 * parts + 32)
    sizes = names.sizes(cut)
    assert cut == sorted(set(cut))
    assert len(sizes) == parts
    assert sum(sizes) == len(names.names)
    assert max(sizes) <= most * len(names.names) / parts
    assert names.looks <= 16 * parts + 32


def test_random_sets_are_cut_into_disjoint_parts_without_gaps() -> None:
    chance = random.Random(11)
    for _ in range(300):
        letters = chance.choice(["ab", "abc/", "0123456789", "a\U0010ffff", "é😀/.~", "\x00\x01a"])
        made = {
            PREFIX + "".join(chance.choices(letters, k=chance.randint(0, 9))) for _ in range(chance.randint(0, 400))
        }
        names, parts = Names(made), chance.randint(2, 9)
        cut = cuts(names.look, PREFIX, parts, chance.choice([0, 1, 5, 20, 200]))
        assert cut == sorted(set(cut))
        assert len(cut) < parts
        assert all(name.startswith(PREFIX) for name in cut)
        assert sum(names.sizes(cut)) == len(names.names)


def test_many_parts() -> None:
    names = Names(flat(100_000, 8))
    sizes = names.sizes(cuts(names.look, PREFIX, 64, 16 * 64 + 32))
    assert len(sizes) == 64
    assert max(sizes) <= 1.5 * 100_000 / 64


@pytest.mark.parametrize("name", ["a", "a~", "a\ud7ff", "a\U0010ffff", "\U0010ffff", "é", "a\ue000", "a\x00"])
def test_neighbours_of_a_name(name: str) -> None:
    assert predecessor(name) < name
    assert successor(name) > name + "z"
    for neighbour in (predecessor(name), successor(name)):
        assert neighbour.encode()  # no half characters
    assert successor("img_1") == "img_2"
    assert predecessor("img_1") == "img_0~"
