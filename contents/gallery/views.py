"""The images and videos of a datasource as tiles, and one of them in a viewer."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from contents.gallery.choosing import KINDS, Choice, choice_of, name_in
from contents.gallery.queries import Found, flat, in_folder, neighbours
from contents.index.queries import TABS, Look, look_at
from contents.listing.read_urls import public_token
from contents.listing.relevant_filenames import is_clean
from contents.models import FileKind, Index, IndexedFile, Problem
from contents.problems.explained import Severity
from contents.problems.lists import problems_of
from contents.problems.words import PROBLEMS, label_of
from contents.thumbnails.files import Listed
from contents.thumbnails.views import Place
from datasets.access import dataset_for
from datasets.models import Dataset
from datasources.models import Datasource
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
    found = _found(look.index, choice, after)
    context = {
        "dataset": dataset,
        "tab": tab,
        "look": look,
        "choice": choice,
        "after": after,
        "kinds": _kinds(look),
        "problems": [problem for problem in problems_of(look) if problem.files],
        "folders": [_folder(choice, name) for name in found.folders],
        "crumbs": _crumbs(choice) if choice.folders else [],
        "tiles": [_tile(dataset, tab, choice, Listed(look.datasource, look.index, file)) for file in found.files],
        "next": choice.query(after=found.next) if found.next else "",
        "first": choice.query(),
        "flat_query": choice._replace(folders=False).query(),
        "folders_query": choice._replace(folders=True, problem="").query(),
    }
    return render(request, "contents/gallery/gallery.html", context)


@require_GET
def file(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """One file, with those before and after it in the same choice."""
    dataset, look, index, datasource = _look(request, dataset_id, tab)
    shown = _file(index, name_in(request.GET, "key"))
    choice = choice_of(request.GET)
    before, behind = neighbours(index, choice.chosen, shown.key)
    address = reverse("contents:file", args=[dataset.pk, tab])
    context = {
        "dataset": dataset,
        "tab": tab,
        "look": look,
        "file": shown,
        "shown": Place(Listed(datasource, index, shown), dataset.pk, tab, "preview").begin(),
        "kind": _kind(shown),
        "problems": [_problem(problem) for problem in Problem if shown.problems & (1 << problem)],
        "before": address + choice.query(key=before) if before else "",
        "behind": address + choice.query(key=behind) if behind else "",
        "back": f"{reverse('contents:gallery', args=[dataset.pk, tab])}{choice.query(after=before)}#tile-{shown.pk}",
        "original": _original(dataset, tab, shown) if is_clean(shown.key) and not shown.archived else "",
    }
    return render(request, "contents/gallery/file.html", context)


@require_GET
def original(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """Leads on to the file on the storage's own origin, by a read URL of this server. It is never served from ours."""
    dataset, _, index, datasource = _look(request, dataset_id, tab)
    shown = _file(index, name_in(request.GET, "key"))
    query = urlencode({"path": shown.key, "publicToken": public_token(datasource, dataset, request.user)})
    response = HttpResponse(
        status=302, headers={"Location": f"/v1/datasets/{dataset.pk}/datasource/readurlRedirect?{query}"}
    )
    response["Cache-Control"] = "no-store"
    return response


def _look(request: PageRequest, dataset_id: str, tab: str) -> tuple[Dataset, Look, Index, Datasource]:
    dataset = dataset_for(request.user, dataset_id)
    look = look_at(dataset, TABS[tab])
    if look.index is None or look.datasource is None:
        raise Http404(gettext("There is no index of this datasource yet."))
    return dataset, look, look.index, look.datasource


def _file(index: Index, key: str) -> IndexedFile:
    found = IndexedFile.objects.filter(index=index.pk, key=key).first()
    if found is None:
        raise Http404(gettext("There is no such file in the last listing."))
    return found


def _found(index: Index, choice: Choice, after: str) -> Found:
    if choice.folders:
        return in_folder(index, choice.chosen, choice.prefix, after, limit=PAGE_SIZE)
    return flat(index, choice.chosen, after, limit=PAGE_SIZE)


def _tile(dataset: Dataset, tab: str, choice: Choice, listed: Listed) -> dict[str, Any]:
    key = listed.file.key
    return {
        "file": listed.file,
        "name": key.removeprefix(choice.prefix) if choice.folders else key,
        "is_video": listed.file.kind == FileKind.VIDEO,
        "is_marked": bool(listed.file.problems & _MARKED),
        "url": reverse("contents:file", args=[dataset.pk, tab]) + choice.query(key=key),
        "shown": Place(listed, dataset.pk, tab, "thumbnail").begin(),
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


def _kind(file: IndexedFile) -> str:
    words = {FileKind.IMAGE: gettext("Image"), FileKind.VIDEO: gettext("Video")}
    kind = FileKind(file.kind)
    return words.get(kind) or str(kind.label)


def _problem(problem: Problem) -> dict[str, str]:
    return {"label": label_of(problem), "why": gettext(PROBLEMS[problem].why), "slug": PROBLEMS[problem].slug}


def _original(dataset: Dataset, tab: str, shown: IndexedFile) -> str:
    return f"{reverse('contents:original', args=[dataset.pk, tab])}?{urlencode({'key': shown.key})}"
