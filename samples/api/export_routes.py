"""/v1/datasets/{id}/tags/{id}/export: the samples of a tag, for scripts and annotation tools."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router
from pydantic import Field

from contents.api.errors import client_errors
from core.api.parameters import Flag
from datasets.access import dataset_for
from datasets.api.schemas import Error
from datasets.models import Dataset
from samples.api import answers
from samples.api.schemas import Page, sample_data
from samples.api.tag_routes import tag_or_404
from samples.exports import rows
from samples.exports.places import Places, ReadUrls
from samples.exports.rows import Chosen, NameFormat, Row, WriteFile
from teams.api.authentication import caller, needs
from teams.models import Scope

router = Router(tags=["exports"])
ERRORS = {401: Error, 403: Error, 404: Error, 422: Error}
PREVIEWED = 5
LONGEST_SECONDS = 10 * 365 * 24 * 3600


class Export(Page):
    """What all exports take. `accessControl` is accepted and means nothing here."""

    expires_in: int | None = Field(
        None, alias="expiresIn", ge=1, le=LONGEST_SECONDS, description="seconds; without it, URLs don't end"
    )
    file_name_format: NameFormat | None = Field(None, alias="fileNameFormat")
    include_meta_data: Flag = Field(None, alias="includeMetaData", description="true: what is known of each sample")
    format: Literal["JSON", "PLAIN"] = "JSON"
    preview_example: Flag = Field(None, alias="previewExample", description="true: the first few samples alone")

    def which(self, count: int) -> range:
        found = self.of(count)
        return found[:PREVIEWED] if self.preview_example else found


def _writer(request: HttpRequest, dataset: Dataset, which: Export, default: NameFormat) -> WriteFile:
    until = int(time.time()) + which.expires_in if which.expires_in else 0
    urls = ReadUrls(request, dataset, caller(request), until=until)
    return rows.writer(which.file_name_format or default, Places(dataset), urls)


def _lines(request: HttpRequest, dataset_id: str, tag_id: str, which: Export) -> HttpResponseBase:
    dataset = dataset_for(caller(request), dataset_id)
    tag = tag_or_404(dataset, tag_id)
    write = _writer(request, dataset, which, NameFormat.NAME)
    found = rows.lines(tag, rows.positions_of(tag, which.which), write)
    with client_errors():
        return answers.plain_lines(found) if which.format == "PLAIN" else answers.json_lines(found)


def _rows(
    request: HttpRequest, dataset_id: str, tag_id: str, which: Export, make: Callable[[Chosen], Row]
) -> HttpResponseBase:
    dataset = dataset_for(caller(request), dataset_id)
    tag = tag_or_404(dataset, tag_id)
    write = _writer(request, dataset, which, NameFormat.REDIRECTED_READ_URL)
    describe = sample_data if which.include_meta_data else None
    found = rows.chosen(tag, rows.positions_of(tag, which.which), write, describe)
    with client_errors():
        return answers.json_list(make(one) for one in found)


@router.get(
    "/datasets/{dataset_id}/tags/{tag_id}/export/basic/filenames",
    auth=needs(Scope.READ),
    response={200: str, 400: Error, **ERRORS},
    openapi_extra={"responses": {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}},
)
def export_filenames(request: HttpRequest, dataset_id: str, tag_id: str, which: Query[Export]) -> HttpResponseBase:
    """The names of a tag's files, one a line; with `fileNameFormat` their URLs."""
    return _lines(request, dataset_id, tag_id, which)


def _add(path: str, make: Callable[[Chosen], Row], name: str, summary: str) -> None:
    def view(request: HttpRequest, dataset_id: str, tag_id: str, which: Query[Export]) -> HttpResponseBase:
        return _rows(request, dataset_id, tag_id, which, make)

    router.add_api_operation(
        f"/datasets/{{dataset_id}}/tags/{{tag_id}}/export/{path}",
        ["GET"],
        view,
        auth=needs(Scope.READ),
        response={200: list[Row], 400: Error, **ERRORS},
        operation_id=name,
        summary=summary,
    )


_add("basic/filenamesAndReadUrls", rows.name_and_url, "export_read_urls", "Names and read URLs")
_add("LabelStudio/tasks", rows.label_studio, "export_label_studio", "Tasks for Label Studio")
_add("LabelBox/datarows", rows.labelbox, "export_labelbox", "Data rows for Labelbox, as of before 2022")
_add("LabelBoxV4/datarows", rows.labelbox_v4, "export_labelbox_v4", "Data rows for Labelbox")
_add("Sama/tasks", rows.sama, "export_sama", "Tasks for Sama")


@router.get(
    "/datasets/{dataset_id}/tags/{tag_id}/filenames",
    auth=needs(Scope.READ),
    response={200: list[str], 401: Error, 403: Error, 404: Error},
)
def tag_filenames(request: HttpRequest, dataset_id: str, tag_id: str) -> HttpResponseBase:
    """The names of a tag's samples, as a list."""
    tag = tag_or_404(dataset_for(caller(request), dataset_id), tag_id)
    return answers.json_list(rows.lines(tag, rows.positions_of(tag, range), rows.just_name))
