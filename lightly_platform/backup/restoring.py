"""Brings an installation back from a backup, while nothing of it runs."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from lightly_platform.backup import archive, swapping
from lightly_platform.backup.archive import BackupFailed, Manifest
from lightly_platform.backup.drafts import draft
from lightly_platform.backup.making import demand_sound
from lightly_platform.backup.releases import demand_known
from lightly_platform.embedded_database import COMPANIONS, database_file
from lightly_platform.env import Environment
from lightly_platform.launcher import embedded_redis
from lightly_platform.launcher.serving import lock

# Bytes of the file that every open connection locks for reading: the "shared" bytes of SQLite's file format.
_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510


@dataclass(frozen=True)
class Restored:
    """`aside`: directories with what was there before. `new_secret_key`: everybody has to sign in again."""

    manifest: Manifest
    database: Path
    aside: list[Path]
    new_secret_key: bool
    had_been_interrupted: bool


def restore(environment: Environment, backup: Path, *, replace: bool = False, lost_keys: bool = False) -> Restored:
    """Raises BackupFailed, and WrongEnvironment while the installation runs; then nothing was changed.

    `replace`: an installation that is there is put aside. `lost_keys`: also without the encryption keys that the
    backup needs, so that all credentials have to be entered again.
    """
    database = database_file(environment)
    if database is None:
        raise BackupFailed(
            "DATABASE_URL names a PostgreSQL server, whose own tools restore it; see `pg_restore` in docs/backup.md."
        )
    _demand_owner(environment.data_dir)
    with lock(environment.data_dir):
        try:
            return _restore(environment, database, backup, replace=replace, lost_keys=lost_keys)
        except OSError as error:
            raise BackupFailed(
                f"{error.filename or database.parent} can't be used ({error.strerror}); make room there or the rights,"
                " and call it again."
            ) from error


def _restore(environment: Environment, database: Path, backup: Path, *, replace: bool, lost_keys: bool) -> Restored:
    _demand_unused(environment, database)
    with draft(database.parent) as unpacked:
        manifest = archive.read(backup, unpacked)
        unfinished, aside = swapping.finish(environment, database)
        if unfinished and unfinished == manifest.id:
            return _restored(environment, manifest, database, aside, had_been_interrupted=True)
        _demand_sound(unpacked / archive.DATABASE, backup)
        demand_known(manifest)
        _choose_keys(environment, manifest, unpacked, lost_keys=lost_keys)
        if not replace:
            _demand_nothing(database)
        _demand_unused(environment, database)  # unpacking may have taken minutes
        name = f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%SZ}"
        swapping.begin(unpacked, database, backup_id=manifest.id, aside=name)
        _, aside = swapping.finish(environment, database)
    return _restored(environment, manifest, database, aside)


def _restored(
    environment: Environment,
    manifest: Manifest,
    database: Path,
    aside: list[Path],
    *,
    had_been_interrupted: bool = False,
) -> Restored:
    has_secret_key = environment.secret_key or (environment.data_dir / archive.SECRET_KEY).exists()
    return Restored(manifest, database, aside, not has_secret_key, had_been_interrupted)


def _demand_owner(data_dir: Path) -> None:
    """Files of root could not be read by the user who runs Lightly."""
    with contextlib.suppress(FileNotFoundError):
        owner = data_dir.stat().st_uid
        if owner != os.geteuid():
            raise BackupFailed(
                f"{data_dir} belongs to another user (id {owner}); call it as that user, for example with"
                " `runuser --user lightly --`."
            )


def _demand_unused(environment: Environment, database: Path) -> None:
    """Web servers, workers and schedulers that were started each by itself have no lock, but a connection."""
    redis_runs = not environment.redis_url and embedded_redis.answers(environment.data_dir)
    if redis_runs or (database.is_file() and _is_open(database)):
        raise BackupFailed(
            f"Something of the installation in {database.parent} still runs; stop the web server, all workers and the"
            " scheduler first."
        )


def _is_open(database: Path) -> bool:
    """Whether any process has a connection to it that is not idle since long ago."""
    with database.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EAGAIN}:
                return True
            raise
    return False


def _demand_nothing(database: Path) -> None:
    if database.exists():
        raise BackupFailed(
            f"There is an installation already, with the database {database}; to replace it, call it with --replace,"
            " which keeps what was there in a directory beside it."
        )
    left = [path for end in COMPANIONS if (path := database.with_name(database.name + end)).exists()]
    if left:
        raise BackupFailed(
            f"{left[0]} is left of another database and would spoil the restored one; remove it if you need nothing of"
            " that database, or call it with --replace, which keeps it in a directory beside it."
        )


def _demand_sound(unpacked: Path, backup: Path) -> None:
    try:
        with contextlib.closing(sqlite3.connect(unpacked)) as connection:
            demand_sound(connection)
    except sqlite3.Error as error:
        raise BackupFailed(f"The database in {backup} can't be used ({error}); take another backup.") from error


def _choose_keys(environment: Environment, manifest: Manifest, unpacked: Path, *, lost_keys: bool) -> None:
    """Leaves those in `unpacked` that go into the data directory. Raises BackupFailed without those that are needed."""
    variables = {archive.SECRET_KEY: environment.secret_key, archive.ENCRYPTION_KEYS: environment.encryption_keys}
    for name, value in variables.items():
        brought, there = unpacked / name, environment.data_dir / name
        if brought.exists() and (value or (there.exists() and there.read_bytes() == brought.read_bytes())):
            brought.unlink()
    if lost_keys:
        return
    places = (unpacked / archive.ENCRYPTION_KEYS, environment.data_dir / archive.ENCRYPTION_KEYS)
    present = environment.encryption_keys or next((_read(path) for path in places if path.exists()), ())
    if set(archive.fingerprints(present)) >= set(manifest.encryption_keys):
        return
    if environment.encryption_keys:
        what = "LIGHTLY_ENCRYPTION_KEYS has other keys than the installation of the backup; set it to those"
    else:
        what = (
            f"The encryption keys that the backup needs are neither in it nor in {environment.data_dir / 'keys'}; put"
            " the files secret_key and encryption_keys there, or set SECRET_KEY and LIGHTLY_ENCRYPTION_KEYS"
        )
    raise BackupFailed(
        f"{what}. If they are lost, call it with --lost-keys: then the secrets of all datasources have to be entered"
        " again."
    )


def _read(path: Path) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="ascii").split())
