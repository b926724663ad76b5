"""Samples by the thousand, past Django's models: an object for each row would take most of the time.

Names of tables and columns are this module's; what comes from outside is a parameter, or a value of COPY.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from core.ids import new_id
from samples.models import Sample, SampleType
from samples.storable import dumped

COLUMNS = ("file_name", "type", "thumb_name", "exif", "meta_data", "custom_meta_data", "video_frame_data")
"""What a caller tells of each sample, in this order."""

Row = tuple[str, SampleType, str, dict[str, Any], dict[str, Any], dict[str, Any] | None, dict[str, Any] | None]

_NAMES = ("id", "dataset_id", "position", "run_id", "created_at", "modified_at", *COLUMNS)


def insert_samples(dataset_id: str, rows: Iterable[Row], *, start: int, run_id: str, now: datetime) -> None:
    """At the positions `start`, `start + 1` and so on. Call it inside a transaction."""
    moment = connection.ops.adapt_datetimefield_value(now)
    values = (
        (new_id(), dataset_id, position, run_id, moment, moment, *_stored(row))
        for position, row in enumerate(rows, start)
    )
    _insert(_NAMES, values)


def _stored(row: Row) -> Sequence[str | None]:
    name, kind, thumb, exif, meta, custom, frame = row
    return (name, kind.value, thumb, dumped(exif), dumped(meta), _or_null(custom), _or_null(frame))


def _or_null(content: dict[str, Any] | None) -> str | None:
    return None if content is None else dumped(content)


def _insert(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table, columns = Sample._meta.db_table, ", ".join(names)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            statement = f"COPY {table} ({columns}) FROM STDIN"
            with connection.wrap_database_errors, cursor.cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(names))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(rows))  # noqa: S608
