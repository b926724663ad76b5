"""Installations of older releases: their migrations, and rows in every one of their tables, written by their own code.

`python -m tests.e2e.support.release fill | dump 0.2.0` is a process of the installation that a test upgrades.
`fill` brings an empty database to the release's state; `dump` prints the rows of all the release's tables as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

# What each release had applied last, of its own apps.
MIGRATIONS = {
    "0.1.0": {
        "teams": "0001_initial",
        "datasets": "0004_dataset_read_url_version",
        "datasources": "0002_initial",
    },
    "0.2.0": {
        "teams": "0005_teams_and_invitations",
        "datasets": "0004_dataset_read_url_version",
        "datasources": "0006_check_indexes",
    },
}
_OTHERS = ("contenttypes", "auth", "admin", "sessions", "account")
OTHERS = {"0.1.0": _OTHERS, "0.2.0": (*_OTHERS, "mfa", "socialaccount")}
RELEASES: dict[str, Any] = {
    name: json.loads((Path(__file__).parent / f"release-{name}.json").read_text()) for name in MIGRATIONS
}

Row = dict[str, Any]


def fill(release: str) -> None:
    from django.core.management import call_command
    from django.db import connection, transaction

    for app, name in MIGRATIONS[release].items():
        call_command("migrate", app, name, verbosity=0, interactive=False)
    for app in OTHERS[release]:
        call_command("migrate", app, verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA foreign_keys = OFF")
        else:
            cursor.execute("SET session_replication_role = replica")  # rows come in the order of their tables' names
        with transaction.atomic():
            for table, rows in RELEASES[release]["tables"].items():
                cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608 - names from our own file
                flags = _boolean_columns(cursor, table)
                for row in rows:
                    values = {name: bool(value) if name in flags else value for name, value in row.items()}
                    columns = ", ".join(f'"{name}"' for name in values)
                    places = ", ".join(["%s"] * len(values))
                    cursor.execute(
                        f'INSERT INTO "{table}" ({columns}) VALUES ({places})',  # noqa: S608
                        list(values.values()),
                    )
                if connection.vendor == "postgresql" and rows and isinstance(rows[0].get("id"), int):
                    cursor.execute(
                        f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), MAX(id)) FROM \"{table}\""  # noqa: S608
                    )


def _boolean_columns(cursor: Any, table: str) -> set[str]:
    """SQLite has no booleans, so the file has 0 and 1."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return set()
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND data_type = 'boolean'", [table]
    )
    return {name for (name,) in cursor.fetchall()}


def dump(release: str) -> dict[str, list[Row] | None]:
    """None for a table that is gone."""
    from django.db import connection

    found: dict[str, list[Row] | None] = {}
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        for table in RELEASES[release]["tables"]:
            found[table] = _rows(cursor, table) if table in existing else None
    return found


def _rows(cursor: Any, table: str) -> list[Row]:
    cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
    columns = [column[0] for column in cursor.description]
    rows = [dict(zip(columns, values, strict=True)) for values in cursor.fetchall()]
    return json.loads(json.dumps(rows, default=str))  # type: ignore[no-any-return]


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    django.setup()
    what, release = sys.argv[1:]
    if what == "fill":
        fill(release)
    json.dump(dump(release), sys.stdout)


if __name__ == "__main__":
    main()
