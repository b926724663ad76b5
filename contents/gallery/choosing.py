"""What a gallery shows, as its address says it. What makes no sense in it is left out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict

from contents.gallery.queries import MEDIA, Chosen, Range
from contents.models import FileKind, InsideProblem, Problem
from contents.problems.words import BY_SLUG

KINDS = {"images": FileKind.IMAGE, "videos": FileKind.VIDEO}
_DAY = 24 * 3600
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"(?P<number>[0-9]{1,15}(?:[.,][0-9]{1,6})?)\s*(?P<unit>[kKmMgGtT]?[bB])?")
# As contents.labels.rows.slug_of writes it: 63 bits, and never 0.
_LABEL = re.compile(r"(?!0{16})[0-7][0-9a-f]{15}")
LONGEST_PREFIX = 500
LONGEST_NAME = 2 * 1024


class Choice(NamedTuple):
    """`size_from` and the like as people write them, such as 200 kB or 2026-11-28. Days are those of UTC."""

    kind: str = ""
    problem: str = ""
    prefix: str = ""
    folders: bool = False
    size_from: str = ""
    size_to: str = ""
    date_from: str = ""
    date_to: str = ""
    label: str = ""

    @property
    def chosen(self) -> Chosen:
        kinds = (int(KINDS[self.kind]),) if self.kind else MEDIA
        sizes = Range(size_of(self.size_from), size_of(self.size_to))
        last = second_of(self.date_to)
        times = Range(second_of(self.date_from), None if last is None else last + _DAY - 1)
        problem = int(BY_SLUG[self.problem]) if self.problem else 0
        return Chosen(kinds, problem, self.prefix, sizes, times, int(self.label, 16) if self.label else 0)

    @property
    def is_filtered(self) -> bool:
        return self != Choice(folders=self.folders)

    @property
    def is_narrow(self) -> bool:
        return any((self.size_from, self.size_to, self.date_from, self.date_to))

    def query(self, **more: str) -> str:
        """For an address, with its question mark."""
        told: dict[str, Any] = {name: getattr(self, field) for name, field in _PARAMETERS.items()}
        told |= {"view": "folders" if self.folders else ""} | more
        return f"?{urlencode({name: value for name, value in told.items() if value})}"


_PARAMETERS = {
    "kind": "kind",
    "problem": "problem",
    "prefix": "prefix",
    "size-from": "size_from",
    "size-to": "size_to",
    "date-from": "date_from",
    "date-to": "date_to",
    "label": "label",
}


def choice_of(query: QueryDict) -> Choice:
    kind, problem = query.get("kind", ""), query.get("problem", "")
    prefix = name_in(query, "prefix")[:LONGEST_PREFIX]
    is_problem = isinstance(BY_SLUG.get(problem), Problem | InsideProblem)
    choice = Choice(
        kind if kind in KINDS else "",
        problem if is_problem else "",
        prefix,
        size_from=_known(query.get("size-from", ""), size_of),
        size_to=_known(query.get("size-to", ""), size_of),
        date_from=_known(query.get("date-from", ""), second_of),
        date_to=_known(query.get("date-to", ""), second_of),
        label=_label(query.get("label", "")),
    )
    # What is narrowed down is few, and lies anywhere: folders would hide it.
    if query.get("view") == "folders" and not (is_problem or choice.is_narrow or choice.label):
        return choice._replace(folders=True, prefix=prefix[: prefix.rfind("/") + 1])
    return choice


def _known(text: str, read: Callable[[str], int | None]) -> str:
    """What makes no sense is left out."""
    return "" if read(text) is None else text.strip()


def _label(text: str) -> str:
    return text if _LABEL.fullmatch(text) else ""


def size_of(text: str) -> int | None:
    """In bytes; a number without a unit is one of bytes. None: nothing that can be read."""
    found = _SIZE.fullmatch(text.strip()) if len(text) < 40 else None
    if not found:
        return None
    return int(Decimal(found["number"].replace(",", ".")) * _UNITS[(found["unit"] or "B").upper()])


def second_of(day: str) -> int | None:
    """With which a day begins, as 2026-11-28."""
    try:
        parsed = datetime.strptime(day.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(parsed.timestamp())


def name_in(query: QueryDict, parameter: str) -> str:
    """No name that is stored has NUL in it."""
    return query.get(parameter, "").replace("\0", "")[:LONGEST_NAME]
