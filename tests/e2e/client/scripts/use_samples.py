"""Everything that the client does with tags, samples, exports and embeddings of a dataset, one after the other."""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]

warnings.simplefilter("ignore")
given = json.load(sys.stdin)
client = ApiWorkflowClient(dataset_id=given["dataset_id"])
told: dict[str, Any] = {}

tags = client.get_all_tags()
told["tags"] = [tag.name for tag in tags]
told["tag"] = client.get_tag_by_id(tags[0].id).name
told["by_name"] = client.get_tag_by_name("initial-tag").id == tags[-1].id
told["sizes"] = sorted({tag.tot_size for tag in tags})
told["run"] = tags[0].run_id
told["filenames"] = client.get_filenames()
told["in_tag"] = client.get_filenames_in_tag(tags[0])
told["of_parent"] = client.get_filenames_in_tag(tags[0], exclude_parent_tag=True)

chosen = told["filenames"][::2]
created = client.create_tag_from_filenames(chosen, "by hand 1")
told["created"] = client.get_filenames_in_tag(client.get_tag_by_name("by hand 1"))
child = client.create_tag_from_filenames(chosen[:1], "by hand 2", parent_tag_id=created.id)
try:
    client.delete_tag_by_id(created.id)
except Exception as error:  # noqa: BLE001 - an ApiException, whose place differs by version
    told["not_a_leaf"] = [vars(error)["status"], json.loads(vars(error)["body"])["code"]]
client.delete_tag_by_name("by hand 2")
client.delete_tag_by_id(created.id)
try:
    client.delete_tag_by_name("initial-tag")
except Exception as error:  # noqa: BLE001
    told["initial"] = json.loads(vars(error)["body"])["code"]
told["left"] = [tag.name for tag in client.get_all_tags()]

told["names"] = client.export_filenames_by_tag_name("initial-tag")
told["names_by_id"] = client.export_filenames_by_tag_id(tags[0].id)
told["urls"] = client.export_filenames_and_read_urls_by_tag_name(tags[0].name)
told["empty"] = client.export_filenames_and_read_urls_by_tag_id(given["empty_tag"])


def plain(row: Any) -> Any:  # models in 1.5.26, dicts before
    return row if isinstance(row, dict) else row.to_dict(by_alias=True)


told["label_studio"] = [plain(row) for row in client.export_label_studio_tasks_by_tag_name("initial-tag")]
told["label_box"] = [plain(row) for row in client.export_label_box_data_rows_by_tag_id(tags[0].id)]
told["label_box_v4"] = [plain(row) for row in client.export_label_box_v4_data_rows_by_tag_name("initial-tag")]

client.download_dataset("downloaded", tag_name=tags[0].name, verbose=False, max_workers=1)  # threads race for folders
told["downloaded"] = sorted(str(path.relative_to("downloaded")) for path in Path("downloaded").rglob("*.*"))

lines = [f"{name},{number},{number * 2},0" for number, name in enumerate(reversed(told["filenames"]))]
Path("embeddings.csv").write_text("\n".join(["filenames,embedding_0,embedding_1,labels", *lines]) + "\n")
client.upload_embeddings("embeddings.csv", "default_mine")
told["embeddings"] = [[each.name, each.is_processed] for each in client.get_all_embedding_data()]
client.upload_embeddings("embeddings.csv", "default_mine")
told["twice"] = len(client.get_all_embedding_data())
client.download_embeddings_csv("again.csv")
told["csv"] = Path("again.csv").read_text().splitlines()
told["named"] = client.get_embedding_data_by_name("default_mine").name

image = {"id": 7, "file_name": told["filenames"][0]}
client.upload_custom_metadata({"images": [image], "metadata": [{"image_id": 7, "weather": {"rain": True}}]})

print(json.dumps(told))
