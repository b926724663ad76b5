"""/v1/datasets/{id}/contents/relevantFilenames: what each line of such a file matches, and a corrected file.

Everybody has one test for each dataset; the next one replaces it.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from contents.api.contents_routes import job_data
from contents.api.contents_schemas import StartedData
from contents.api.relevant.schemas import SavedIn, TestData, TestedIn, outcome_data
from contents.models import RelevantTest
from contents.overview.progress import progress_of
from contents.relevant_tests import saving, services
from contents.relevant_tests.services import RefusedError
from core.api.errors import ApiError
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.routes import caller
from datasets.api.schemas import Error
from datasets.models import Dataset
from jobs.models import Job
from teams.api.authentication import needs
from teams.models import Scope, User

router = Router(tags=["contents"])
Answer = dict[str, Any]
ERRORS = {400: Error, 401: Error, 403: Error, 404: Error}
PATH = "/datasets/{dataset_id}/contents/relevantFilenames"


@router.get(PATH, auth=needs(Scope.READ), response={200: TestData, **ERRORS}, by_alias=True)
def relevant_test(request: HttpRequest, dataset_id: str) -> Answer:
    """Your newest test of this dataset."""
    test = _must_exist(dataset_for(caller(request), dataset_id), caller(request))
    return {
        "path": test.path,
        "job": _job(test.job),
        "writing": _job(saving.newest(test)),
        "outcome": outcome_data(test.outcome) if test.completed_at else None,
    }


@router.post(PATH, auth=needs(Scope.RUNS), response={202: StartedData, **ERRORS, 422: Error}, by_alias=True)
def test_relevant_filenames(request: HttpRequest, dataset_id: str, body: TestedIn) -> Status[Answer]:
    """Test a file of the Lightly datasource, or these lines, against the index of the Input."""
    dataset = editable_dataset_for(caller(request), dataset_id)
    try:
        job, is_new = services.start(dataset, by=caller(request), path=body.path.strip(), text=body.text)
    except RefusedError as error:
        raise _refused(error) from None
    return Status(202, {"id": job.pk, "isNew": is_new})


@router.get(
    f"{PATH}/corrected",
    auth=needs(Scope.READ),
    response={200: None, **ERRORS},
    openapi_extra={"responses": {200: {"content": {"text/plain": {}}}}},
)
def corrected_relevant_filenames(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """The corrected file of your newest test."""
    test = _must_exist(dataset_for(caller(request), dataset_id), caller(request))
    if not test.corrected:
        raise ApiError(404, "NOT_FOUND", "The tested file needs no correction, or its test has not ended yet.")
    return HttpResponse(services.corrected(test), content_type="text/plain; charset=utf-8")


@router.post(
    f"{PATH}/corrected", auth=needs(Scope.RUNS), response={202: StartedData, **ERRORS, 422: Error}, by_alias=True
)
def save_corrected_relevant_filenames(request: HttpRequest, dataset_id: str, body: SavedIn) -> Status[Answer]:
    """Write the corrected file into the Lightly datasource, never over another one."""
    dataset = editable_dataset_for(caller(request), dataset_id)
    try:
        job, is_new = saving.start(
            services.newest(dataset, caller(request)), name=body.name.strip(), by=caller(request)
        )
    except RefusedError as error:
        raise _refused(error) from None
    return Status(202, {"id": job.pk, "isNew": is_new})


def _must_exist(dataset: Dataset, person: User) -> RelevantTest:
    test = services.newest(dataset, person)
    if test is None:
        message = "You have tested no file of relevant filenames here. POST to …/contents/relevantFilenames does it."
        raise ApiError(404, "NOT_FOUND", message)
    return test


def _job(job: Job | None) -> Answer | None:
    return job_data(job, progress_of(job) if job.is_open else None) if job else None


def _refused(error: RefusedError) -> ApiError:
    return ApiError(422, "MALFORMED_REQUEST", error.sentence)
