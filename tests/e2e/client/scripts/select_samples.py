"""The client's deprecated way of selecting among the samples of a dataset."""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from lightly.active_learning.config.selection_config import SelectionConfig  # type: ignore[import-not-found]
from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]
from lightly.openapi_generated.swagger_client.models.sampling_method import (  # type: ignore[import-not-found]
    SamplingMethod,
)

warnings.simplefilter("ignore")
given = json.load(sys.stdin)
client = ApiWorkflowClient(dataset_id=given["dataset_id"])
told: dict[str, Any] = {}
names = client.get_filenames()
lines = [f"{name},{number // 2},0,0" for number, name in enumerate(names)]  # 0 0 1 1 2
Path("embeddings.csv").write_text("\n".join(["filenames,embedding_0,embedding_1,labels", *lines]) + "\n")
client.upload_embeddings("embeddings.csv", "default_mine")
initial = client.get_tag_by_name("initial-tag").id


def select(name: str, method: Any, count: int, **more: Any) -> Any:
    tag = client.selection(SelectionConfig(method=method, n_samples=count, name=name), **more)
    told[name] = client.get_filenames_in_tag(tag)
    return tag


far = select("far apart", SamplingMethod.CORESET, 2)
select("one more", SamplingMethod.CORESET, 3, preselected_tag_id=far.id)
client.upload_scores({"uncertainty_margin": np.array([0.1, 0.2, 0.3, 0.4, 0.9])}, query_tag_id=initial)
select("uncertain", SamplingMethod.ACTIVE_LEARNING, 2)
select("both", SamplingMethod.CORAL, 2, query_tag_id=initial)
select("by lot", SamplingMethod.RANDOM, 2)
try:
    client.selection(SelectionConfig(method=SamplingMethod.CORESET, n_samples=2, name="far apart"))
except RuntimeError as error:
    told["twice"] = str(error)
print(json.dumps(told))
