"""The samples of a tag as a file, from the page."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from pytest_django import Settings

from clouds import parse_config
from datasets.models import Dataset
from datasources import services, tasks
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose
from samples import telling
from samples.exports import lightly
from samples.models import Tag
from teams.models import AuditAction, AuditEntry, User
from tests.conftest import Login
from tests.samples.making import grow
from tests.servers import WORKING_RIGHTS, Cloud

pytestmark = pytest.mark.django_db
NAMES = ["street/1.jpg", "=danger.jpg", "plain.png"]
CATEGORIES = [{"id": 0, "name": "car"}, {"id": 1, "name": "person"}]
BOX = {"category_id": 1, "bbox": [1, 2, 30, 40], "score": 0.5}


@pytest.fixture
def tag(dataset: Dataset) -> Tag:
    return grow(dataset, NAMES)


@pytest.fixture
def in_bucket(
    tag: Tag,
    alice: User,
    clouds: dict[str, Cloud],
    cloud_environment: dict[str, str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Tag:
    """Both datasources of its dataset are in a bucket, with predictions of two of the samples."""
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)
    settings.LIGHTLY_S3_ENDPOINT_URL = cloud_environment["LIGHTLY_S3_ENDPOINT_URL"]
    cloud = clouds["S3"]
    bucket, folder = cloud.make_bucket(), "lightly/.lightly/predictions"
    files: dict[str, Any] = {
        "tasks.json": ["boxes"],
        "boxes/schema.json": {"task_type": "object-detection", "categories": CATEGORIES},
        "boxes/street/1.json": {"file_name": NAMES[0], "predictions": [BOX, BOX | {"category_id": 7}]},
        "boxes/plain.json": "no predictions",
    }
    for name, content in files.items():
        cloud.put(bucket, f"{folder}/{name}", json.dumps(content).encode())
    for purpose in (Purpose.INPUT, Purpose.LIGHTLY):
        config = parse_config(cloud.grant(bucket, f"{purpose.lower()}/", WORKING_RIGHTS), configured_endpoints())
        services.save(dataset=tag.dataset, purpose=purpose, config=config, thumb_suffix="", by=alice)
    return tag


def saved(login: Login, user: User, tag: Tag, slug: str) -> Any:
    return login(user).get(f"/datasets/{tag.dataset_id}/samples/tags/{tag.pk}/export/{slug}/")


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.getvalue().decode())


def test_names_and_a_table(login: Login, alice: User, tag: Tag) -> None:
    answer = saved(login, alice, tag, "names")
    assert text_of(answer) == "\n".join(NAMES)
    assert 'filename="street-scenes-20261128_10h00m00s-names.txt"' in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(text_of(saved(login, alice, tag, "table")).removeprefix("\ufeff"))))
    assert [row["file_name"] for row in rows] == [NAMES[0], "'=danger.jpg", NAMES[2]]
    assert (rows[0]["sharpness"], rows[0]["bytes"], rows[0]["index"]) == ("12.5", "1000", "0")
    told = AuditEntry.objects.filter(action=AuditAction.EXPORTED).values_list("target", flat=True)
    assert sorted(told) == [
        "File names of the tag 20261128_10h00m00s of street-scenes",
        "Table (CSV) of the tag 20261128_10h00m00s of street-scenes",
    ]


@pytest.mark.parametrize("slug", ["read-urls", "storage-urls", "label-studio", "labelbox", "labelbox-v3"])
def test_urls_of_all_kinds(login: Login, alice: User, in_bucket: Tag, slug: str) -> None:
    text = text_of(saved(login, alice, in_bucket, slug))
    assert text.count("street") >= 1
    if slug == "storage-urls":
        assert all(line.startswith("s3://") for line in text.split("\n"))
    else:
        assert len(json.loads(text)) == len(NAMES)


def test_without_storage_it_says_what_to_do(login: Login, alice: User, tag: Tag) -> None:
    answer = saved(login, alice, tag, "labelbox")
    assert answer.status_code == 422
    assert "Connect it first." in answer.content.decode()
    assert not AuditEntry.objects.filter(action=AuditAction.EXPORTED).exists()


def test_coco_has_what_is_in_the_bucket_and_what_scripts_said(login: Login, alice: User, in_bucket: Tag) -> None:
    dataset = in_bucket.dataset
    schema = {"name": "labels", "type": "CLASSIFICATION", "categories": [{"id": 4, "name": "night"}]}
    telling.store_task(dataset, name="labels", schema=schema)
    sample = dataset.samples.get(position=2)
    told = {"type": "CLASSIFICATION", "taskName": "labels", "categoryId": 4, "score": 0.9}
    telling.store_predictions(sample, [told])
    coco = json.loads(text_of(saved(login, alice, in_bucket, "coco")))
    assert [image["file_name"] for image in coco["images"]] == NAMES
    assert [(each["supercategory"], each["name"]) for each in coco["categories"]] == [
        ("boxes", "car"),
        ("boxes", "person"),
        ("labels", "night"),
    ]
    box, label = coco["annotations"]
    assert (box["image_id"], box["category_id"], box["bbox"], box["area"]) == (0, 2, [1, 2, 30, 40], 1200)
    assert (label["image_id"], label["category_id"], label["score"]) == (2, 3, 0.9)
    assert coco["info"]["note"].startswith("1 files with predictions can't be read")


def test_too_many_predictions_for_somebody_who_waits(
    login: Login, alice: User, in_bucket: Tag, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lightly, "MOST_FILES", 2)
    answer = saved(login, alice, in_bucket, "coco")
    assert answer.status_code == 422
    assert "Make a tag of fewer samples." in answer.content.decode()


def test_coco_without_any_storage(login: Login, alice: User, tag: Tag) -> None:
    coco = json.loads(text_of(saved(login, alice, tag, "coco")))
    assert (len(coco["images"]), coco["annotations"], coco["categories"]) == (3, [], [])
