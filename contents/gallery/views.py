"""The images and videos of a datasource as tiles."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from contents.gallery.choosing import KINDS, Choice, choice_of, name_in
from contents.gallery.queries import Found, flat, in_folder
from contents.index.queries import TABS, Look, look_at
from contents.labels.rows import groups_of, report_of
from contents.models import FileKind, Index
from contents.problems.explained import Severity
from contents.problems.lists import problems_of
from contents.problems.words import PROBLEMS
from contents.thumbnails.files import Listed
from contents.thumbnails.views import Place
from datasets.access import dataset_for
from datasets.models import Dataset
from teams.requests import PageRequest

PAGE_SIZE = 60
# Hints are no reason to mark a tile.
_MARKED = sum(1 << problem for problem, explained in PROBLEMS.items() if explained.severity is not Severity.HINT)


@require_GET
def gallery(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """Page by page: `after` is the name after which to go on."""
    dataset = dataset_for(request.user, dataset_id)
    look = look_at(dataset, TABS[tab])
    if look.index is None or look.datasource is None:
        return redirect("contents:contents", dataset.pk, tab)
    choice, after = choice_of(request.GET), name_in(request.GET, "after")
    report = report_of(dataset)
    found = _found(look.index, choice, report.pk if report else 0, after)
    context = {
        "dataset": dataset,
        "tab": tab,
        "look": look,
        "choice": choice,
        "after": after,
        "kinds": _kinds(look),
        "labels": groups_of(report.summary) if report and tab == "input" else [],
        "report": report,
        "problems": [problem for problem in problems_of(look) if problem.files],
        "folders": [_folder(choice, name) for name in found.folders],
        "crumbs": _crumbs(choice) if choice.folders else [],
        "tiles": [_tile(dataset, tab, choice, Listed(look.datasource, look.index, file)) for file in found.files],
        "next": choice.query(after=found.next) if found.next else "",
        "stopped_at": found.next if found.is_stopped else "",
        "first": choice.query(),
        "flat_query": choice._replace(folders=False).query(),
        "folders_query": choice._replace(folders=True, problem="").query(),
    }
    return render(request, "contents/gallery/gallery.html", context)


def _found(index: Index, choice: Choice, report_id: int, after: str) -> Found:
    chosen = choice.chosen._replace(report=report_id)
    if choice.folders:
        return in_folder(index, chosen, choice.prefix, after, limit=PAGE_SIZE)
    return flat(index, chosen, after, limit=PAGE_SIZE)


def _tile(dataset: Dataset, tab: str, choice: Choice, listed: Listed) -> dict[str, Any]:
    key = listed.file.key
    return {
        "file": listed.file,
        "name": key.removeprefix(choice.prefix) if choice.folders else key,
        "is_video": listed.file.kind == FileKind.VIDEO,
        "is_marked": bool(listed.file.problems & _MARKED),
        "url": reverse("contents:file", args=[dataset.pk, tab]) + choice.query(key=key),
        "shown": Place("thumbnail", listed, dataset.pk, tab).begin(),
    }


def _folder(choice: Choice, name: str) -> dict[str, str]:
    return {"name": name.removeprefix(choice.prefix), "query": choice._replace(prefix=name).query()}


def _crumbs(choice: Choice) -> list[dict[str, str]]:
    """The folders that lead here, the root first."""
    parts = choice.prefix.split("/")[:-1]
    paths = ["/".join(parts[: depth + 1]) + "/" for depth in range(len(parts))]
    names = [gettext("All folders"), *parts]
    return [
        {"name": name, "query": choice._replace(prefix=path).query()}
        for name, path in zip(names, ["", *paths], strict=True)
    ]


def _kinds(look: Look) -> list[dict[str, Any]]:
    counts = look.totals.kinds
    return [
        {"slug": slug, "label": kind.label, "files": counts.get(str(kind.value), [0, 0])[0]}
        for slug, kind in KINDS.items()
    ]
