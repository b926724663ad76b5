"""Names of files: which image or frame a JSON file belongs to, and which name was probably meant."""

import difflib
import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contents.annotations.sources import Samples
from contents.listing.folder import IMAGES, VIDEOS

FRAME_EXTENSION = "png"
# Comparing a name with one other takes about 0.1 ms.
MOST_COMPARED = 2000
_FRAME = re.compile(r"(?P<stem>.+)-(?P<number>\d{1,12})-(?P<extension>[A-Za-z0-9]+)")
# Of whole paths, more differs by chance than of single names.
_CLOSE = 0.6


@dataclass(frozen=True, slots=True)
class Frame:
    """What a name like `clip-007-mp4` says."""

    stem: str
    number: str
    extension: str

    @property
    def video(self) -> str:
        return f"{self.stem}.{self.extension}"


def frame_of(stem: str) -> Frame | None:
    """The frame that a name without its own extension stands for; None: it is no name of a frame."""
    found = _FRAME.fullmatch(stem)
    return Frame(found["stem"], found["number"], found["extension"]) if found else None


def frame_stem(video: str, number: int, frames: int) -> str:
    """The name of a frame without its extension. There are as many digits as the number of frames has."""
    stem, _dot, extension = video.rpartition(".")
    return f"{stem}-{number:0{len(str(frames))}}-{extension}"


def wrong_number(samples: Samples, frame: Frame) -> str:
    """What its number should be, if the video has no frame of this number; else empty. The digits count."""
    frames = samples.frames(frame.video)
    if not frames:
        return ""
    digits = len(str(frames))
    if int(frame.number) < frames and len(frame.number) == digits:
        return ""
    return f"a number from {0:0{digits}} to {frames - 1:0{digits}}"


@dataclass(frozen=True, slots=True)
class Owner:
    """What a JSON file belongs to: files with its name, or a frame of a video. Neither: nothing that exists."""

    names: tuple[str, ...] = ()
    frame: Frame | None = None

    def __bool__(self) -> bool:
        return bool(self.names) or self.frame is not None


def owners(samples: Samples, stems: Sequence[str], extensions: frozenset[str]) -> dict[str, Owner]:
    """For each name without extension what it belongs to."""
    named = samples.named(stems, extensions)
    frames = {stem: frame for stem in stems if stem not in named and (frame := frame_of(stem))}
    videos = samples.having({frame.video for frame in frames.values() if frame.extension.lower() in VIDEOS})
    found = {}
    for stem in stems:
        frame = frames.get(stem)
        found[stem] = Owner(tuple(named.get(stem, ())), frame if frame and frame.video in videos else None)
    return found


def videos_of(samples: Samples, frame: Frame) -> list[str]:
    """The videos of this name, for a frame whose extension is not that of a video."""
    return samples.named([frame.stem], VIDEOS).get(frame.stem, [])


def is_image(name: str) -> bool:
    return name.rpartition(".")[2].lower() in IMAGES


def stem(name: str) -> str:
    """Without the extension, if there is one: `a/b.jpg` -> `a/b`, `a.b/c` -> `a.b/c`."""
    folder, slash, file = name.rpartition("/")
    return folder + slash + (file.rpartition(".")[0] or file)


def plain(name: str) -> str:
    """What stays of a name without the differences that people don't see."""
    name = unicodedata.normalize("NFC", name.strip().replace("\\", "/")).casefold()
    while name.startswith(("./", "/")):
        name = name.removeprefix("./").removeprefix("/")
    return name


def nearest(name: str, candidates: Iterable[str]) -> str:
    """The candidate that was probably meant, empty if none is like it. Looks at the first MOST_COMPARED."""
    compared = list(itertools.islice(candidates, MOST_COMPARED))
    wanted = plain(name)
    for candidate in compared:
        if plain(candidate) == wanted:
            return candidate
    close = difflib.get_close_matches(name[:200], compared, n=1, cutoff=_CLOSE)
    return close[0] if close else ""


def nearest_stem(samples: Samples, wanted: str) -> str:
    """The name without extension of the image or video that was probably meant, folder by folder; else empty."""
    folder = ""
    *folders, file = wanted.split("/")
    for part in folders:
        below = samples.folders(folder)
        meant = part if part in below else nearest(part, below)
        if not meant:
            return ""
        folder += meant + "/"
    files = itertools.islice(samples.names(folder), MOST_COMPARED)
    stems = dict.fromkeys(stem(name.removeprefix(folder)) for name in files)
    meant = file if file in stems else nearest(file, stems)
    return folder + meant if meant else ""
