"""Which images and videos have no predictions."""

from collections.abc import Collection, Iterator

from contents.annotations.names import frame_stem, is_image, stem
from contents.annotations.sources import Samples, Source

# Of a video whose frames nobody counted, the first frame is looked for with up to this many digits.
_MOST_DIGITS = 7


def without_file(names: Collection[str], folder: str, lightly: Source, samples: Samples) -> Iterator[tuple[str, str]]:
    """The samples without a file in the task's folder, and the name of the file that is missing.

    A video needs a file for each frame, if it is known how many there are; else one for the first frame.
    """
    files = {name: _files(name, samples) for name in names}
    there = lightly.having(f"{folder}{file}.json" for expected in files.values() for file in expected)
    for name, expected in files.items():
        missing = [file for file in expected if f"{folder}{file}.json" not in there]
        if is_image(name):
            if missing:
                yield name, f"{missing[0]}.json"
        elif samples.frames(name):
            if missing:
                yield name, f"{len(missing)} of {len(expected)} frames, such as {missing[0]}.json"
        elif len(missing) == len(expected):
            yield name, f"{expected[0]}.json or with more digits"


def _files(name: str, samples: Samples) -> list[str]:
    if is_image(name):
        return [stem(name)]
    frames = samples.frames(name)
    if frames:
        return [frame_stem(name, number, frames) for number in range(frames)]
    return [frame_stem(name, 0, 10**digits - 1) for digits in range(1, _MOST_DIGITS + 1)]
