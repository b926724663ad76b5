"""The SQLite file of an installation that has no database server, and whether it is whole. Knows no Django settings."""

from __future__ import annotations

from pathlib import Path

from lightly_platform.env import Environment, WrongEnvironment

NAME = "lightly.sqlite3"
# What SQLite keeps beside the file. A log of changes that belongs to another file would spoil the one it is found with.
COMPANIONS = ("-wal", "-shm", "-journal")
_RESTORING = ".restoring"


def database_file(environment: Environment) -> Path | None:
    """Where it is, whether or not there is one yet. None with a database server."""
    if not environment.database_url:
        return environment.data_dir / NAME
    import dj_database_url

    found = dj_database_url.parse(environment.database_url)
    return Path(str(found["NAME"])) if found["ENGINE"] == "django.db.backends.sqlite3" else None


def restoring_marker(database: Path) -> Path:
    """The directory that is there from the moment a restore begins to change anything until it is complete."""
    return database.with_name(database.name + _RESTORING)


def demand_whole(environment: Environment) -> None:
    """Raises WrongEnvironment while a restore has been interrupted half-way."""
    database = database_file(environment)
    if database is not None and restoring_marker(database).exists():
        raise WrongEnvironment(
            f"A restore was interrupted, and {restoring_marker(database)} is left of it; call `manage.py restore` with"
            " the same file again, it completes what is missing."
        )
