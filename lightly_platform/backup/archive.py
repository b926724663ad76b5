"""The file of a backup: a compressed tar archive with a manifest, the database and, unless left out, the keys.

The manifest comes first and has the size and the SHA-256 of everything else. Nothing else is ever taken out of it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from lightly_platform.env import WrongEnvironment

FORMAT = 1
MANIFEST, DATABASE = "manifest.json", "lightly.sqlite3"
SECRET_KEY, ENCRYPTION_KEYS = "keys/secret_key", "keys/encryption_keys"
KEYS = (SECRET_KEY, ENCRYPTION_KEYS)
SUFFIX = ".tar.gz"
_PIECE = 1 << 20
_MOST_MANIFEST_BYTES = 4 << 20
_COMPRESSION = 3  # a third of the time of 6, and a tenth larger


class BackupFailed(WrongEnvironment):
    """One sentence for the operator: what is wrong, and what to do."""


class Content(BaseModel):
    model_config = ConfigDict(frozen=True)

    bytes: int
    sha256: str


class Manifest(BaseModel):
    """`made_at` is in UTC, as ISO 8601. `migrations`: all that were applied, as (app, name).

    `encryption_keys` are fingerprints of the keys that the database needs, whether or not the keys are in the backup.
    """

    model_config = ConfigDict(frozen=True)

    product: str
    format: int
    version: str
    id: str
    made_at: str
    migrations: list[tuple[str, str]]
    encryption_keys: list[str]
    files: dict[str, Content]


def fingerprints(keys: Sequence[str]) -> list[str]:
    """Tell whether two keys are the same, and nothing else: the keys are 32 random bytes."""
    return [hashlib.sha256(f"lightly backup {key}".encode()).hexdigest()[:32] for key in keys]


def content_of(path: Path) -> Content:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return Content(bytes=size, sha256=digest.hexdigest())


def write(target: Path, manifest: Manifest, files: Mapping[str, Path]) -> None:
    """Makes `target`, for its owner alone, and returns once it is on the disk. Raises OSError."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=_COMPRESSION) as archive:
            _add(archive, MANIFEST, io.BytesIO(manifest.model_dump_json(indent=1).encode()))
            for name, path in files.items():
                with path.open("rb") as content:
                    _add(archive, name, content)
        file.flush()
        os.fsync(file.fileno())


def read(path: Path, into: Path) -> Manifest:
    """Unpacks it into the empty directory `into`. Raises BackupFailed unless all is there and as it was written."""
    try:
        with tarfile.open(path, mode="r:gz") as archive:
            manifest = _manifest(archive)
            while member := archive.next():  # iterating would begin again
                _unpack(archive, member, manifest, into)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise _damaged(path, "it is no archive, or its end is missing") from error
    except _ArchiveError as error:
        raise _damaged(path, str(error)) from error
    missing = [name for name in manifest.files if not (into / name).is_file()]
    if missing or DATABASE not in manifest.files:
        raise _damaged(path, f"{', '.join(missing) or DATABASE} is missing")
    return manifest


class _ArchiveError(Exception):
    """What is wrong with an archive."""


def _damaged(path: Path, why: str) -> BackupFailed:
    return BackupFailed(f"{path} is not a complete backup of Lightly ({why}); nothing was changed, take another one.")


def _add(archive: tarfile.TarFile, name: str, content: IO[bytes]) -> None:
    """Without the names and ids of this machine's users."""
    told = tarfile.TarInfo(name)
    told.size = content.seek(0, io.SEEK_END)
    told.mode = 0o600
    content.seek(0)
    archive.addfile(told, content)


def _manifest(archive: tarfile.TarFile) -> Manifest:
    member = archive.next()
    if member is None or member.name != MANIFEST or not member.isreg() or member.size > _MOST_MANIFEST_BYTES:
        raise _ArchiveError("it does not begin with a manifest")
    content = archive.extractfile(member)
    text = content.read() if content else b""
    try:
        told = json.loads(text)
        if told["product"] == "lightly-platform" and told["format"] > FORMAT:
            raise BackupFailed(
                "This backup was made by a newer release, in a form that this one does not know; install that one or a"
                " later one, and restore with it."
            )
        manifest = Manifest.model_validate(told)
    except (ValueError, TypeError, KeyError, ValidationError) as error:
        raise _ArchiveError("its manifest can't be read") from error
    if manifest.product != "lightly-platform" or not manifest.files.keys() <= {DATABASE, *KEYS}:
        raise _ArchiveError("its manifest names what no backup has")
    return manifest


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, manifest: Manifest, into: Path) -> None:
    wanted = manifest.files.get(member.name)
    target = into / member.name
    if wanted is None or not member.isreg() or member.size != wanted.bytes or target.exists():
        raise _ArchiveError(f"{member.name[:80]!r} is not what the manifest says")
    content = archive.extractfile(member)
    if content is None:
        raise _ArchiveError(f"{member.name} can't be read")
    target.parent.mkdir(mode=0o700, exist_ok=True)
    digest = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while piece := content.read(_PIECE):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != wanted.sha256:
        raise _ArchiveError(f"{member.name} has been changed or is damaged")
