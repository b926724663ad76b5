"""Everything the client can do with datasets themselves. Prints what each step gave."""

import json
import sys
from typing import Any

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]
from lightly.openapi_generated.swagger_client import DatasetType  # type: ignore[import-not-found]
from lightly.openapi_generated.swagger_client.rest import ApiException  # type: ignore[import-not-found]

given = json.load(sys.stdin)
said: dict[str, Any] = {}


def names(datasets: list[Any]) -> list[str]:
    return sorted(dataset.name for dataset in datasets)


client = ApiWorkflowClient()
client.create_dataset("street scenes", DatasetType.IMAGES)
images = client.dataset_id
client.create_dataset("night-films", DatasetType.VIDEOS)
videos = client.dataset_id
said["types"] = [client.get_dataset_by_id(dataset).type for dataset in (images, videos)]
said["ids"] = [images, videos]
try:
    client.create_dataset("night-films")
except ValueError as error:
    said["twice"] = str(error)

for _ in range(2):
    client.create_new_dataset_with_unique_name("night-films")
said["unique"] = names(client.get_datasets())

said["exists"] = [client.dataset_exists(dataset) for dataset in (images, "0" * 24, given["foreign"])]
said["name exists"] = [client.dataset_name_exists(name) for name in ("night-films", "night", "no such")]
said["by name"] = names(client.get_datasets_by_name("street scenes"))
said["own"] = names(client.get_datasets(shared=False))
said["shared"] = names(client.get_datasets(shared=True))
said["everything"] = names(client.get_datasets(shared=None))
said["all"] = names(client.get_all_datasets())
said["shared name"] = client.dataset_name_exists("of-a-friend", shared=True)

client.set_dataset_id_by_name("street scenes")
said["chosen by name"] = client.dataset_id == images
try:
    client.set_dataset_id_by_name("no such")
except ValueError as error:
    said["no such"] = str(error)
said["newest"] = ApiWorkflowClient().dataset_id == client.get_datasets_by_name("night-films_2")[0].id
said["reused"] = ApiWorkflowClient(dataset_id=videos).dataset_type

client.delete_dataset_by_id(images)
said["after deletion"] = client.dataset_exists(images)
try:
    client.get_dataset_by_id(given["foreign"])
except ApiException as error:
    said["foreign"] = [error.status, json.loads(error.body)["code"]]
print(json.dumps(said))
