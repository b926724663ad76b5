"""A cache that counts. Processes that count at the same moment lose nothing: each count is one statement."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache.backends.db import DatabaseCache
from django.db import connections, router, transaction
from django.db.backends.utils import CursorWrapper

_COUNT = """
INSERT INTO {table} (cache_key, value, expires) VALUES (%s, '1', %s)
ON CONFLICT (cache_key) DO UPDATE SET
    value = CASE WHEN {table}.expires <= %s THEN '1' ELSE CAST(CAST({table}.value AS BIGINT) + 1 AS TEXT) END,
    expires = CASE WHEN {table}.expires <= %s THEN excluded.expires ELSE {table}.expires END
RETURNING value
"""
# Rows that somebody counts on right now are left to a later time, so that nobody waits for anybody.
_FORGET = "DELETE FROM {table} WHERE cache_key IN (SELECT cache_key FROM {table} WHERE expires <= %s {lock})"


class CountingCache(DatabaseCache):
    """Counts per key and window, in a table that `createcachetable` makes. Its values are numbers, not pickles.

    So `count()` and `delete()` are its methods to use: `get()` and `set()` belong to other caches.
    """

    def count(self, key: str, window_seconds: float) -> int:
        """One more of this. Returns how many that makes in the window, which begins with the first of them."""
        now = datetime.fromtimestamp(time.time(), UTC)
        ends = now + timedelta(seconds=window_seconds)
        with self._cursor() as cursor:
            key_in_table = self.make_and_validate_key(key)
            cursor.execute(self._sql(_COUNT), [key_in_table, self._moment(ends), self._moment(now), self._moment(now)])
            (value,) = cursor.fetchone()
        if value == "1":  # a window has begun, so others may have ended
            self._forget(now)
        return int(value)

    def _forget(self, now: datetime) -> None:
        """Delete what has ended, so that the table stays as small as a minute."""
        lock = "FOR UPDATE SKIP LOCKED" if self._connection.features.has_select_for_update_skip_locked else ""
        with transaction.atomic(using=self._alias), self._cursor() as cursor:
            cursor.execute(self._sql(_FORGET, lock=lock), [self._moment(now)])

    @property
    def table(self) -> str:
        return str(self.cache_model_class._meta.db_table)

    @property
    def _alias(self) -> str:
        return router.db_for_write(self.cache_model_class)

    @property
    def _connection(self) -> Any:
        return connections[self._alias]

    def _cursor(self) -> CursorWrapper:
        cursor: CursorWrapper = self._connection.cursor()
        return cursor

    def _sql(self, template: str, **parts: str) -> str:
        return template.format(table=self._connection.ops.quote_name(self.table), **parts)

    def _moment(self, moment: datetime) -> Any:
        """As the database compares times."""
        return self._connection.ops.adapt_datetimefield_value(moment)
