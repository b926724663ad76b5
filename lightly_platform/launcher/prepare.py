"""Brings database and static files up to date. One process for all steps: starting Django takes longest.

`python -m lightly_platform.launcher.prepare` does both, with `migrate` or `static` behind it only one of them.
"""

from __future__ import annotations

import gc
import hashlib
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.cache import caches
from django.core.cache.backends.db import BaseDatabaseCache
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from lightly_platform.env import WrongEnvironment
from lightly_platform.launcher import loading
from lightly_platform.launcher.telling import last_words

# Beside the directory of static files, not in it: what is in there is served.
STAMP_NAME = "static.stamp"
# How long a process may wait for the one that migrates, and how often it looks.
PATIENCE_SECONDS = 600.0
_LOOK_EVERY_SECONDS = 1.0
# How many objects more there are before Python's collector looks at the new ones; usually it is 700. Migrations make
# many, nearly all of which stay until the end.
_MADE_BEFORE_LOOKING = 20_000


def prepare() -> None:
    set_up()
    migrate()
    if settings.ENVIRONMENT.static_dir is None:
        collect_static_files()
    else:
        demand_static_files()


def set_up() -> None:
    with loading.for_good():
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
        django.setup()
    gc.set_threshold(_MADE_BEFORE_LOOKING)


def migrate() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    connections.close_all()  # SQLite then puts everything into its one file


def wait_until_migrated(patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Returns once all migrations of this release were applied by `migrate`. Raises WrongEnvironment after so long.

    A database that does not answer yet is waited for as well.
    """
    ends_at = time.monotonic() + patience_seconds
    while missing := _missing():
        if time.monotonic() >= ends_at:
            raise WrongEnvironment(
                f"{missing} for {patience_seconds:.0f} s; start `python -m lightly_platform.launch migrate` with the"
                " same DATABASE_URL once, and look at what it says."
            )
        time.sleep(_LOOK_EVERY_SECONDS)


def _missing() -> str:
    """What is not there yet, as the start of a sentence; "" if nothing."""
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "The database has not been migrated"
        settings_of: Any = settings.CACHES
        tables = {
            cache["LOCATION"] for name, cache in settings_of.items() if isinstance(caches[name], BaseDatabaseCache)
        }
        return "" if tables <= set(connection.introspection.table_names()) else "The database lacks tables"
    except DatabaseError:
        connection.close()
        return "The database has not answered"


def collect_static_files() -> None:
    """Copies, names and compresses them, which takes seconds, unless they were made from these very files."""
    root = Path(settings.STATIC_ROOT)
    stamp, digest = root.with_name(STAMP_NAME), _digest()
    if root.is_dir() and stamp.is_file() and stamp.read_text() == digest:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(digest)


def demand_static_files() -> None:
    """Of those that were made before. Raises WrongEnvironment if there are none."""
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file():
        raise WrongEnvironment(
            f"LIGHTLY_STATIC_DIR names {settings.STATIC_ROOT}, where no static files are; make them with"
            " `python -m lightly_platform.launch static`, or unset LIGHTLY_STATIC_DIR."
        )


def _digest() -> str:
    """Of names, sizes and times of all files, and of what makes static files of them."""
    backend = settings.STORAGES["staticfiles"]["BACKEND"]
    found = hashlib.sha256(f"{backend} {version('whitenoise')} {django.__version__}".encode())
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda each: each[0]):
            told = Path(storage.path(path)).stat()
            found.update(f"\0{path}\0{told.st_size}\0{told.st_mtime_ns}".encode())
    return found.hexdigest()


if __name__ == "__main__":
    with last_words():
        if sys.argv[1:] == ["static"]:
            set_up()
            demand_static_files() if settings.ENVIRONMENT.static_dir else collect_static_files()
        else:
            prepare()
