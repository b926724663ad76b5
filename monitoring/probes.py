"""Two questions of load balancers and container platforms: does this process live, and may it get visitors?

Anybody may ask, so the answers are a word or two each, cost little however often they are asked, and tell no details.
"""

import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.db import DatabaseError, Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import pulse, rotation
from core.crypto import CannotDecryptError
from monitoring.machinery import disk_is_full

# So many rows of each table with secrets are tried. One alone may be left over from a key that was lost long ago.
_ROWS_TRIED = 3
# An answer is kept for so long, so that a thousand questions cost as much as one.
KEPT_SECONDS = 1.0

NO_DATABASE = "database unreachable"
DISK_FULL = "disk full"


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers, its database does too, and there is room on the disk; else 503. No details."""
    problem = NO_DATABASE if not _database_answers() else DISK_FULL if disk_is_full() else ""
    return _answer([problem] if problem else [], "ok")


@login_not_required
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 if pages, the REST API and starting checks and jobs work; else 503 with a line for each thing that is
    missing."""
    return _answer(_kept.problems(), "ready")


def _answer(problems: list[str], well: str) -> HttpResponse:
    text = "".join(f"{line}\n" for line in problems or [well])
    return HttpResponse(text, content_type="text/plain", status=503 if problems else 200)


def problems() -> list[str]:
    """What is missing before this installation can do its work, in a word or two each."""
    found = []
    if not _database_answers():
        found.append(NO_DATABASE)
    elif not _is_migrated():
        found.append("database not migrated")
    elif not _keys_fit():
        found.append("encryption keys do not fit the database")
    if pulse.queue_lengths() is None:
        found.append("redis unreachable")
    if not _has_static_files():
        found.append("static files missing")
    if disk_is_full():
        found.append(DISK_FULL)
    return found


class _Kept:
    """The newest answer, for a moment. While one thread finds a new one, the others wait for that."""

    def __init__(self, find: Callable[[], list[str]]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._answer: tuple[float, list[str]] | None = None

    def problems(self) -> list[str]:
        with self._lock:
            now = time.monotonic()
            if self._answer is None or now - self._answer[0] >= KEPT_SECONDS:
                self._answer = now, self._find()
            return self._answer[1]

    def forget(self) -> None:
        with self._lock:
            self._answer = None


_kept = _Kept(problems)
forget_answer = _kept.forget


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _is_migrated() -> bool:
    """Whether all migrations of this release were applied. Those of a newer one may have been too."""
    try:
        applied = set(MigrationRecorder(connection).migration_qs.values_list("app", "name"))
    except DatabaseError:  # not even the table that says so
        return False
    return applied >= _migrations()


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """Of this release, read once: app and name."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def _keys_fit() -> bool:
    """Whether something stored encrypted can be read, if there is anything."""
    tried = readable = 0
    for table in rotation.tables():
        for row in table.rows().order_by("-pk")[:_ROWS_TRIED]:
            tried += 1
            readable += _is_readable(table, row)
    return readable > 0 or tried == 0


def _is_readable(table: rotation.SealedTable, row: Model) -> bool:
    try:
        table.columns(row)
    except CannotDecryptError:
        return False
    except ValueError:  # a key has opened it, and what is in it is no question of keys
        return True
    return True


def _has_static_files() -> bool:
    """Pages can't be made without the list of them. In development there is none."""
    storage: object = staticfiles_storage
    return not isinstance(storage, ManifestFilesMixin) or (Path(settings.STATIC_ROOT) / storage.manifest_name).is_file()
