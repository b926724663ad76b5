"""/v1/datasets/{id}/contents: what the index of a datasource says, as the Contents tab shows it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from contents.api.contents_schemas import (
    FilesData,
    OverviewData,
    ProblemsData,
    Source,
    StartedData,
    StateData,
    Which,
    WhichFiles,
    WhichPicture,
)
from contents.api.filters import is_narrowed, narrowed
from contents.index import services
from contents.index.queries import Look, files_after, findings_after, look_at, search
from contents.index.totals import NONE, OTHERS, SIZE_ENDS, Table
from contents.models import FileKind, Finding, Index, IndexedFile, InsideFinding
from contents.overview.progress import Progress, progress_of
from contents.problems.lists import Listed as ListedProblem
from contents.problems.lists import changes_of, problems_of, read_totals
from contents.problems.words import BY_SLUG
from contents.reading.services import media_of
from contents.thumbnails.cache import Picture, Refusal
from contents.thumbnails.files import Listed
from contents.thumbnails.reasons import words_of
from contents.thumbnails.services import Waiting, picture_of
from contents.thumbnails.views import RETRY_SECONDS, SAFE, SIDES, THROTTLED_SECONDS
from core.api.errors import ApiError, malformed
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.routes import caller
from datasets.api.schemas import Error, milliseconds
from datasets.models import Dataset
from datasources.models import Purpose
from jobs.models import Job
from teams.api.authentication import needs
from teams.models import Scope

router = Router(tags=["contents"])
Answer = dict[str, Any]
ERRORS = {400: Error, 401: Error, 403: Error, 404: Error}
PATH = "/datasets/{dataset_id}/contents"


@router.get(PATH, auth=needs(Scope.READ), response={200: StateData, **ERRORS}, by_alias=True)
def contents_state(request: HttpRequest, dataset_id: str, which: Query[Which]) -> Answer:
    """The index to read, and the newest job that makes or made one."""
    look = look_of(dataset_for(caller(request), dataset_id), which)
    return {
        "datasource": which.datasource,
        "index": _index(look) if look.index else None,
        "job": job_data(look.job, progress_of(look.job) if look.job.is_open else None) if look.job else None,
    }


@router.post(f"{PATH}/index", auth=needs(Scope.RUNS), response={202: StartedData, **ERRORS}, by_alias=True)
def start_index(request: HttpRequest, dataset_id: str, which: Query[Which]) -> Status[Answer]:
    """List all names of the datasource. Opens no file. One at a time: while one is under way, this says which."""
    look = look_of(editable_dataset_for(caller(request), dataset_id), which)
    assert look.datasource  # noqa: S101 - see look_of
    job, is_new = services.start(look.datasource, by=caller(request))
    return Status(202, {"id": job.pk, "isNew": is_new})


@router.get(f"{PATH}/overview", auth=needs(Scope.READ), response={200: OverviewData, **ERRORS}, by_alias=True)
def contents_overview(request: HttpRequest, dataset_id: str, which: Query[Which]) -> Answer:
    """Counts and bytes of the files, in every way the Contents tab shows them. They rest on the whole listing."""
    look = look_of(dataset_for(caller(request), dataset_id), which)
    must_have_index(look)
    totals = look.totals
    return {
        "index": _index(look),
        "kinds": counts({FileKind(int(number)).name: pair for number, pair in totals.kinds.items()}),
        "extensions": counts({"none" if name == NONE else name: pair for name, pair in totals.extensions.items()}),
        "folders": counts(totals.folders),
        "sizes": _sizes(totals.sizes),
        "months": counts(dict(sorted(totals.months.items())), ranked=False),
        "storageClasses": counts(totals.classes),
        "unsupported": counts(totals.unsupported),
        "oldest": totals.oldest,
        "newest": totals.newest,
        "unprocessed": totals.unprocessed,
    }


@router.get(f"{PATH}/problems", auth=needs(Scope.READ), response={200: ProblemsData, **ERRORS}, by_alias=True)
def contents_problems(request: HttpRequest, dataset_id: str, which: Query[Which]) -> Answer:
    """What may be wrong with how many files, of how many that may have it; and what changed since the index before."""
    look = look_of(dataset_for(caller(request), dataset_id), which)
    must_have_index(look)
    return {
        "index": _index(look),
        "problems": [_problem(listed) for listed in problems_of(look)],
        "changes": [_problem(listed) for listed in changes_of(look)],
    }


@router.get(f"{PATH}/files", auth=needs(Scope.READ), response={200: FilesData, **ERRORS}, by_alias=True)
def contents_files(request: HttpRequest, dataset_id: str, which: Query[WhichFiles]) -> Answer:
    """Files in the order of their names, page by page: go on with `after`, until `next` is empty."""
    dataset = dataset_for(caller(request), dataset_id)
    look = look_of(dataset, which)
    index = must_have_index(look)
    if is_narrowed(which):
        if which.contains:
            raise malformed("contains: not together with sizes, times, task or metadataPath.")
        there = narrowed(dataset, look, index, which)
        return {"files": [_file(row) for row in there.files], "next": there.next}
    if (which.problem is not None) + (which.kind is not None) + bool(which.contains) > 1:
        raise malformed("problem, kind, contains: only one of them at a time.")
    if which.contains:
        if which.prefix:
            raise malformed("contains, prefix: only one of them at a time.")
        found = search(index, which.contains, which.after, limit=which.limit)
        return {"files": [_file(row) for row in found.files], "next": found.searched_until}
    rows: list[Any]
    if which.problem is not None:
        what = BY_SLUG[which.problem.value]
        rows = list(findings_after(index, what, which.after, limit=which.limit + 1, prefix=which.prefix))
    else:
        kinds = [which.kind.kind.value] if which.kind else []
        rows = list(files_after(index, which.after, limit=which.limit + 1, prefix=which.prefix, kinds=kinds))
    page = rows[: which.limit]
    return {"files": [_file(row) for row in page], "next": page[-1].key if len(rows) > which.limit else ""}


@router.get(
    f"{PATH}/thumbnail",
    auth=needs(Scope.READ),
    response={200: None, 202: None, **ERRORS, 422: Error, 429: Error},
    openapi_extra={"responses": {200: {"content": {"image/jpeg": {}, "image/webp": {}}}}},
)
def contents_thumbnail(request: HttpRequest, dataset_id: str, which: Query[WhichPicture]) -> HttpResponse:
    """A small picture of an image or a video, as JPEG or WebP. 202 while a worker makes it: ask again soon.

    422 says why there can be none.
    """
    look = look_of(dataset_for(caller(request), dataset_id), which)
    answer = picture_of(listed_of(look, which.file_name), SIDES[which.size.value], by=caller(request))
    if isinstance(answer, Picture):
        return HttpResponse(answer.data, content_type=answer.content_type, headers=SAFE)
    return unready(answer)


def listed_of(look: Look, file_name: str) -> Listed:
    """Raises ApiError."""
    index = must_have_index(look)
    file = IndexedFile.objects.filter(index=index.pk, key=file_name).first()
    if file is None or look.datasource is None:
        raise ApiError(404, "SAMPLE_UNKNOWN", "There is no file of this name in the last listing.")
    return Listed(look.datasource, index, file)


def unready(answer: Refusal | Waiting) -> HttpResponse:
    """202 while a worker makes it. Raises ApiError if there will be nothing."""
    if isinstance(answer, Refusal):
        told = f"{words_of(answer.reason)}: {answer.detail}" if answer.detail else f"{words_of(answer.reason)}."
        raise ApiError(422, "SAMPLE_THUMBNAME_UNKNOWN", told)
    if answer.is_throttled:
        message = "You have asked for many pictures within a minute."
        raise ApiError(429, "TOO_MANY_REQUESTS", message, retry_after=THROTTLED_SECONDS)
    return HttpResponse(status=202, headers=SAFE | {"Retry-After": str(RETRY_SECONDS)})


def look_of(dataset: Dataset, which: Which) -> Look:
    """Of the datasource that is asked for. Raises ApiError where there is none."""
    purpose = Purpose.INPUT if which.datasource is Source.INPUT else Purpose.LIGHTLY
    look = look_at(dataset, purpose)
    if look.datasource is None:
        message = f"The dataset has no {purpose.label} datasource. Configure one first."
        raise ApiError(404, "DATASET_DATASOURCE_UNKNOWN", message)
    return look


def must_have_index(look: Look) -> Index:
    """Raises ApiError."""
    if look.index is None:
        message = "There is no index of this datasource yet. POST to …/contents/index makes one."
        raise ApiError(404, "DATASET_DATASOURCE_UNKNOWN", message)
    return look.index


def _index(look: Look) -> Answer:
    index = look.index
    assert index  # noqa: S101 - see must_have_index
    return {
        "path": index.path,
        "completedAt": milliseconds(index.completed_at) if index.completed_at else 0,
        "files": index.files,
        "bytes": index.bytes,
        "shareListed": 1.0,
        "shareRead": _share_read(look),
        "isOfThisPlace": not look.is_elsewhere,
    }


def job_data(job: Job, progress: Progress | None) -> Answer:
    """A JobData; `progress` of a job that is open."""
    return {
        "id": job.pk,
        "state": job.state,
        "found": job.done,
        "percent": progress.percent if progress else None,
        "message": progress.words if progress else job.message,
        "error": job.error,
    }


def counts(table: Table, *, ranked: bool = True) -> list[Answer]:
    """The rows of a table, the largest first if they are `ranked`."""
    rows = sorted(table.items(), key=lambda row: (row[0] == OTHERS, -row[1][0], row[0])) if ranked else table.items()
    return [{"label": label, "files": pair[0], "bytes": pair[1]} for label, pair in rows]


def _sizes(table: Table) -> list[Answer]:
    ends = [*(str(end) for end in SIZE_ENDS), ""]
    named = {ends[int(number)]: table[number] for number in sorted(table, key=int)}
    return counts(named, ranked=False)


def _problem(listed: ListedProblem) -> Answer:
    return {
        "problem": listed.slug,
        "title": listed.label,
        "severity": listed.severity,
        "files": listed.files,
        "bytes": listed.bytes,
        "why": listed.why,
        "fix": listed.fix,
        "lookedAt": listed.looked_at,
        "share": listed.share,
    }


def _file(row: IndexedFile | Finding | InsideFinding) -> Answer:
    group = str(row.group) if isinstance(row, Finding) and row.group else ""
    detail = row.detail if isinstance(row, InsideFinding) else ""
    return {"fileName": row.key, "bytes": row.size, "modified": row.modified, "group": group, "detail": detail}


def _share_read(look: Look) -> float:
    media = media_of(look.totals)
    return min(1.0, read_totals(look).opened / media) if media else 0.0
