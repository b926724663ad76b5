"""Makes a backup while the installation runs."""

from __future__ import annotations

import contextlib
import re
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from core.version import platform_version
from lightly_platform.backup import archive
from lightly_platform.backup.archive import BackupFailed, Manifest
from lightly_platform.backup.drafts import draft, sync
from lightly_platform.embedded_database import database_file, demand_whole
from lightly_platform.env import Environment

_OWN_NAME = re.compile(r"lightly-\d{8}-\d{6}Z\.tar\.gz")


@dataclass(frozen=True)
class Made:
    """`keys`: names of the keys in the backup. `elsewhere`: names of the variables that have the others."""

    path: Path
    size_bytes: int
    keys: list[str]
    elsewhere: list[str]
    removed: list[Path]


def make(environment: Environment, to: Path, *, with_keys: bool = True, keep: int | None = None) -> Made:
    """To the file `to`, or under a name of its own into the directory `to`. Raises BackupFailed.

    `keep`: of the backups with such names in the directory, how many to leave there; the oldest go.
    """
    demand_whole(environment)
    database = database_file(environment)
    if database is None:
        raise BackupFailed(
            "This installation has a PostgreSQL server, whose own tools make the backup; see pg_dump in docs/backup.md."
        )
    if not database.is_file():
        raise BackupFailed(
            f"There is no database at {database}; name the data directory with LIGHTLY_DATA_DIR, for example"
            " LIGHTLY_DATA_DIR=/var/lib/lightly."
        )
    target = to / f"lightly-{datetime.now(UTC):%Y%m%d-%H%M%SZ}{archive.SUFFIX}" if to.is_dir() else to
    if keep is not None and not to.is_dir():
        raise BackupFailed(f"--keep counts the backups in a directory, and {to} is none; make it, or leave --keep out.")
    if target.exists():
        raise BackupFailed(f"{target} is there already; name another file, or a directory.")
    try:
        made = _make(environment, database, target, with_keys=with_keys)
    except sqlite3.Error as error:
        raise BackupFailed(f"The database {database} can't be copied ({error}); no backup was made.") from error
    except OSError as error:
        at = error.filename or target.parent
        raise BackupFailed(
            f"No backup was made: {at} can't be used ({error.strerror}); make room there or the rights, or name another"
            " place with --to."
        ) from error
    return Made(*made, removed=_remove_old(target, keep) if keep else [])


def _make(
    environment: Environment, database: Path, target: Path, *, with_keys: bool
) -> tuple[Path, int, list[str], list[str]]:
    with draft(target.parent) as folder:
        keys = _keys(environment)
        files = {archive.DATABASE: folder / archive.DATABASE}
        migrations = _copy(database, files[archive.DATABASE])
        if _keys(environment) != keys:
            raise BackupFailed("The keys were changed while the backup was made; call it again.")
        encryption_keys = environment.encryption_keys or keys[archive.ENCRYPTION_KEYS].decode("ascii").split()
        for name, value in keys.items() if with_keys else ():
            files[name] = folder / name
            files[name].parent.mkdir(mode=0o700, exist_ok=True)
            files[name].write_bytes(value)
        manifest = Manifest(
            product="lightly-platform",
            format=archive.FORMAT,
            version=platform_version(),
            id=secrets.token_hex(12),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            migrations=migrations,
            encryption_keys=archive.fingerprints(encryption_keys),
            files={name: archive.content_of(path) for name, path in files.items()},
        )
        archive.write(folder / "archive", manifest, files)
        size = (folder / "archive").stat().st_size
        (folder / "archive").rename(target)
        sync(target.parent)
    in_files = [name for name in archive.KEYS if name in files]
    own = {"SECRET_KEY": environment.secret_key, "LIGHTLY_ENCRYPTION_KEYS": environment.encryption_keys}
    return target, size, in_files, [name for name, value in own.items() if value]


def _copy(database: Path, to: Path) -> list[tuple[str, str]]:
    """All of it as it is at one moment. Nobody waits: readers of SQLite's log don't stop writers.

    Returns the applied migrations. Raises sqlite3.Error.
    """
    to.touch(mode=0o600)
    with (
        # Not "ro": the first who opens a database with a log makes the index of the log.
        contextlib.closing(sqlite3.connect(f"file:{quote(str(database))}?mode=rw", uri=True, timeout=60)) as source,
        contextlib.closing(sqlite3.connect(to)) as copy,
    ):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        demand_sound(copy)
        return [(app, name) for app, name in copy.execute("SELECT app, name FROM django_migrations ORDER BY id")]


def demand_sound(database: sqlite3.Connection) -> None:
    """Raises sqlite3.DatabaseError."""
    (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(f"it is damaged: {found}")


def _keys(environment: Environment) -> dict[str, bytes]:
    """Those of the data directory; the others come from variables."""
    found = {}
    for name, value in (
        (archive.SECRET_KEY, environment.secret_key),
        (archive.ENCRYPTION_KEYS, environment.encryption_keys),
    ):
        if value:
            continue
        try:
            found[name] = (environment.data_dir / name).read_bytes()
        except FileNotFoundError:
            raise BackupFailed(
                f"The key file {environment.data_dir / name} is missing, and a backup without it would be useless; put"
                " it back, or set the variables that the installation has."
            ) from None
    return found


def _remove_old(newest: Path, keep: int) -> list[Path]:
    """But never the one that was just made, whatever the clock said for the others."""
    others = [path for path in newest.parent.iterdir() if _OWN_NAME.fullmatch(path.name) and path != newest]
    old = sorted(others, key=lambda path: path.name, reverse=True)[keep - 1 :]
    for path in old:
        path.unlink(missing_ok=True)
    return old
