"""Reads predictions into the client's own models and writes them again. Those that a model refuses are null."""

import json
import sys

from lightly.openapi_generated.swagger_client import models  # type: ignore[import-not-found]

CLASSES = {
    "CLASSIFICATION": models.PredictionSingletonClassification,
    "OBJECT_DETECTION": models.PredictionSingletonObjectDetection,
    "SEMANTIC_SEGMENTATION": models.PredictionSingletonSemanticSegmentation,
    "INSTANCE_SEGMENTATION": models.PredictionSingletonInstanceSegmentation,
    "KEYPOINT_DETECTION": models.PredictionSingletonKeypointDetection,
}


def written(given: dict[str, object]) -> object:
    try:
        return CLASSES[str(given["type"])].from_dict(given).to_dict(by_alias=True)
    except ValueError:  # what pydantic raises
        return None


print(json.dumps([written(each) for each in json.load(sys.stdin)["singletons"]]))
