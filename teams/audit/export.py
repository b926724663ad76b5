"""The log as a file for spreadsheets."""

from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import override

from core.web.spreadsheets import csv_lines, time_cell
from teams.models import AuditEntry

COLUMNS = [
    "time",
    "team",
    "who",
    "e-mail",
    "via",
    "API token",
    "address",
    "category",
    "action",
    "what",
    "dataset",
    "dataset id",
]


def activity_lines(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """Times are UTC, in ISO 8601."""
    return csv_lines(COLUMNS, (_cells(entry) for entry in entries))


def _cells(entry: AuditEntry) -> Sequence[str]:
    # Programs read the file: its words don't depend on the language of whoever fetches it.
    with override("en"):
        return [
            time_cell(entry.created_at),
            entry.team_name,
            entry.who,
            entry.actor_email,
            str(entry.get_via_display()),
            entry.token_name,
            entry.address,
            entry.category.value if entry.category else "",
            entry.action,
            f"{entry.get_action_display()} {entry.target}".strip(),
            entry.dataset_name,
            entry.dataset_id,
        ]
