"""What `manage.py backup` and `manage.py restore` ask for, do and say."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lightly_platform.backup.making import make
from lightly_platform.backup.restoring import restore
from lightly_platform.env import read_environment

BACKUP_HELP = "Make a backup of database and keys into one file, while everything runs. For PostgreSQL: docs/backup.md."
RESTORE_HELP = "Bring an installation back from a file that `backup` made, while nothing of it runs."
_MEGABYTE = 1000**2


def add_backup_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", type=Path, required=True, help="a new file, or a directory, where its name is the time")
    parser.add_argument(
        "--keep", type=_positive, metavar="N", help="leave the newest N backups in the directory, remove older ones"
    )
    parser.add_argument(
        "--without-keys", action="store_true", help="leave out the keys, which you keep in another place then"
    )


def add_restore_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backup", type=Path, metavar="FILE", help="the file that `backup` made")
    parser.add_argument(
        "--replace", action="store_true", help="put the installation aside that is in the data directory"
    )
    parser.add_argument(
        "--lost-keys", action="store_true", help="restore without the encryption keys; secrets have to be entered again"
    )


def back_up(arguments: argparse.Namespace) -> None:
    environment = read_environment()
    made = make(environment, arguments.to.absolute(), with_keys=not arguments.without_keys, keep=arguments.keep)
    _say(f"{made.path}: {made.size_bytes / _MEGABYTE:.2f} MB")
    if made.keys:
        _say("It has the database and the keys: who has this file can read all credentials. Keep it safe.")
    elif arguments.without_keys:
        _say("It has no keys. Keep a copy of them in another place: without them no credential can be read.")
    if made.elsewhere:
        names = " and ".join(made.elsewhere)
        _say(f"Not in it, because it comes from outside: {names}. A restore needs the same.")
    if made.path.is_relative_to(environment.data_dir):
        _say("It lies in the data directory itself. Copy it to another disk, better to another machine.")
    for path in made.removed:
        _say(f"Removed, as only {arguments.keep} are kept: {path}")


def bring_back(arguments: argparse.Namespace) -> None:
    environment = read_environment()
    done = restore(environment, arguments.backup.absolute(), replace=arguments.replace, lost_keys=arguments.lost_keys)
    if done.had_been_interrupted:
        _say("The restore of this backup had been interrupted. It is complete now.")
    _say(f"{done.database} is as it was on {done.manifest.made_at} (release {done.manifest.version}).")
    for path in done.aside:
        _say(f"What was there before is in {path}. Remove it when you need it no more: it has keys or credentials.")
    if done.new_secret_key:
        _say("SECRET_KEY is not in the backup. The next start makes a new one, and everybody has to sign in again.")
    _say("Start Lightly as usual: it brings the database up to date. Checks and jobs that were under way go on.")


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return value


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


COMMANDS = {
    "backup": (BACKUP_HELP, add_backup_arguments, back_up),
    "restore": (RESTORE_HELP, add_restore_arguments, bring_back),
}


def run(arguments: Sequence[str]) -> None:
    """`manage.py backup …` or `manage.py restore …`, without Django's settings."""
    help_text, add_arguments, do = COMMANDS[arguments[0]]
    parser = argparse.ArgumentParser(prog=f"{Path(sys.argv[0]).name} {arguments[0]}", description=help_text)
    add_arguments(parser)
    chosen = parser.parse_args(arguments[1:])
    os.umask(0o077)
    do(chosen)
