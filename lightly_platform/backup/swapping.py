"""Puts a restored installation in its place: after a kill at any moment it is either not begun or gets completed.

What is unpacked and verified is renamed to the marker in one step. From then on nothing starts (see
`embedded_database.demand_whole`) until `finish` has moved each part to its place, which it may do in several attempts.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from lightly_platform.backup import archive
from lightly_platform.backup.drafts import sync
from lightly_platform.embedded_database import COMPANIONS, restoring_marker
from lightly_platform.env import Environment

_PLAN = "plan.json"
# Of the data directory: what belongs to the database that is replaced, and to no other.
_OF_THE_DATABASE = ("redis", "runs")


def begin(unpacked: Path, database: Path, *, backup_id: str, aside: str) -> None:
    """`aside`: the name of the directory for what was there before."""
    plan = unpacked / _PLAN
    with plan.open("w", encoding="utf-8") as file:
        json.dump({"id": backup_id, "aside": aside}, file)
        file.flush()
        os.fsync(file.fileno())
    for folder in (unpacked, *(path for path in unpacked.iterdir() if path.is_dir())):
        sync(folder)
    unpacked.rename(restoring_marker(database))
    sync(database.parent)


def finish(environment: Environment, database: Path) -> tuple[str, list[Path]]:
    """The id of the backup, and the directories with what was there before. ("", []) if no restore has begun."""
    marker = restoring_marker(database)
    if not marker.exists():
        return "", []
    plan = json.loads((marker / _PLAN).read_text(encoding="utf-8"))
    new_database = marker / archive.DATABASE
    if new_database.exists():  # it goes last
        for path in (database, *(database.with_name(database.name + end) for end in COMPANIONS)):
            _put_aside(path, database.parent / plan["aside"])
        for name in _OF_THE_DATABASE:
            _put_aside(environment.data_dir / name, environment.data_dir / plan["aside"])
        for name in archive.KEYS:
            if (marker / name).exists():
                _put_aside(environment.data_dir / name, environment.data_dir / plan["aside"] / "keys")
                (environment.data_dir / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                (marker / name).rename(environment.data_dir / name)
                sync((environment.data_dir / name).parent)
        new_database.rename(database)
        sync(database.parent)
    # In one step, so that a plan never lacks behind a marker.
    done = marker.with_name(f".{marker.name}.done")
    shutil.rmtree(done, ignore_errors=True)
    marker.rename(done)
    shutil.rmtree(done, ignore_errors=True)
    asides = {database.parent / plan["aside"], environment.data_dir / plan["aside"]}
    return plan["id"], sorted(path for path in asides if path.exists())


def _put_aside(path: Path, aside: Path) -> None:
    if path.exists():
        aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.rename(aside / path.name)
        sync(aside)
