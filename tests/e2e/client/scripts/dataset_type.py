"""Takes up an existing dataset by its id."""

import json
import sys

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]

client = ApiWorkflowClient(dataset_id=json.load(sys.stdin)["dataset_id"])
print(json.dumps(client.dataset_type))
