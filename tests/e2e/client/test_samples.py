"""What runs selected, as the official client uses it: tags, exports, downloads, embeddings, predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from tests.contents.media.making import encoded, picture
from tests.e2e.client.conftest import OfficialClient
from tests.e2e.support.backstage import Person
from tests.e2e.support.stack import Stack
from tests.servers import WORKING_RIGHTS, Cloud

NAMES = ["street/b 1.png", "street/a+ü.png", "#c.png", "d/e/f.png", "5.png"]
FIRST, SECOND = "20261128_10h00m00s", "20261129_10h00m00s"
RUN, LATER = "6470f1c2a1b2c3d4e5f60708", "6470f1c2a1b2c3d4e5f60709"


def with_samples(cloud: Cloud, stack: Stack, person: Person, name: str) -> dict[str, Any]:
    """A dataset that two runs filled, with real pictures in its bucket."""
    bucket = cloud.make_bucket()
    content = encoded(picture(), "PNG")
    for key in NAMES:
        cloud.put(bucket, f"in/{key}", content)
    grants = {each: cloud.grant(bucket, f"{each[:2]}/", WORKING_RIGHTS) for each in ("input", "lightly")}
    dataset = stack.backstage.dataset(name, person, **grants)
    tag = stack.backstage.grow(dataset, NAMES[:3], FIRST, RUN)
    empty = stack.backstage.grow(dataset, [], "nothing", "6470f1c2a1b2c3d4e5f6070a")
    stack.backstage.grow(dataset, NAMES[3:], SECOND, LATER)
    return {"dataset_id": dataset, "tag_id": tag, "empty_tag": empty, "bucket": bucket, "content": content}


def asked(stack: Stack, token: str, path: str) -> Any:
    answer = requests.get(stack.url + path, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    answer.raise_for_status()
    return answer.json()


def test_tags_exports_downloads_and_embeddings(
    official: OfficialClient, clouds: dict[str, Cloud], stack: Stack, person: Person, name: str
) -> None:
    made = with_samples(clouds["S3"], stack, person, name)
    dataset, token = made["dataset_id"], official.environment["LIGHTLY_TOKEN"]
    told = official.script("use_samples.py", dataset_id=dataset, empty_tag=made["empty_tag"])
    assert told["tags"] == [SECOND, "nothing", FIRST, "initial-tag"]
    assert told["tag"] == SECOND
    assert told["by_name"] is True
    assert told["sizes"] == [5]
    assert told["run"] == LATER
    assert told["filenames"] == NAMES
    assert told["in_tag"] == NAMES[3:]
    assert told["of_parent"] == []
    assert told["created"] == NAMES[::2]
    assert told["not_a_leaf"] == [400, "TAG_UNDELETABLE_NOT_A_LEAF"]
    assert told["initial"] == "TAG_UNDELETABLE_IS_INITIAL"
    assert told["left"] == told["tags"]
    assert told["names"] == "\n".join(NAMES)
    assert told["names_by_id"] == "\n".join(NAMES[3:])
    check_urls(told["urls"], official.version, made)
    assert all(set(row.values()) == {""} for row in told["empty"])
    assert len(told["empty"]) == 1
    check_tasks(told, token)
    assert told["downloaded"] == sorted(NAMES[3:])
    assert told["embeddings"] == [["default_mine", True]]
    assert told["twice"] == 2
    assert told["named"] == "default_mine"
    ordered = [f"{each},{4 - number},{(4 - number) * 2},0" for number, each in enumerate(NAMES)]
    assert told["csv"] == ["filenames,embedding_0,embedding_1,labels", *ordered]
    sample = asked(stack, token, f"/v1/datasets/{dataset}/samples?pageSize=1")[0]
    assert sample["customMetaData"] == {"image_id": 7, "weather": {"rain": True}}


def check_urls(rows: list[dict[str, str]], version: str, made: dict[str, Any]) -> None:
    assert [row["fileName"] for row in rows] == NAMES[3:]
    for row in rows:
        assert requests.get(row["readUrl"], timeout=30).content == made["content"]
    if version == "1.3.3":
        assert {tuple(row) for row in rows} == {("fileName", "readUrl")}
    else:
        assert [row["datasourceUrl"] for row in rows] == [f"s3://{made['bucket']}/in/{each}" for each in NAMES[3:]]


def check_tasks(told: dict[str, Any], token: str) -> None:
    """Every picture opens without the person's token, which is in none of the URLs."""
    assert [row["data"]["lightlyFileName"] for row in told["label_studio"]] == NAMES
    assert [row["id"] for row in told["label_studio"]] == [0, 1, 2, 3, 4]
    assert [row["externalId"] for row in told["label_box"]] == NAMES[3:]
    assert [row["global_key"] for row in told["label_box_v4"]] == NAMES
    urls = [row["data"]["image"] for row in told["label_studio"]]
    urls += [row["imageUrl"] for row in told["label_box"]] + [row["row_data"] for row in told["label_box_v4"]]
    assert not [url for url in urls if token in url]
    assert {requests.get(url, timeout=30).status_code for url in urls} == {200}


