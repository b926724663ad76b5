"""The page of one file: its picture, what is said of it, and those beside it in the same choice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from csp.constants import SELF
from csp.decorators import csp_update
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from contents.filmstrips import views as filmstrips
from contents.gallery.choosing import Choice, choice_of, name_in
from contents.gallery.queries import Chosen, neighbours
from contents.index.queries import TABS, Look, look_at
from contents.labels.rows import report_of
from contents.listing.read_urls import public_token
from contents.listing.relevant_filenames import is_clean
from contents.models import FileFacts, FileKind, Index, IndexedFile, InsideProblem, Problem, ReadState
from contents.overlays import views as overlays
from contents.problems.words import EXPLAINED, AnyProblem, label_of
from contents.reading.totals import FIRST_PROBLEM
from contents.thumbnails import views as thumbnails
from contents.thumbnails.files import Listed
from datasets.access import dataset_for
from datasets.models import Dataset
from datasources.models import Datasource
from teams.requests import PageRequest

Shown = dict[str, Any]
# Pictures of the files beside this one are asked for when this one surely has been.
PRELOAD_TRIGGER = "load delay:800ms"


@require_GET
def file(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """`beside=1`: with the pictures of the files before and after it."""
    context = Viewer.of(request, dataset_id, tab).context()
    response = render(request, "contents/gallery/file.html", context)
    if not context["plays"]:
        return response
    # Of that one storage, and of this page alone: the read URL is ours, and leads there.
    policy: Any = csp_update({"media-src": [SELF, context["filmstrip"]["origin"]]})
    allowed: HttpResponse = policy(lambda _: response)(request)
    return allowed


@require_GET
def original(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """Leads on to the file on the storage's own origin, by a read URL of this server. It is never served from ours."""
    page = Viewer.of(request, dataset_id, tab)
    response = HttpResponse(status=302, headers={"Location": _read_path(request, page)})
    response["Cache-Control"] = "no-store"
    return response


