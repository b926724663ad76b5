"""A database of an older release, beside the one of the tests, to be migrated forward."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor

from core.ids import new_id

ALIAS = "upgraded"
# Of other apps, as release 0.2 had them.
_FRAMEWORK = (
    ("contenttypes", "0002_remove_content_type_name"),
    ("auth", "0012_alter_user_first_name_max_length"),
    ("admin", "0003_logentry_add_action_flag_choices"),
)


class OldDatabase:
    """Empty, of the same kind as that of the tests, with the tables as these migrations leave them."""

    def __init__(self, directory: Path, *migrations: tuple[str, str]) -> None:
        settings = connections["default"].settings_dict
        self._server = settings if connections["default"].vendor == "postgresql" else None
        self._name = f"upgraded_{new_id()}" if self._server else str(directory / "upgraded.sqlite3")
        self._administer("CREATE")
        connections.settings[ALIAS] = {**settings, "NAME": self._name}
        self._connection = connections.create_connection(ALIAS)
        del connections.settings[ALIAS]
        with self._declared():
            executor = MigrationExecutor(self._connection)
            targets = [*_FRAMEWORK, *migrations]
            executor.migrate(targets)
            self._apps = executor.loader.project_state(targets).apps

    def create(self, model: str, /, **values: Any) -> Any:
        """A row of "app.Model" as it was."""
        with self._declared():
            app, _, name = model.partition(".")
            return self._apps.get_model(app, name).objects.using(ALIAS).create(**values)

    def upgrade(self) -> None:
        with self._declared():
            executor = MigrationExecutor(self._connection)
            executor.migrate(executor.loader.graph.leaf_nodes())

    @contextmanager
    def used(self) -> Iterator[None]:
        """As connections["upgraded"]. What is changed meanwhile is undone at the end."""
        with self._declared(), transaction.atomic(using=ALIAS):
            yield
            transaction.set_rollback(True, using=ALIAS)

    def close(self) -> None:
        self._connection.close()
        self._administer("DROP")

    @contextmanager
    def _declared(self) -> Iterator[None]:
        """Not for longer than needed: tests forbid all declared databases they did not ask for."""
        connections.settings[ALIAS] = self._connection.settings_dict
        connections[ALIAS] = self._connection
        try:
            yield
        finally:
            del connections[ALIAS]
            del connections.settings[ALIAS]

    def _administer(self, verb: str) -> None:
        """Outside of any transaction, as PostgreSQL demands it. SQLite makes a file by itself."""
        if self._server is None:
            return
        where = {"host": self._server["HOST"], "port": self._server["PORT"], "user": self._server["USER"]}
        with psycopg.connect(**where, dbname="postgres", autocommit=True) as connection:
            connection.execute(f"{verb} DATABASE {self._name}".encode())


class AllInUpgraded:
    """For DATABASE_ROUTERS: the product works with the upgraded database."""

    def db_for_read(self, model: Any, **_: Any) -> str:
        return ALIAS

    db_for_write = db_for_read
