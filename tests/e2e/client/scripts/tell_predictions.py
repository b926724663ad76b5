"""Uploads a task, predictions, scores and which metadata there is; then asks for a selection."""

import json
import sys
import warnings

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]

try:
    from lightly.openapi_generated.swagger_client import models  # type: ignore[import-not-found]
except ImportError:
    models = None
if models is None or not hasattr(models, "PredictionTaskSchema"):
    from lightly.openapi_generated import swagger_client as models  # type: ignore[import-not-found]

warnings.simplefilter("ignore")
given = json.load(sys.stdin)
client = ApiWorkflowClient(dataset_id=given["dataset_id"])
told = {}
categories = [{"id": 1, "name": "car"}, {"id": 2, "name": "person"}]
schema = {"name": "boxes", "type": "OBJECT_DETECTION", "categories": categories}
boxes = [
    {
        "type": "OBJECT_DETECTION",
        "taskName": "boxes",
        "categoryId": 1,
        "score": 0.5,
        "bbox": [1, 2, 30, 40],
        "probabilities": [0.5, 0.5],
    }
]
entry = {"name": "Rain", "path": "weather.rain", "defaultValue": None, "valueDataType": "CATEGORICAL_BOOLEAN"}
if given["version"] == "1.5.26":  # which refuses -1, its own default for the version
    client.create_or_update_prediction_task_schema(models.PredictionTaskSchema.from_dict(schema), 0)
    client.create_or_update_prediction(
        given["sample_id"], [models.PredictionSingleton.from_dict(each) for each in boxes], 0
    )
    entry = models.ConfigurationEntry.from_dict(entry)
else:
    from lightly.api.prediction_singletons import (  # type: ignore[import-not-found]
        PredictionSingletonObjectDetectionRepr,
    )

    client.create_or_update_prediction_task_schema(
        models.PredictionTaskSchema(
            name="boxes",
            type="OBJECT_DETECTION",
            categories=[models.PredictionTaskSchemaCategory(**category) for category in categories],
        )
    )
    box = PredictionSingletonObjectDetectionRepr(
        taskName="boxes", categoryId=1, score=0.5, bbox=[1, 2, 30, 40], probabilities=[0.5, 0.5]
    )
    client.create_or_update_prediction(given["sample_id"], [box])
    entry = models.ConfigurationEntry(
        name="Rain", path="weather.rain", default_value="", value_data_type="CATEGORICAL_BOOLEAN"
    )
told["config"] = client.create_custom_metadata_config("mine", [entry]).id
client.upload_scores({"uncertainty_margin": [0.1 * number for number in range(given["size"])]}, given["tag_id"])
print(json.dumps(told))
