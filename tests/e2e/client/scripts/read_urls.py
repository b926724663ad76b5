"""URLs for single files by their names."""

import json
import sys

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]

given = json.load(sys.stdin)
client = ApiWorkflowClient(dataset_id=given["dataset_id"])
print(
    json.dumps(
        {
            "predictions": [client.get_prediction_read_url(name) for name in given["predictions"]],
            "metadata": [client.get_metadata_read_url(name) for name in given["metadata"]],
            "embeddings": [client.get_custom_embedding_read_url(name) for name in given["embeddings"]],
        }
    )
)
