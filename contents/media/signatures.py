"""What a file is by its first bytes, whatever its name says.

Only what lies in buckets of images and videos, rightly or by mistake. Sources: the formats' own specifications; for
pointers of Git LFS https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""

import re

from contents.media.frame_names import split

HEAD_BYTES = 512

# By format as Pillow calls it, or the family of containers: the extensions that fit.
IMAGE_EXTENSIONS = {
    "JPEG": {"jpg", "jpeg"},
    "PNG": {"png"},
    "GIF": {"gif"},
    "BMP": {"bmp"},
    "TIFF": {"tif", "tiff"},
    "WEBP": {"webp"},
    "PPM": {"ppm", "pgm", "pbm", "pnm"},
}
VIDEO_EXTENSIONS = {
    "MP4": {"mp4", "m4v", "mov"},
    "Matroska": {"webm", "mkv"},
    "AVI": {"avi"},
    "MPEG": {"mpg", "mpeg"},
    "MPEG-TS": {"ts", "mpg", "mpeg"},
    "HEVC": {"hevc", "h265"},
}
_STARTS = [
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"BM", "BMP"),
    (b"\x1aE\xdf\xa3", "Matroska"),
    (b"\0\0\1\xba", "MPEG"),
    (b"\0\0\1\xb3", "MPEG"),
    (b"version https://git-lfs.github.com/spec/", "Git LFS pointer"),
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript"),
    (b"PK\3\4", "ZIP archive"),
    (b"\x1f\x8b", "gzip archive"),
    (b"8BPS", "Photoshop file"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"#EXTM3U", "playlist"),
]
_PNM = re.compile(rb"P[1-6][\s#]")
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e\x80-\xff]+")


def format_of(head: bytes) -> str:
    """`head`: the first HEAD_BYTES, or fewer if there are no more. Empty if it is nothing known."""
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF":
        return {b"WEBP": "WEBP", b"AVI ": "AVI"}.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return "HEIF" if head[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"} else "MP4"
    if head[4:8] in {b"moov", b"mdat", b"wide", b"free", b"skip"}:
        return "MP4"
    if _PNM.match(head):
        return "PPM"
    if len(head) > 188 and head[0] == head[188] == 0x47:
        return "MPEG-TS"
    if head.startswith((b"\0\0\0\1\x40\1", b"\0\0\1\x40\1")):
        return "HEVC"
    return _text(head)


def _text(head: bytes) -> str:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:256].lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "HTML page"
    if b"<svg" in start:
        return "SVG"
    if start.startswith(b"<?xml") or re.match(rb"<[a-z]", start):
        return "XML"
    if start.startswith((b"{", b"[")) and _TEXT.fullmatch(head):
        return "JSON"
    return "text" if head and _TEXT.fullmatch(head) else ""


def fits(format_name: str, name: str) -> bool:
    """Whether the file's extension goes with its format."""
    known = IMAGE_EXTENSIONS | VIDEO_EXTENSIONS
    return split(name)[1].lower() in known.get(format_name, ())
