"""Shares a dataset with one list of people after the other, and reads each list back."""

import json
import sys

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]

given = json.load(sys.stdin)
client = ApiWorkflowClient()
before = client.get_shared_users(given["dataset_id"])
after = []
for people in given["lists"]:
    client.share_dataset_only_with(given["dataset_id"], people)
    after.append(client.get_shared_users(given["dataset_id"]))
print(json.dumps({"before": before, "after": after}))
