"""Brings database and static files up to date. One process for all steps: starting Django takes longest."""

from __future__ import annotations

import hashlib
import os
from importlib.metadata import version
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

# Beside the directory of static files, not in it: what is in there is served.
STAMP_NAME = "static.stamp"


def prepare() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    collect_static_files()


def collect_static_files() -> None:
    """Copies, names and compresses them, which takes seconds, unless they were made from these very files."""
    root = Path(settings.STATIC_ROOT)
    stamp, digest = root.with_name(STAMP_NAME), _digest()
    if root.is_dir() and stamp.is_file() and stamp.read_text() == digest:
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(digest)


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
    prepare()
