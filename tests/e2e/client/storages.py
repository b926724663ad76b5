"""Buckets with files of all kinds of names, and what the official client has to find there.

Every object contains its own key, so that a URL that opens another file is noticed.
"""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

from tests.servers import WORKING_RIGHTS, Cloud, Config, Right

INPUT, LIGHTLY = "raw data/", "out+put/"
TASK = "object-detection"
# {} is a number.
IMAGES = [
    "img_{:06}.jpg",
    "with space/a b {}.JPG",
    "plus+/{}+.png",
    "#hash/{}#.jpeg",
    "percent%/{}%20.bmp",
    "ünïcode/日本/{}.tiff",
    "decomposed u\u0308/{}.Gif",
    "emoji 😀/{}.webp",
    "deep/er/and/deep/er/{}.TIF",
    "question?a=b&c=d/{}?.png",
    "quote'\"/{}'\".jpg",
    "brackets[1](2){{3}}/{}.JPeG",
    "tilde~semi;colon:comma,/{}@$!=.jpg",
    "back\\slash/{}\\.pgm",
    "star*/{}*.ppm",
    "less<more>pipe|/{}.jpg",
    "dots../...{}.tar.jpg",
    " leading and trailing /{} .jpg",
    "a folder.jpg/{}.jpg",
    "long/" + "x" * 200 + "/" + "ü" * 100 + "/{}.jpg",
]
OTHERS = [
    "text/{}.txt",
    "films/{}.mp4",
    "no extension/jpg{}",
    "almost/{}.jpg.bak",
    "almost/{}.jpg ",
    "sub.jpg/{}",
    ".lightly/thumbnails/{}_thumb.jpg",
    ".lightly/{}.png",
]
READING = {Right.LIST, Right.READ}
Listed = dict[str, list[list[str]]]


def named(patterns: list[str], count: int) -> list[str]:
    """So many names, half of them after the first pattern: one folder with a lot in it."""
    flat = [patterns[0].format(number) for number in range(count // 2)]
    cycle = itertools.cycle(patterns[1:])
    return flat + [next(cycle).format(number) for number in range(count - len(flat))]


@dataclass
class Storage:
    """Both datasources of a dataset in one bucket, and what the client has to find there."""

    cloud: Cloud
    bucket: str
    samples: list[str]
    others: list[str]

    @cached_property
    def expected(self) -> dict[str, list[str]]:
        stems = [name.rpartition(".")[0] for name in self.samples]
        return {
            "samples": sorted(self.samples),
            "predictions": sorted(f".lightly/predictions/{TASK}/{stem}.json" for stem in stems[::3]),
            "metadata": sorted(f".lightly/metadata/{stem}.json" for stem in stems[::6]),
        }

    @property
    def keys(self) -> list[str]:
        schemas = [f".lightly/predictions/{TASK}/schema.json", ".lightly/metadata/schema.json"]
        tasks = [".lightly/predictions/tasks.json", f".lightly/predictions/other-{TASK}/x.json"]
        sidecars = self.expected["predictions"] + self.expected["metadata"]
        return [INPUT + name for name in self.samples + self.others] + [
            LIGHTLY + name for name in sidecars + schemas + tasks
        ]

    def fill(self) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: self.cloud.put(self.bucket, key, key.encode()), self.keys))

    def grants(self) -> dict[str, Config]:
        return {
            "input": self.cloud.grant(self.bucket, INPUT, READING),
            "lightly": self.cloud.grant(self.bucket, LIGHTLY, WORKING_RIGHTS),
        }

    def key(self, kind: str, name: str) -> str:
        return (INPUT if kind == "samples" else LIGHTLY) + name


def storage_of(cloud: Cloud, samples: int, others: int) -> Storage:
    images = IMAGES
    if cloud.provider == "AZURE":  # takes \\ for /
        images = [pattern for pattern in IMAGES if "\\" not in pattern]
    storage = Storage(cloud, cloud.make_bucket(), named(images, samples), named(OTHERS, others))
    storage.fill()
    return storage


def names(listed: Listed) -> dict[str, list[str]]:
    """By kind, in order: a name that came twice stands there twice."""
    return {kind: sorted(name for name, _ in rows) for kind, rows in listed.items()}
