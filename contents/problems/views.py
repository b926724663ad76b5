"""The files with a problem, those that changed, and those a search finds: as pages, CSV and JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from contents.index.queries import TABS, Look, files_after, findings_after, look_at
from contents.index.queries import search as search_names
from contents.models import Finding, Index, InsideFinding
from contents.problems.lists import listed
from contents.problems.words import BY_SLUG, label_of
from core.formats.cells import safe_cell
from datasets.access import dataset_for
from datasets.models import Dataset
from teams import audit
from teams.models import AuditAction
from teams.requests import PageRequest

Row = Finding | InsideFinding
PAGE_SIZE = 50
EXPORTED_AT_ONCE = 2_000
LONGEST_TEXT = 200


@require_GET
def files(request: PageRequest, dataset_id: str, tab: str, slug: str) -> HttpResponse:
    """The files with a problem, or of a topic. `after`: the name after which to go on; `prefix`: how names begin."""
    dataset, look, index = _look(request, dataset_id, tab)
    what = _what(slug)
    after, prefix = _text(request, "after"), _text(request, "prefix")
    rows = findings_after(index, what, after, limit=PAGE_SIZE + 1, prefix=prefix)
    context = _context(dataset, look, tab, rows=rows[:PAGE_SIZE], prefix=prefix, after=after)
    context |= {"listed": listed(what, look), "next": _next(rows, prefix=prefix)}
    return render(request, "contents/files.html", context)


@require_GET
def search(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """Files by a part of their names; those whose names begin with it come first and at once."""
    dataset, look, index = _look(request, dataset_id, tab)
    text, after = _text(request, "q").strip(), _text(request, "after")
    context = _context(dataset, look, tab, q=text, after=after, rows=[], starting=[], next="")
    if text:
        found = search_names(index, text, after, limit=PAGE_SIZE)
        context["rows"] = found.files
        context["next"] = urlencode({"q": text, "after": found.searched_until}) if found.searched_until else ""
        context["starting"] = [] if after else files_after(index, limit=10, prefix=text)
    return render(request, "contents/search.html", context)


@require_GET
def export(
    request: PageRequest, dataset_id: str, tab: str, slug: str, shape: str
) -> HttpResponse | StreamingHttpResponse:
    """All files with a problem, as they come from the database."""
    dataset, _, index = _look(request, dataset_id, tab)
    what = _what(slug)
    rows = _all(index, what, _text(request, "prefix"))
    target = f"a list of files of {dataset.name}: {label_of(what)}"
    audit.record(team=dataset.team, actor=request.user, action=AuditAction.EXPORTED, target=target, dataset=dataset)
    name = f"{dataset.name}-{tab}-{slug}.{shape}".replace(" ", "-")
    if shape == "csv":
        response = StreamingHttpResponse(_csv(rows), content_type="text/csv; charset=utf-8")
    else:
        response = StreamingHttpResponse(_json(rows), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _all(index: Index, what: int, prefix: str) -> Iterator[Row]:
    after = ""
    while rows := findings_after(index, what, after, limit=EXPORTED_AT_ONCE, prefix=prefix):
        yield from rows
        after = rows[-1].key


class _Line:
    """What csv.writer writes to: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: Iterator[Row]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(["name", "bytes", "modified", "group", "detail"])
    for row in rows:
        group, detail = _more(row)
        yield writer.writerow([safe_cell(row.key), row.size, row.modified, group or "", safe_cell(detail)])


def _json(rows: Iterator[Row]) -> Iterator[str]:
    before = "[\n"
    for row in rows:
        group, detail = _more(row)
        told = {"name": row.key, "bytes": row.size, "modified": row.modified, "group": group, "detail": detail}
        yield before + json.dumps(told)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _more(row: Row) -> tuple[str | None, str]:
    """Group and detail. Groups as text: as numbers they are too large for JavaScript."""
    if isinstance(row, InsideFinding):
        return None, row.detail
    return str(row.group) if row.group else None, ""


def _look(request: PageRequest, dataset_id: str, tab: str) -> tuple[Dataset, Look, Index]:
    dataset = dataset_for(request.user, dataset_id)
    look = look_at(dataset, TABS[tab])
    if look.index is None:
        raise Http404(gettext("There is no index of this datasource yet."))
    return dataset, look, look.index


def _what(slug: str) -> Any:
    if slug not in BY_SLUG:
        raise Http404(gettext("There is no such list of files."))
    return BY_SLUG[slug]


def _text(request: PageRequest, name: str) -> str:
    """A parameter. No name that is stored has NUL in it."""
    return request.GET.get(name, "").replace("\0", "")[: 2 * 1024 if name == "after" else LONGEST_TEXT]


def _next(rows: Sequence[Row], *, prefix: str) -> str:
    if len(rows) <= PAGE_SIZE:
        return ""
    kept = {"prefix": prefix} if prefix else {}
    return urlencode(kept | {"after": rows[PAGE_SIZE - 1].key})


def _context(dataset: Dataset, look: Look, tab: str, **more: Any) -> dict[str, Any]:
    return {"dataset": dataset, "look": look, "tab": tab, **more}
