"""Tries what it is given, and tells how the client reports the refusal."""

import json
import sys
from typing import Any

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]
from lightly.openapi_generated.swagger_client.rest import ApiException  # type: ignore[import-not-found]

given = json.load(sys.stdin)
client = ApiWorkflowClient(dataset_id=given["dataset_id"])
refusals: list[list[Any]] = []
for method, arguments in given["calls"]:
    try:
        getattr(client, method)(**arguments)
        refusals.append([method, 200, ""])
    except ApiException as error:
        refusals.append([method, error.status, json.loads(error.body)["code"]])
print(json.dumps(refusals))