def test_predictions_scores_and_metadata(
    official: OfficialClient, clouds: dict[str, Cloud], stack: Stack, person: Person, name: str
) -> None:
    made = with_samples(clouds["S3"], stack, person, name)
    dataset, token = made["dataset_id"], official.environment["LIGHTLY_TOKEN"]
    sample = asked(stack, token, f"/v1/datasets/{dataset}/mappings?field=_id")[1]
    given = {"dataset_id": dataset, "sample_id": sample, "tag_id": made["tag_id"], "size": 3}
    told = official.script("tell_predictions.py", version=official.version, **given)
    predictions = asked(stack, token, f"/v1/datasets/{dataset}/predictions/samples")
    assert [len(each) for each in predictions] == [0, 1, 0, 0, 0]
    assert predictions[1][0]["bbox"] == [1, 2, 30, 40]
    schema = asked(stack, token, f"/v1/datasets/{dataset}/predictions/tasks/boxes")
    assert [category["name"] for category in schema["categories"]] == ["car", "person"]
    configs = asked(stack, token, f"/v1/datasets/{dataset}/configuration/metadata")
    assert [config["id"] for config in configs] == [told["config"]]
    scores = asked(stack, token, f"/v1/datasets/{dataset}/tags/{made['tag_id']}/scores")
    assert [score["scoreType"] for score in scores] == ["uncertainty_margin"]


@pytest.mark.parametrize("provider", ["S3DelegatedAccess", "AZURE", "GCS", "OBS", "S3Compatible"])
@pytest.mark.parametrize("version", ["1.5.26"], indirect=True)
def test_files_of_all_providers_are_read_and_embeddings_written(
    official: OfficialClient, clouds: dict[str, Cloud], stack: Stack, person: Person, name: str, provider: str
) -> None:
    made = with_samples(clouds[provider], stack, person, name)
    code = f"""
import json
from lightly.api import ApiWorkflowClient
client = ApiWorkflowClient(dataset_id={made["dataset_id"]!r})
client.download_dataset("downloaded", verbose=False, max_workers=1)  # its threads race for folders
lines = [f"{{name}},{{number}},0,0" for number, name in enumerate(client.get_filenames())]
open("own.csv", "w").write("\\n".join(["filenames,embedding_0,embedding_1,labels", *lines]) + "\\n")
client.upload_embeddings("own.csv", "default_own")
client.download_embeddings_csv("again.csv")
assert open("again.csv").read().splitlines()[1:] == lines
print(json.dumps(client.export_filenames_and_read_urls_by_tag_name("initial-tag")))
"""
    ran = official.run(code)
    rows = ran.answer
    assert [row["fileName"] for row in rows] == NAMES
    assert [requests.get(row["readUrl"], timeout=30).content for row in rows] == [made["content"]] * len(NAMES)
    assert all("://" in row["datasourceUrl"] for row in rows)
    home = official.environment["HOME"]
    assert sorted(made_files(home)) == sorted(NAMES), ran.errors  # the client goes on when one fails, with a warning


def made_files(home: str) -> list[str]:
    folder = Path(home) / "downloaded"
    return [str(path.relative_to(folder)) for path in folder.rglob("*.*")]


def test_selecting_among_samples(
    official: OfficialClient, clouds: dict[str, Cloud], stack: Stack, person: Person, name: str
) -> None:
    made = with_samples(clouds["S3"], stack, person, name)
    told = official.script("select_samples.py", dataset_id=made["dataset_id"])
    first, second = told["far apart"]
    assert NAMES.index(first) // 2 != NAMES.index(second) // 2  # a pair is as close as can be
    assert {NAMES.index(each) // 2 for each in told["one more"]} == {0, 1, 2}
    assert set(told["far apart"]) < set(told["one more"])
    assert told["uncertain"] == NAMES[3:]
    assert NAMES[4] in told["both"]
    assert len(told["by lot"]) == 2
    assert "already exists a tag" in told["twice"]


def test_embeddings_are_uploaded_to_azure(
    official: OfficialClient, clouds: dict[str, Cloud], stack: Stack, person: Person, name: str
) -> None:
    """No client sends the header that Azure wants of a PUT, so the file goes through this server."""
    made = with_samples(clouds["AZURE"], stack, person, name)
    code = f"""
import json
from lightly.api import ApiWorkflowClient
client = ApiWorkflowClient(dataset_id={made["dataset_id"]!r})
lines = [f"{{name}},{{number}},0,0" for number, name in enumerate(client.get_filenames())]
open("own.csv", "w").write("\\n".join(["filenames,embedding_0,embedding_1,labels", *lines]) + "\\n")
client.upload_embeddings("own.csv", "default_own")
client.download_embeddings_csv("again.csv")
print(json.dumps([lines, open("again.csv").read().splitlines()[1:]]))
"""
    sent, received = official.run(code).answer
    assert received == sent
    assert len(sent) == len(NAMES)
