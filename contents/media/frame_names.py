"""How frames of videos and thumbnails are called in the Lightly datasource.

Source: https://docs.lightly.ai/docs/prediction-format (frames) and the field `thumbSuffix` of the API (thumbnails).
"""

import re

FRAMES_FOLDER = ".lightly/frames/"
_PLACEHOLDER = re.compile(r"\[(filename|extension)\]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def frame_name(video: str, number: int, frames: int, extension: str = "png") -> str:
    """`street/video.mp4`, frame 99 of 200 -> `street/video-099-mp4.png`. `number` counts from 0."""
    if not 0 <= number < frames:
        raise ValueError(f"frame {number} of {frames}")
    stem, ending = split(video)
    return f"{stem}-{number:0{len(str(frames))}}-{ending}.{extension}"


def thumbnail_name(suffix: str, name: str) -> str:
    """`street/1.jpg` by the default -> `.lightly/thumbnails/street/1_thumb.jpg`."""
    stem, ending = split(name)
    return _PLACEHOLDER.sub(lambda found: stem if found[1] == "filename" else ending, suffix)


def wrong_in_suffix(suffix: str) -> str:
    """Why this `thumbSuffix` can't be used, as a sentence in English; empty if it can."""
    if "[filename]" not in suffix:
        return "Without [filename], all thumbnails would have the same name."
    if "[extension]" not in suffix:
        return "Without [extension], the thumbnails of a.jpg and a.png would have the same name."
    if suffix.startswith("/"):
        return "It must not begin with a slash: it is relative to the directory of the datasource."
    if any(segment in {".", ".."} for segment in suffix.split("/")):
        return "It must not contain . or .. as a directory."
    if _CONTROLS.search(suffix):
        return "It contains characters that can't be seen."
    return ""


def split(name: str) -> tuple[str, str]:
    """Without the extension, and the extension as it is written: `a.b/c.JPG` -> `a.b/c`, `JPG`."""
    folder, slash, file = name.rpartition("/")
    stem, dot, extension = file.rpartition(".")
    return (folder + slash + stem, extension) if dot else (name, "")
