"""S3-compatible storage for tests."""

from tests.servers.ceph.cloud import REGION, CephCloud

__all__ = ["REGION", "CephCloud"]
