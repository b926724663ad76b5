"""Database and static files of an empty installation, made once for all that this run of the tests starts.

Making them takes some 10 s of a processor, nearly all of it Django's migrations. The tests of the launcher, of upgrades
and of the demo still make their own, as a first start does.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

from lightly_platform.env import BASE_DIR
from lightly_platform.launcher.prepare import STAMP_NAME

_DATABASE, _STATIC = "lightly.sqlite3", "static"


def put_into(data_dir: Path, environ: dict[str, str]) -> bool:
    """What `lightly_platform.launcher.prepare` would make there. False, and nothing is done, where a database is
    there already or kept elsewhere.

    `environ`: of the installation. Keys are not part of it: each installation makes its own.
    """
    if "DATABASE_URL" in environ or (data_dir / _DATABASE).exists():
        return False
    kept = _kept(environ)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy2(kept / _DATABASE, data_dir / _DATABASE)
    put_static_files_into(data_dir, environ)
    return True


def put_static_files_into(data_dir: Path, environ: dict[str, str]) -> None:
    """Only these, for an installation that makes its database itself."""
    kept = _kept(environ)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copytree(kept / _STATIC, data_dir / _STATIC, dirs_exist_ok=True)
    shutil.copy2(kept / STAMP_NAME, data_dir / STAMP_NAME)


def _kept(environ: dict[str, str]) -> Path:
    """All processes of this run share the directory that tests.plugin made; the first that asks fills it."""
    kept = Path(os.environ["LIGHTLY_DATA_DIR"]) / "prepared"
    kept.mkdir(exist_ok=True)
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (kept / "done").exists():
            subprocess.run(
                [sys.executable, "-m", "lightly_platform.launcher.prepare"],
                cwd=BASE_DIR,
                env={**environ, "LIGHTLY_DATA_DIR": str(kept)},
                check=True,
                timeout=120,
            )
            (kept / "done").touch()
    return kept
