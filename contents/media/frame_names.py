"""Names of thumbnails and of the frames of videos in the Lightly datasource.

Source: https://docs.lightly.ai/docs/prediction-format (frames) and the field `thumbSuffix` of the API (thumbnails).
"""

import re

FRAMES_FOLDER = ".lightly/frames/"
_PLACEHOLDER = re.compile(r"\[(filename|extension)\]")


def frame_name(video: str, number: int, frames: int, extension: str = "png") -> str:
    """`street/video.mp4`, frame 99 of 200 -> `street/video-099-mp4.png`. `number` counts from 0."""
    if not 0 <= number < frames:
        raise ValueError(f"frame {number} of {frames}")
    stem, ending = split(video)
    return f"{stem}-{number:0{len(str(frames))}}-{ending}.{extension}"


def thumbnail_name(suffix: str, name: str) -> str:
    """`street/1.jpg` by the default -> `.lightly/thumbnails/street/1_thumb.jpg`.

    `suffix` is a thumbSuffix as datasources.validation lets it through.
    """
    stem, ending = split(name)
    return _PLACEHOLDER.sub(lambda found: stem if found[1] == "filename" else ending, suffix)


def split(name: str) -> tuple[str, str]:
    """Without the extension, and the extension as it is written: `a.b/c.JPG` -> `a.b/c`, `JPG`."""
    folder, slash, file = name.rpartition("/")
    stem, dot, extension = file.rpartition(".")
    return (folder + slash + stem, extension) if dot else (name, "")
