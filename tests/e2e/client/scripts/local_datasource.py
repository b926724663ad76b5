"""Asks for files of the user's own machine as a datasource."""

import json
import sys

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]
from lightly.openapi_generated.swagger_client.rest import ApiException  # type: ignore[import-not-found]

client = ApiWorkflowClient()
client.create_dataset(json.load(sys.stdin)["name"])
try:
    client.set_local_config("some/directory")
except ApiException as error:
    print(json.dumps({"status": error.status, "body": json.loads(error.body)}))
