"""The samples of a tag as a file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from contents.listing.errors import ListingError, NoDatasourceError
from core.web.spreadsheets import csv_lines
from datasets.access import dataset_for
from samples.api import answers
from samples.api.schemas import sample_data
from samples.exports import coco, rows
from samples.exports.lightly import TooMuchError
from samples.exports.places import Places, ReadUrls
from samples.exports.rows import NameFormat
from samples.models import Tag
from samples.pages import plot
from samples.pages.tags import tag_for
from samples.tags.services import tag_of
from teams import audit
from teams.models import AuditAction
from teams.requests import PageRequest

_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Format:
    """`slug` stands in the address, `ending` is that of the file."""

    slug: str
    label: str | Promise
    about: str | Promise
    ending: str


FORMATS = (
    Format("names", _("File names"), _("One a line"), "txt"),
    Format("table", _("Table (CSV)"), _("Names, types and measures, for a spreadsheet"), "csv"),
    Format("read-urls", _("Names and read URLs"), _("JSON. Who has such a URL can open the file"), "json"),
    Format("storage-urls", _("Storage URLs"), _("One a line, such as s3://bucket/path/name"), "txt"),
    Format("label-studio", _("Label Studio"), _("Tasks, as JSON"), "json"),
    Format("labelbox", _("Labelbox"), _("Data rows, as JSON"), "json"),
    Format("labelbox-v3", _("Labelbox before 2022"), _("Data rows, as JSON"), "json"),
    Format("coco", _("COCO"), _("Predictions, as JSON"), "json"),
)
_BY_SLUG = {each.slug: each for each in FORMATS}
_ROWS = {
    "read-urls": rows.name_and_url,
    "label-studio": rows.label_studio,
    "labelbox": rows.labelbox_v4,
    "labelbox-v3": rows.labelbox,
}


@require_GET
def export(request: PageRequest, dataset_id: str, tag_id: str, file_format: str) -> HttpResponseBase:
    """A file for the browser to save. That somebody took it away is an entry in the log."""
    tag = tag_for(request.user, dataset_id, tag_id)
    chosen = _BY_SLUG[file_format]
    try:
        answer = _answer(request, tag, file_format)
    except TooMuchError:
        words = gettext("These are too many files with predictions to read at once. Make a tag of fewer samples.")
        return render(request, "samples/unreadable.html", {"dataset": tag.dataset, "words": words}, status=422)
    except NoDatasourceError:
        words = gettext("The storage of this dataset is not connected, so its files have no URLs. Connect it first.")
        return render(request, "samples/unreadable.html", {"dataset": tag.dataset, "words": words}, status=422)
    except ListingError:
        words = gettext("The storage can't be read now. The bulbs of the dataset say why.")
        return render(request, "samples/unreadable.html", {"dataset": tag.dataset, "words": words}, status=422)
    target = f"{chosen.label} of the tag {tag.name} of {tag.dataset.name}"
    audit.record(
        team=tag.dataset.team, actor=request.user, action=AuditAction.EXPORTED, target=target, dataset=tag.dataset
    )
    name = _PLAIN.sub("_", f"{tag.dataset.name}-{tag.name}-{file_format}")[:150]
    answer["Content-Disposition"] = f'attachment; filename="{name}.{chosen.ending}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _answer(request: PageRequest, tag: Tag, slug: str) -> StreamingHttpResponse:
    """Raises ListingError."""
    positions = rows.positions_of(tag, range)
    places, urls = Places(tag.dataset), ReadUrls(request, tag.dataset, request.user)
    if slug == "names":
        return answers.plain_lines(rows.lines(tag, positions, rows.just_name))
    if slug == "storage-urls":
        write = rows.writer(NameFormat.DATASOURCE_FULL, places, urls)
        return answers.plain_lines(rows.lines(tag, positions, write))
    if slug == "table":
        found = ([str(cell) for cell in row] for row in rows.csv_rows(tag, positions))
        lines = csv_lines(rows.CSV_HEADER, found)
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    if slug == "coco":
        return answers.json_text(coco.pieces(tag, positions, places))
    write = rows.writer(NameFormat.REDIRECTED_READ_URL, places, urls)
    describe = sample_data if slug == "label-studio" else None
    return answers.json_list(_ROWS[slug](one) for one in rows.chosen(tag, positions, write, describe))


def snippet_of(tag: Tag) -> str:
    """The same with the official client."""
    return (
        "from lightly.api import ApiWorkflowClient\n\n"
        f'client = ApiWorkflowClient(dataset_id="{tag.dataset_id}")\n'
        f"names = client.export_filenames_by_tag_name({json.dumps(tag.name)})\n"
        f"rows = client.export_filenames_and_read_urls_by_tag_name({json.dumps(tag.name)})"
    )


@require_GET
def plot_table(request: PageRequest, dataset_id: str) -> HttpResponseBase:
    """The dots of the picture as a table: name, both coordinates, and whether the sample is in the tag."""
    dataset = dataset_for(request.user, dataset_id)
    found = plot.newest_plot(dataset)
    if found is None:
        return HttpResponse(status=404)
    tag = tag_of(dataset, request.GET.get("tag", "")[:24].replace("\0", ""))
    audit.record(
        team=dataset.team,
        actor=request.user,
        action=AuditAction.EXPORTED,
        target=f"the picture of {found.embedding.name} of {dataset.name}",
        dataset=dataset,
    )
    lines = csv_lines(("file_name", "x", "y", "in_tag"), plot.table(found, tag))
    headers = {"Content-Disposition": 'attachment; filename="embedding-2d.csv"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
