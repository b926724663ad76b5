"""An installation of the last release: its migrations, and rows in every one of its tables, written by its own code.

`python -m tests.e2e.support.release fill | dump` is a process of the installation that a test upgrades.
`fill` brings an empty database to the release's state; `dump` prints the rows of all the release's tables as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

RELEASE = json.loads((Path(__file__).parent / "release-0.2.0.json").read_text())
# What that release had applied last, of its own apps.
MIGRATIONS = {
    "teams": "0005_teams_and_invitations",
    "datasets": "0004_dataset_read_url_version",
    "datasources": "0006_check_indexes",
}
OTHERS = ("contenttypes", "auth", "admin", "sessions", "account", "mfa", "socialaccount")

Row = dict[str, Any]


def fill() -> None:
    from django.core.management import call_command
    from django.db import connection, transaction

    for app, name in MIGRATIONS.items():
        call_command("migrate", app, name, verbosity=0, interactive=False)
    for app in OTHERS:
        call_command("migrate", app, verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA foreign_keys = OFF")
        else:
            cursor.execute("SET session_replication_role = replica")  # rows come in the order of their tables' names
        with transaction.atomic():
            for table, rows in RELEASE["tables"].items():
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


def dump() -> dict[str, list[Row] | None]:
    """None for a table that is gone."""
    from django.db import connection

    found: dict[str, list[Row] | None] = {}
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
        for table in RELEASE["tables"]:
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
    if sys.argv[1] == "fill":
        fill()
    json.dump(dump(), sys.stdout)


if __name__ == "__main__":
    main()
