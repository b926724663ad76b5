"""Small pictures on this server's disk, up to so many bytes. Those that nobody looked at for longest go first.

An entry is one file, whose name is a hash: never anything that people chose. Its content is a picture that we encoded,
or what was found out about a file, or the reason why there is none, or the mark of a worker that is making one. The
times of the files say what was used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contents.thumbnails.reasons import PASSING, Reason

# By two digits of the name. Each has its share of the limit, so a write looks at one folder only.
FOLDERS = 256
# After so long a reason that may pass is asked for again.
PASSING_SECONDS = 60.0
# A worker that has not finished by then was killed, for time or memory. Nobody tries again for a while.
STARTED_SECONDS = 60.0
GAVE_UP_SECONDS = 3600.0
# The time of a file is not written at each look.
_USED_AFTER_SECONDS = 60.0
# Changes when pictures are made in another way, so that old ones are not shown any more.
_WAY = 1


@dataclass(frozen=True)
class Picture:
    """`content_type`: of bytes that we encoded ourselves."""

    data: bytes
    content_type: str


@dataclass(frozen=True)
class Refusal:
    """Why there is no picture. `detail` says in English what was seen."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True)
class Started:
    """A worker is making it."""


@dataclass(frozen=True)
class Facts:
    """What a worker found out about a file, as JSON. `age` in seconds."""

    content: dict[str, Any]
    age: float = 0.0


Entry = Picture | Facts | Refusal | Started


def name_of(datasource_id: str, key: str, version: str, what: int | str) -> str:
    """Of an entry. `version` differs when the file does; `what` is a picture's longest side, or names other entries."""
    told = json.dumps([_WAY, datasource_id, key, version, what])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


class Cache:
    """May be used by several processes at once. What one deletes, another finds missing and makes again."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self.most_bytes = most_bytes

    def has_picture(self, name: str) -> bool:
        """Without reading it."""
        try:
            with self._path(name).open("rb") as file:
                return _type_of(file.read(16)) is not None
        except OSError:
            return False

    def read(self, name: str) -> Entry | None:
        path = self._path(name)
        try:
            data = path.read_bytes()
            written = path.stat().st_mtime
        except OSError:
            return None
        age = time.time() - written
        if content_type := _type_of(data):
            if age > _USED_AFTER_SECONDS:
                with contextlib.suppress(OSError):  # deleted meanwhile; what was read is good
                    os.utime(path)
            return Picture(data, content_type)
        return _told(data, age)

    def write(self, name: str, entry: Entry) -> None:
        """Raises OSError where the disk is full."""
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Readers see the whole file or none.
        unfinished = path.with_suffix(f".{secrets.token_hex(4)}")
        try:
            unfinished.write_bytes(_stored(entry))
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        self._make_room(path)

    def forget(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / name[:2] / name

    def _make_room(self, newest: Path) -> None:
        """Keep the folder of this entry within its share, and the entry in any case."""
        found = []
        with os.scandir(newest.parent) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    stat = entry.stat()
                    found.append((stat.st_mtime, stat.st_size, entry.path))
        left = sum(size for _, size, _ in found) - self.most_bytes // FOLDERS
        for _, size, path in sorted(found):
            if left <= 0:
                return
            if path != str(newest):
                Path(path).unlink(missing_ok=True)
                left -= size


def _type_of(data: bytes) -> str | None:
    """By the bytes themselves, so that nothing else can ever be served."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def _stored(entry: Entry) -> bytes:
    if isinstance(entry, Picture):
        return entry.data
    if isinstance(entry, Started):
        return b"{}"
    if isinstance(entry, Facts):
        return json.dumps({"facts": entry.content}).encode()
    return json.dumps({"reason": entry.reason, "detail": entry.detail}).encode()


def _told(data: bytes, age: float) -> Entry | None:
    try:
        found = json.loads(data)
        if "facts" in found:
            return Facts(dict(found["facts"]), age)
        refusal = Refusal(Reason(found["reason"]), str(found["detail"])) if found else None
    except (ValueError, KeyError, TypeError):
        return None  # of another release
    if refusal is None:
        if age <= STARTED_SECONDS:
            return Started()
        return Refusal(Reason.GAVE_UP) if age <= GAVE_UP_SECONDS else None
    return None if refusal.reason in PASSING and age > PASSING_SECONDS else refusal
