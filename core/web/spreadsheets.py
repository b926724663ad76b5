"""Tables as CSV files for spreadsheets, row by row, however many there are."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from django.http import StreamingHttpResponse
from django.utils import timezone

from core.formats.cells import safe_cell


class _Echo:
    """What csv.writer writes into; it hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The file's lines, with no cell that a spreadsheet would run. Begins with a byte order mark, for Excel."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(columns)
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])


def time_cell(moment: datetime | None) -> str:
    """UTC, in ISO 8601, to the second. Empty for None."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else ""


def download(name: str, lines: Iterable[str]) -> StreamingHttpResponse:
    """An answer that the browser saves as a file, named after the present minute. Nothing keeps a copy on the way."""
    file_name = f"lightly-{name}-{timezone.now():%Y-%m-%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
