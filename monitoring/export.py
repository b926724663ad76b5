"""The table of the health page as a file for spreadsheets, row by row, however many there are."""

from collections.abc import Iterable, Iterator

from django.utils.translation import override

from clouds import PROVIDERS
from clouds.permissions import Permission
from core.web.spreadsheets import csv_lines, time_cell
from datasources.models import Datasource, DatasourceState, Purpose
from monitoring.health import cause_words

COLUMNS = [
    "dataset id",
    "dataset",
    "team",
    "owner",
    "purpose",
    "provider",
    "path",
    "state",
    "cause",
    *(permission.value for permission in Permission),
    "checked at",
    "milliseconds",
    "expires at",
]


def health_lines(rows: Iterable[Datasource]) -> Iterator[str]:
    """`rows` as health.found() gives them. Times are UTC, in ISO 8601."""
    return csv_lines(COLUMNS, (_cells(row) for row in rows))


def _cells(row: Datasource) -> list[str]:
    check, dataset = row.latest_check, row.dataset
    verdicts = check.verdicts if check and not check.is_open else {}
    judged = [permission for permission in Permission if permission in Purpose(row.purpose).needs]
    return [
        dataset.pk,
        dataset.name,
        dataset.team.name,
        dataset.owner.email,
        row.get_purpose_display(),
        PROVIDERS[row.provider].short,
        row.path,
        _in_english(DatasourceState(row.state)),
        cause_words(row.cause),
        *(verdicts.get(permission, {}).get("state", "") if permission in judged else "" for permission in Permission),
        time_cell(check.finished_at) if check else "",
        str(check.milliseconds) if check and check.milliseconds is not None else "",
        time_cell(row.expires_at),
    ]


def _in_english(state: DatasourceState) -> str:
    """Programs read the file: its words don't depend on the language of whoever fetches it."""
    with override("en"):
        return str(state.label)
