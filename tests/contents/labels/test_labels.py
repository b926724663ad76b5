"""Images are found by what is predicted in them, and by their metadata."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from contents.annotation_reports import rows as report_rows
from contents.annotations.checking import Check
from contents.annotations.findings import Notes
from contents.annotations.metadata.files import MetadataFile
from contents.annotations.metadata.schema import check_schema as check_metadata_schema
from contents.annotations.names import Owner, stem
from contents.annotations.predictions.files import PredictionFile
from contents.annotations.predictions.schema import TaskSchema
from contents.gallery.queries import Chosen, flat, neighbours
from contents.labels import rows
from contents.labels.naming import Collected, Labelled, label_of, of_category, of_value
from contents.models import FileLabel, Finding, Index, IndexState, Problem, ReportDepth
from datasets.models import Dataset
from teams.models import User
from tests.conftest import Login
from tests.contents.annotation_reports.support import checked, made_report, ready
from tests.contents.annotations.trees import Files, M, P, good
from tests.contents.gallery.test_pages import tiles
from tests.contents.index.memory import UNHURRIED, connected, made_index
from tests.servers import Cloud

SCHEMA = TaskSchema("boxes", categories={0: "car", 1: "bus"})
WANTED = check_metadata_schema(
    [
        {"name": "Weather", "path": "a.weather", "defaultValue": "dry", "valueDataType": "CATEGORICAL_STRING"},
        {"name": "Night", "path": "night", "defaultValue": False, "valueDataType": "CATEGORICAL_BOOLEAN"},
        {"name": "Speed", "path": "speed", "defaultValue": 0, "valueDataType": "NUMERIC_FLOAT"},
    ],
    Notes(""),
)


def found(check: Any, value: Any) -> set[Labelled]:
    collected = Collected()
    collected.note(check, value)
    return collected.rows


def test_what_a_file_says() -> None:
    owner = Owner(("a.jpg",))
    entries = [{"category_id": 1}, {"category_id": 1}, {"category_id": 7}, {"category_id": True}, "x"]
    assert found(PredictionFile("a", SCHEMA, Notes(""), owner=owner), {"predictions": entries}) == {
        Labelled(of_category("boxes", 1), "a.jpg")
    }
    metadata = {"a": {"weather": "wet"}, "night": True, "speed": 3.5}
    assert found(MetadataFile("a", WANTED, Notes(""), owner=owner), {"metadata": metadata}) == {
        Labelled(of_value("a.weather", "wet"), "a.jpg"),
        Labelled(of_value("night", "true"), "a.jpg"),
    }
    assert found(MetadataFile("a", WANTED, Notes(""), owner=owner), {"metadata": {"night": "yes"}}) == set()
    assert found(PredictionFile("a", SCHEMA, Notes("")), {"predictions": entries}) == set()  # nobody's


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["predictions", "metadata", "a", "weather", "category_id"]), inner)
        ),
        max_leaves=6,
    )
)
def test_whatever_stands_in_a_file(value: Any) -> None:
    owner = Owner(("a.jpg",))
    found(PredictionFile("a", SCHEMA, Notes(""), owner=owner), value)
    found(MetadataFile("a", WANTED, Notes(""), owner=owner), value)


def test_labels_are_numbers_that_stay() -> None:
    assert of_category("boxes", 1) == label_of("task", "boxes", 1)
    labels = {of_category(f"task {number % 10}", number) for number in range(2000)}
    assert len(labels) == 2000
    assert all(0 < label < 2**63 for label in labels)


@pytest.mark.django_db
@pytest.mark.usefixtures("endpoints", "sent", "kept")
def test_from_the_check_to_the_gallery(clouds: dict[str, Cloud], dataset: Dataset, login: Login, alice: User) -> None:
    """The same images as those whose files say so, read one by one here."""
    tree = good()
    ready(clouds["S3"], dataset, tree)
    report = checked(dataset, reading=ReportDepth.ALL)
    client = login(alice)
    address = reverse("contents:gallery", args=[dataset.pk, "input"])
    html = unescape(client.get(address).content.decode())
    options = [
        (group, slug, name)
        for group, inner in re.findall(r'<optgroup label="([^"]*)">(.*?)</optgroup>', html, re.DOTALL)
        for slug, name in re.findall(r'<option value="([0-9a-f]{16})">([^<]*) \(\d+\)', inner)
    ]
    assert {group.split()[0] for group, _, _ in options} == {"Predicted", "Metadata"}
    for group, slug, name in options:
        expected = _with(tree, group, name)
        assert expected, (group, name)
        shown = client.get(address, {"label": slug})
        assert set(tiles(shown.content.decode())) == expected, name
        assert "Rests on the check of predictions and metadata" in shown.content.decode()
    nothing = client.get(address, {"label": "7" + "0" * 15}).content.decode()
    assert "No file fits" in nothing
    for nonsense in ("x", "0" * 16, "f" * 16, "7" * 17):
        assert len(tiles(client.get(address, {"label": nonsense}).content.decode())) == len(tiles(html))
    # Once more is the same, and a report that goes takes its labels along.
    before = FileLabel.objects.count()
    rows.store(report.pk, [Labelled(row.label, row.key) for row in FileLabel.objects.all()])
    assert FileLabel.objects.count() == before > 0
    while report_rows.delete_some(report.pk, 2):
        pass
    assert not FileLabel.objects.exists()


def _with(tree: Any, group: str, name: str) -> set[str]:
    """The images of which some file says so, by a plain look at all files."""
    images = {stem(image): image for image in tree.samples}
    where = group.removeprefix("Predicted by ").removeprefix("Metadata ")
    folder = M if group.startswith("Metadata") else f"{P}{where}/"
    schema = json.loads(tree.bytes(f"{folder}schema.json"))
    found = set()
    for path in tree.files:
        if not path.startswith(folder) or path.endswith("schema.json"):
            continue
        content = json.loads(tree.bytes(path))
        image = images[path.removeprefix(folder).removesuffix(".json")]
        if folder == M:
            value = _at(content["metadata"], where)
            has_it = name in {str(value), json.dumps(value)}
        else:
            ids = {each["id"] for each in schema["categories"] if each["name"] == name}
            has_it = any(each["category_id"] in ids for each in content["predictions"])
        found |= {image} if has_it else set()
    return found


def _at(value: Any, path: str) -> Any:
    for step in re.findall(r"[^.\[\]]+", path):
        value = value[int(step)] if isinstance(value, list) else value.get(step, {})
    return value


@UNHURRIED
@given(
    files=st.lists(st.tuples(st.sets(st.integers(1, 3)), st.booleans()), max_size=15),
    label=st.integers(1, 3),
    limit=st.integers(1, 4),
)
@pytest.mark.django_db
def test_pages_against_every_row(dataset: Dataset, files: list[tuple[set[int], bool]], label: int, limit: int) -> None:
    """A label alone, and with a problem."""
    source = dataset.datasources.first() or connected(dataset)
    Index.objects.all().delete()
    FileLabel.objects.all().delete()
    names = [f"{number:02}.jpg" for number in range(len(files))]
    index = made_index(source, [*names, "~.jpg"])
    Finding.objects.all().delete()
    source.annotation_reports.all().delete()
    report = made_report(index, index)
    assert report.state == IndexState.CURRENT
    rows.store(report.pk, [Labelled(each, name) for name, (own, _) in zip(names, files, strict=True) for each in own])
    Finding.objects.bulk_create(
        Finding(index=index, what=Problem.TINY, key=name, size=1, modified=1)
        for name, (_, is_tiny) in zip(names, files, strict=True)
        if is_tiny
    )
    chosen = Chosen(label=label, report=report.pk)
    for each, fitting in (
        (chosen, [name for name, (own, _) in zip(names, files, strict=True) if label in own]),
        (
            chosen._replace(problem=int(Problem.TINY)),
            [name for name, (own, is_tiny) in zip(names, files, strict=True) if label in own and is_tiny],
        ),
    ):
        shown, after = [], ""
        while True:
            page = flat(index, each, after, limit=limit)
            shown += [file.key for file in page.files]
            after = page.next
            if not after:
                break
        assert shown == fitting
        for number, name in enumerate(fitting):
            before = fitting[number - 1] if number else ""
            assert neighbours(index, each, name) == (before, (*fitting, "")[number + 1])


def test_the_check_tells_who_looks_on() -> None:
    seen: list[tuple[str, Any]] = []
    files = Files({name: good().bytes(name) for name in good().files})
    check = Check(files, seen=lambda file, value: seen.append((file.stem, value)))
    layout, _ = check.layout()
    (task,) = [task for task in layout.tasks if task.name == "boxes"]
    names = list(check.prediction_names(task, layout))
    check.prediction_files(task, names)
    assert [name for name, _ in seen] == [name.removeprefix(f"{P}boxes/").removesuffix(".json") for name in names]
    assert all("predictions" in value for _, value in seen)
