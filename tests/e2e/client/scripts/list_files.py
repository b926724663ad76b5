"""Lists everything in a dataset's datasources. Prints per listing what came, in the order it came in."""

import json
import sys
from typing import Any

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]

given = json.load(sys.stdin)
client = ApiWorkflowClient(dataset_id=given["dataset_id"])
more: dict[str, Any] = given["more"]
print(
    json.dumps(
        {
            "samples": client.download_raw_samples(**more),
            "predictions": client.download_raw_predictions(given["task"], **more),
            "metadata": client.download_raw_metadata(**more),
        }
    )
)
