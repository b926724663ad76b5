"""Answers of the REST API that no client shows: paging, options, refusals, long answers in little memory."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from datasets.models import Dataset
from datasources.models import Purpose
from samples import queries, telling
from samples.api import answers
from samples.growing import NewSample, add
from samples.models import Sample, SampleType, Tag
from teams.models import Scope, User
from teams.services import create_token
from tests.conftest import Call, Script
from tests.contents.index.memory import connected
from tests.samples.making import RUN, grow

pytestmark = pytest.mark.django_db
NAMES = ["a.jpg", 'quote"\\ü😀.jpg', "c/d.jpg", "e.jpg", "f.png"]


@pytest.fixture
def tag(dataset: Dataset) -> Tag:
    connected(dataset, Purpose.INPUT)
    grow(dataset, NAMES[:1], run_id="c" * 24, tag_name="first run")
    return grow(dataset, NAMES[1:])


@pytest.fixture
def script(call: Call, alice: User) -> Script:
    return call(alice)


def body(answer: Any) -> Any:
    assert answer.status_code == 200, answer
    return json.loads(answer.getvalue())


def path_of(tag: Tag, rest: str = "") -> str:
    return f"/v1/datasets/{tag.dataset_id}/tags/{tag.pk}{rest}"


def test_tags_as_the_client_reads_them(script: Script, dataset: Dataset, tag: Tag) -> None:
    newest, first, initial = script.get(f"/v1/datasets/{dataset.pk}/tags").json()
    assert [each["name"] for each in (newest, first, initial)] == [tag.name, "first run", "initial-tag"]
    assert newest["bitMaskData"] == "0x1e"
    assert newest["totSize"] == initial["totSize"] == 5
    assert newest["runId"] == RUN
    assert newest["prevTagId"] == initial["id"]
    assert initial["prevTagId"] is None
    assert "runId" not in initial
    assert script.get(path_of(tag)).json() == newest


def test_creating_and_changing(script: Script, dataset: Dataset, tag: Tag) -> None:
    path = f"/v1/datasets/{dataset.pk}/tags"
    told = {"name": "mine", "prevTagId": tag.pk, "bitMaskData": "0x06", "totSize": 5, "creator": "USER_PIP"}
    answer = script.post(path, told)
    assert answer.status_code == 201
    created = answer.json()
    assert set(created) == {"id"}
    assert refusal(script.post(path, told)) == (409, "TAG_NAME_EXISTS")
    more = told | {"name": "more"}
    assert refusal(script.post(path, more | {"bitMaskData": "0x20"})) == (400, "DATASET_TAG_INVALID")
    assert refusal(script.post(path, more | {"prevTagId": "f" * 24})) == (404, "TAG_PREVTAG_NOT_IN_DATASET")
    assert refusal(script.post(path, more | {"queryTagId": "f" * 24})) == (404, "TAG_QUERYTAG_NOT_IN_DATASET")
    for wrong in ({"bitMaskData": "0xZ"}, {"bitMaskData": "0x1\n"}, {"name": "a\nb"}, {"name": "ab"}):
        assert refusal(script.post(path, more | wrong)) == (400, "MALFORMED_REQUEST")
    own = f"{path}/{created['id']}"
    assert script.put(own, {"name": "renamed", "bitMaskData": "0x01"}).status_code == 204
    assert script.get(own).json()["bitMaskData"] == "0x01"
    assert script.delete(own).status_code == 204
    assert refusal(script.get(own)) == (404, "TAG_UNKNOWN")


def test_arithmetics(script: Script, dataset: Dataset, tag: Tag) -> None:
    path = f"/v1/datasets/{dataset.pk}/tags/arithmetics"
    initial = queries.initial_tag_of(dataset)
    assert initial
    told = {"tagId1": initial.pk, "tagId2": tag.pk, "operation": "DIFFERENCE"}
    assert script.post(f"{path}/bitmask", told).json() == {"bitMaskData": "0x01"}
    assert script.post(path, told).json() == {"bitMaskData": "0x01"}
    created = script.post(path, told | {"newTagName": "the rest"}).json()
    assert set(created) == {"id"}
    assert queries.names_of_tag(Tag.objects.get(pk=created["id"])) == ["a.jpg"]
    assert refusal(script.post(path, told | {"tagId2": "f" * 24})) == (404, "TAG_UNKNOWN")


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({}, NAMES),
        ({"pageSize": "2"}, NAMES[:2]),
        ({"pageSize": "2", "pageOffset": "4"}, NAMES[4:]),
        ({"pageSize": "2", "pageOffset": "5"}, []),
        ({"pageOffset": "100"}, []),
    ],
)
def test_pages_count_rows(script: Script, dataset: Dataset, tag: Tag, query: dict[str, str], rows: list[str]) -> None:
    initial = queries.initial_tag_of(dataset)
    assert initial
    base = f"/v1/datasets/{dataset.pk}"
    assert body(script.get(f"{base}/mappings", {"field": "fileName", **query})) == rows
    assert [each["fileName"] for each in body(script.get(f"{base}/samples", query))] == rows
    ids = body(script.get(f"{base}/mappings", {"field": "_id", **query}))
    partial = body(script.get(f"{base}/samples/partial", {"mode": "fileNames", **query}))
    assert partial == [{"id": pk, "fileName": name} for pk, name in zip(ids, rows, strict=True)]
    assert body(script.get(f"{base}/samples/partial", {"mode": "ids", **query})) == [{"id": pk} for pk in ids]
    assert body(script.get(path_of(initial, "/export/basic/filenames"), query)) == "\n".join(rows)
    tasks = body(script.get(path_of(initial, "/export/LabelStudio/tasks"), query))
    assert [task["data"]["lightlyFileName"] for task in tasks] == rows


def test_a_sample_by_its_name(script: Script, dataset: Dataset, tag: Tag) -> None:
    path = f"/v1/datasets/{dataset.pk}/samples"
    (found,) = body(script.get(path, {"fileName": NAMES[1]}))
    assert found["index"] == 1
    assert script.get(f"{path}/{found['id']}").json() == found
    assert body(script.get(path, {"fileName": "nothing"})) == []
    assert body(script.get(f"{path}/partial", {"fileName": "e.jpg", "mode": "fileNames"}))[0]["fileName"] == "e.jpg"
    assert refusal(script.get(f"{path}/{'f' * 24}")) == (404, "SAMPLE_UNKNOWN")


def test_what_the_client_does_not_know_of_a_sample_is_under_dynamic(
    script: Script, dataset: Dataset, call: Call
) -> None:
    told = {"width": 640, "sharpness": float("nan"), "luminance": 140, "mean": [0.5, 0.5, 0.5], "sizeInBytes": 7}
    frame = {"sourceVideo": "a.mp4", "sourceVideoFrameIndex": 7}
    new = NewSample("a-7-mp4.png", SampleType.VIDEO_FRAME, meta_data=told, video_frame_data=frame, exif={"a": "\0"})
    add(dataset, [new], run_id=RUN, tag_name="a run", creator="USER_WORKER")
    (sample,) = body(script.get(f"/v1/datasets/{dataset.pk}/samples"))
    assert sample["metaData"] == {"mean": [0.5, 0.5, 0.5], "sizeInBytes": 7, "dynamic": {"width": 640}}
    assert sample["videoFrameData"] == frame
    assert sample["exif"] == {"a": "\N{REPLACEMENT CHARACTER}"}
    counted = script.get(f"/v1/datasets/{dataset.pk}").json()
    assert (counted["nSamples"], counted["sizeInBytes"]) == (1, 7)


def test_exports_in_every_format(script: Script, dataset: Dataset, tag: Tag) -> None:
    lightly = connected(dataset, Purpose.LIGHTLY)
    names = path_of(tag, "/export/basic/filenames")
    plain = script.get(names, {"format": "PLAIN"})
    assert plain["Content-Type"].startswith("text/plain")
    assert plain.getvalue().decode() == "\n".join(NAMES[1:])
    urls = body(script.get(names, {"fileNameFormat": "DATASOURCE_FULL"})).split("\n")
    config = dataset.datasources.exclude(pk=lightly.pk).get().config
    assert urls == [config.display_key(config.prefix + name) for name in NAMES[1:]]
    read = body(script.get(names, {"fileNameFormat": "REDIRECTED_READ_URL"})).split("\n")
    assert [parse_qs(urlsplit(url).query)["path"] for url in read] == [[name] for name in NAMES[1:]]
    assert not [url for url in read if script.token in url]
    rows = body(script.get(path_of(tag, "/export/basic/filenamesAndReadUrls")))
    assert [row["fileName"] for row in rows] == NAMES[1:]
    (first, *_) = body(script.get(path_of(tag, "/export/Sama/tasks"), {"includeMetaData": "True"}))
    assert json.loads(first["data"]["lightlyMetaInfo"])["fileName"] == NAMES[1]
    (task, *_) = body(script.get(path_of(tag, "/export/LabelStudio/tasks"), {"includeMetaData": "true"}))
    assert task["data"]["lightlyMetaInfo"]["metaData"]["sharpness"] == 12.5
    assert body(script.get(path_of(tag, "/filenames"))) == NAMES[1:]


def test_read_urls_end_when_it_was_asked_for(
    script: Script, dataset: Dataset, tag: Tag, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = body(script.get(path_of(tag, "/export/LabelBoxV4/datarows"), {"expiresIn": "60"}))
    url = urlsplit(rows[0]["row_data"])
    monkeypatch.setattr("contents.listing.read_urls.time.time", lambda: 10**11)
    answer = script.client.get(f"{url.path}?{url.query}")
    assert refusal(answer) == (401, "JWT_INVALID")
    assert "expired" in answer.json()["error"]


def test_without_a_datasource_there_are_names_and_no_urls(script: Script, dataset: Dataset) -> None:
    tag = grow(dataset, NAMES)
    assert body(script.get(path_of(tag, "/export/basic/filenames"))) == "\n".join(NAMES)
    for rest in ("/export/LabelStudio/tasks", "/export/basic/filenames?fileNameFormat=DATASOURCE_FULL"):
        address, _, query = rest.partition("?")
        answer = script.get(path_of(tag, address), dict(parse.split("=") for parse in query.split("&") if parse))
        assert refusal(answer) == (404, "DATASET_DATASOURCE_UNKNOWN")


def test_pictures_of_embeddings(script: Script, dataset: Dataset, tag: Tag) -> None:
    embedding = dataset.embeddings.create(name="default", key="x.csv")
    path = f"/v1/datasets/{dataset.pk}/embeddings/{embedding.pk}/2d"
    told = {"name": "any", "dimensionalityReductionMethod": "PCA"}
    points = {"coordinatesDimension1": [0.5, 1, 2], "coordinatesDimension2": [3, 4, 5]}
    created = script.post(path, told | points)
    assert created.status_code == 201
    (listed,) = script.get(path).json()
    assert listed["id"] == created.json()["id"]
    assert listed["name"] == "default__2d"
    whole = script.get(f"{path}/{listed['id']}").json()
    assert whole == listed | {"coordinatesDimension1": [0.5, 1, 2], "coordinatesDimension2": [3, 4, 5]}
    assert refusal(script.post(path, told | points | {"coordinatesDimension2": [1]})) == (400, "EMBEDDING_INVALID")
    (found,) = script.get(f"/v1/datasets/{dataset.pk}/embeddings").json()
    assert (found["is2d"], found["isProcessed"]) == (True, False)


def test_predictions_replace_those_of_their_task(script: Script, dataset: Dataset, tag: Tag) -> None:
    sample = Sample.objects.get(dataset=dataset, position=2)
    path = f"/v1/datasets/{dataset.pk}/predictions/samples"
    box = {"type": "OBJECT_DETECTION", "taskName": "boxes", "categoryId": 1, "score": 0.5, "bbox": [1, 2, 3, 4]}
    label = {"type": "CLASSIFICATION", "taskName": "labels", "categoryId": 1, "score": 1, "probabilities": [1]}
    assert script.post(f"{path}/{sample.pk}?predictionUUIDTimestamp=0", [box, label]).status_code == 201
    assert script.post(f"{path}/{sample.pk}", [box | {"score": 0.9}, box]).status_code == 201
    found = script.get(f"{path}/{sample.pk}").json()
    assert [(one["taskName"], one["score"]) for one in found] == [("boxes", 0.9), ("boxes", 0.5), ("labels", 1)]
    assert [len(each) for each in body(script.get(path))] == [0, 0, 3, 0, 0]
    assert [len(each) for each in body(script.get(path, {"taskName": "labels", "pageOffset": "2"}))] == [1, 0, 0]
    telling.store_predictions(sample, [])
    assert script.get(f"{path}/{sample.pk}").json() == []


def test_too_much_metadata(script: Script, dataset: Dataset, tag: Tag) -> None:
    sample = Sample.objects.get(dataset=dataset, position=0)
    path = f"/v1/datasets/{dataset.pk}/samples/{sample.pk}"
    assert script.put(path, {"customMetaData": {"a": {"b": [1, None, "ü"]}}}).status_code == 204
    assert refusal(script.put(path, {"customMetaData": {"a": "x" * 1_000_001}})) == (413, "CUSTOM_METADATA_AT_MAX_SIZE")
    sample.refresh_from_db()
    assert sample.custom_meta_data == {"a": {"b": [1, None, "ü"]}}


def test_a_token_that_may_only_read_changes_nothing(call: Call, alice: User, dataset: Dataset, tag: Tag) -> None:
    script = Script(call.client, create_token(user=alice, name="reader", scopes=[Scope.READ]))
    assert script.get(path_of(tag)).status_code == 200
    assert refusal(script.delete(path_of(tag))) == (403, "FORBIDDEN")
    assert refusal(script.get(f"/v1/datasets/{dataset.pk}/embeddings/writeCSVUrl")) == (403, "FORBIDDEN")


def test_a_query_for_some_thousands_of_samples(script: Script, dataset: Dataset, tag: Tag) -> None:
    few = counted(script, path_of(tag, "/export/LabelStudio/tasks"))
    more = grow(dataset, [f"{number}.jpg" for number in range(3_000)], run_id="d" * 24, tag_name="many")
    assert counted(script, path_of(more, "/export/LabelStudio/tasks")) == few + 1
    assert counted(script, f"/v1/datasets/{dataset.pk}/tags") < 12


def counted(script: Script, path: str) -> int:
    script.get(path).getvalue()  # a token notes its first use
    with CaptureQueriesContext(connection) as asked:
        answer = script.get(path)
        assert answer.status_code == 200
        answer.getvalue()
    return len(asked)


def test_hundreds_of_thousands_of_names_take_no_memory() -> None:
    def names() -> Iterator[str]:
        yield from (f"street/scenes/of/last/year/{number:09}.jpg" for number in range(200_000))

    tracemalloc.start()
    sent = sum(len(chunk) for chunk in answers.json_lines(names()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sent > 8_000_000
    assert peak < 1_000_000
