"""What to do about files that Lightly does not read. The list of those it reads: contents.listing.folder."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext, gettext_noop

from contents.index.totals import OTHERS, Totals

_CONVERT_IMAGE = gettext_noop("Convert them to JPEG or PNG, for example with ImageMagick: magick a.heic a.jpg")
_CONVERT_RAW = gettext_noop("Raw pictures of cameras. Develop them to JPEG or TIFF, for example with darktable-cli.")
_REMUX = gettext_noop("Put the video into an MP4 without encoding it anew: ffmpeg -i a.mkv -c copy a.mp4")
_UNPACK = gettext_noop("Unpack them: Lightly reads files, and not what is inside of archives.")
_VECTOR = gettext_noop("Drawings, not pictures. Render them to PNG if they are samples.")
_SIDE = gettext_noop("No raw data. They may stay; predictions and metadata belong to the Lightly datasource.")
_ELSE = gettext_noop("Lightly leaves them out. Convert them if they are samples; else they may stay.")

_WHAT_TO_DO = {
    **dict.fromkeys(("heic", "heif", "avif", "jp2", "jxl", "jfif", "psd", "ico"), _CONVERT_IMAGE),
    **dict.fromkeys(("cr2", "cr3", "nef", "arw", "dng", "orf", "raf", "rw2", "raw"), _CONVERT_RAW),
    **dict.fromkeys(("mkv", "flv", "wmv", "ts", "m2ts", "mts", "3gp", "ogv", "h264", "264"), _REMUX),
    **dict.fromkeys(("zip", "tar", "gz", "tgz", "7z", "rar", "bz2", "xz", "zst"), _UNPACK),
    **dict.fromkeys(("svg", "eps", "pdf", "ai"), _VECTOR),
    **dict.fromkeys(("json", "txt", "csv", "xml", "yaml", "yml", "md", "parquet", "npy", "npz", "log"), _SIDE),
}


@dataclass(frozen=True)
class Unsupported:
    extension: str
    files: int
    bytes: int
    what_to_do: str


def unsupported(totals: Totals) -> list[Unsupported]:
    """The most frequent first."""
    ranked = sorted(totals.unsupported.items(), key=lambda row: (row[0] == OTHERS, -row[1][0], row[0]))
    return [
        Unsupported(
            gettext("all others") if extension == OTHERS else f".{extension}",
            files,
            size,
            gettext(_WHAT_TO_DO.get(extension, _ELSE)),
        )
        for extension, (files, size) in ranked
    ]