@require_GET
def read_url(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """The part of the page that shows the file's read URL to whoever asks for it."""
    page = Viewer.of(request, dataset_id, tab)
    url = request.build_absolute_uri(_read_path(request, page))
    response = render(request, "contents/gallery/_read_url.html", {"url": url})
    response["Cache-Control"] = "no-store"
    return response


def _read_path(request: PageRequest, page: Viewer) -> str:
    token = public_token(page.datasource, page.dataset, request.user)
    query = urlencode({"path": page.file.key, "publicToken": token})
    return f"/v1/datasets/{page.dataset.pk}/datasource/readurlRedirect?{query}"


@dataclass(frozen=True)
class Viewer:
    """A file that somebody looks at, as the address says it."""

    dataset: Dataset
    tab: str
    look: Look
    index: Index
    datasource: Datasource
    file: IndexedFile
    choice: Choice
    is_beside: bool

    @classmethod
    def of(cls, request: PageRequest, dataset_id: str, tab: str) -> Viewer:
        """Raises Http404."""
        dataset = dataset_for(request.user, dataset_id)
        look = look_at(dataset, TABS[tab])
        if look.index is None or look.datasource is None:
            raise Http404(gettext("There is no index of this datasource yet."))
        found = IndexedFile.objects.filter(index=look.index.pk, key=name_in(request.GET, "key")).first()
        if found is None:
            raise Http404(gettext("There is no such file in the last listing."))
        choice, is_beside = choice_of(request.GET), request.GET.get("beside") == "1"
        return cls(dataset, tab, look, look.index, look.datasource, found, choice, is_beside)

    def context(self) -> Shown:
        before, behind = neighbours(self.index, self._chosen(), self.file.key)
        rows = self._rows([before, behind])
        gallery = reverse("contents:gallery", args=[self.dataset.pk, self.tab])
        facts = self._facts()
        context: Shown = {
            "dataset": self.dataset,
            "tab": self.tab,
            "look": self.look,
            "file": self.file,
            "shown": self._picture(self.file),
            "overlay": self._overlay(self.file),
            "is_video": self.file.kind == FileKind.VIDEO,
            "kind": _kind(self.file),
            "problems": self._problems(facts),
            "facts": facts,
            "read_word": ReadState(facts.state).label if facts and facts.state != ReadState.READ else "",
            "before": self._address(before) if before else "",
            "behind": self._address(behind) if behind else "",
            "back": f"{gallery}{self.choice.query(after=before)}#tile-{self.file.pk}",
            "is_beside": self.is_beside,
            "beside_url": self._address(self.file.key, is_beside=not self.is_beside),
            "original": "",
        }
        if self.is_beside:
            context["neighbour_before"] = self._neighbour(rows.get(before))
            context["neighbour_behind"] = self._neighbour(rows.get(behind))
        else:
            context["preloaded"] = [self._preloaded(rows[name]) for name in (behind, before) if name in rows]
        context["filmstrip"] = self._filmstrip()
        if is_clean(self.file.key) and not self.file.archived:
            query = f"?{urlencode({'key': self.file.key})}"
            args = [self.dataset.pk, self.tab]
            context["original"] = reverse("contents:original", args=args) + query
            context["read_url"] = reverse("contents:read_url", args=args) + query
        filmstrip = context["filmstrip"]
        context["plays"] = bool(context["original"] and not self.is_beside and filmstrip and filmstrip.get("plays"))
        return context

    def _chosen(self) -> Chosen:
        report = report_of(self.dataset) if self.choice.label else None
        return self.choice.chosen._replace(report=report.pk if report else 0)

    def _facts(self) -> FileFacts | None:
        """What a reading has found inside this very version of the file."""
        found = FileFacts.objects.filter(reading__datasource=self.datasource, key=self.file.key).first()
        same = found and (found.size, found.modified, found.version) == _version(self.file)
        return found if same else None

    def _problems(self, facts: FileFacts | None) -> list[Shown]:
        inside = facts.problems if facts else 0
        return [_problem(problem) for problem in Problem if self.file.problems & (1 << problem)] + [
            _problem(problem) for problem in InsideProblem if inside & (1 << (problem - FIRST_PROBLEM))
        ]

    def _rows(self, names: list[str]) -> dict[str, IndexedFile]:
        return {row.key: row for row in IndexedFile.objects.filter(index=self.index.pk, key__in=[*filter(None, names)])}

    def _listed(self, row: IndexedFile) -> Listed:
        return Listed(self.datasource, self.index, row)

    def _address(self, name: str, *, is_beside: bool | None = None) -> str:
        is_beside = self.is_beside if is_beside is None else is_beside
        query = self.choice.query(key=name, beside="1" if is_beside else "")
        return reverse("contents:file", args=[self.dataset.pk, self.tab]) + query

    def _picture(self, row: IndexedFile) -> Shown:
        return thumbnails.Place("preview", self._listed(row), self.dataset.pk, self.tab).begin()

    def _overlay(self, row: IndexedFile, *, is_alone: bool = False) -> Shown | None:
        """Only raw data has predictions and metadata."""
        if self.tab != "input" or row.kind not in (FileKind.IMAGE, FileKind.VIDEO):
            return None
        return overlays.Place(self._listed(row), self.dataset.pk, self.tab, is_alone).begin()

    def _filmstrip(self) -> Shown | None:
        if self.file.kind != FileKind.VIDEO:
            return None
        return filmstrips.Place(self._listed(self.file), self.dataset.pk, self.tab).begin()

    def _neighbour(self, row: IndexedFile | None) -> Shown | None:
        if row is None:
            return None
        shapes = self._overlay(row, is_alone=True) if row.kind == FileKind.IMAGE else None
        return {"file": row, "url": self._address(row.key), "shown": self._picture(row), "overlay": shapes}

    def _preloaded(self, row: IndexedFile) -> Shown:
        shown: Shown = dict(self._picture(row))
        return shown | {"trigger": PRELOAD_TRIGGER} if "again" in shown else shown


def _kind(file: IndexedFile) -> str:
    words = {FileKind.IMAGE: gettext("Image"), FileKind.VIDEO: gettext("Video")}
    kind = FileKind(file.kind)
    return words.get(kind) or str(kind.label)


def _version(file: IndexedFile) -> tuple[int, int, str]:
    return file.size, file.modified, file.version


def _problem(problem: AnyProblem) -> Shown:
    explained = EXPLAINED[problem]
    return {"label": label_of(problem), "why": gettext(explained.why), "slug": explained.slug}
