"""Google Cloud Storage for tests."""

from tests.servers.gcs.accounts import State
from tests.servers.gcs.cloud import GCSCloud

__all__ = ["GCSCloud", "State"]
