"""What this version sends for configurations of runs: read as Python arguments, printed as path and body."""

import json
import os
import sys
from typing import Any

# Old versions ask a server for the newest one when they are imported.
os.environ["LIGHTLY_DID_VERSION_CHECK"] = "True"

from lightly.api.api_workflow_client import ApiWorkflowClient  # type: ignore[import-not-found]
from lightly.openapi_generated.swagger_client.api_client import ApiClient  # type: ignore[import-not-found]


class Recorder:
    """In place of the generated API: keeps the request instead of sending it."""

    def __getattr__(self, name: str) -> Any:
        def create(request: Any) -> Any:
            self.called = name.removeprefix("create_docker_worker_config_")
            self.request = request
            return self

        return create

    id = "0" * 24


def plain(request: Any) -> Any:
    if hasattr(request, "to_json"):
        return json.loads(request.to_json(by_alias=True))
    sanitized = ApiClient.sanitize_for_serialization
    return sanitized(ApiClient.__new__(ApiClient), request)


def sent(arguments: dict[str, Any]) -> dict[str, Any]:
    client = ApiWorkflowClient.__new__(ApiWorkflowClient)
    client.api_client = ApiClient.__new__(ApiClient)
    client.api_client._pool = None
    client._creator = "USER_PIP"
    client._compute_worker_api = Recorder()
    client.create_compute_worker_config(**arguments)
    return {"path": client._compute_worker_api.called, "body": plain(client._compute_worker_api.request)}


print(json.dumps([sent(arguments) for arguments in json.load(sys.stdin)["arguments"]]))
