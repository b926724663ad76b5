"""Lists the raw samples alone. Prints their names in the order they came in."""

import json
import sys

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]

given = json.load(sys.stdin)
client = ApiWorkflowClient(dataset_id=given["dataset_id"])
print(json.dumps([name for name, _url in client.download_raw_samples(**given["more"])]))
