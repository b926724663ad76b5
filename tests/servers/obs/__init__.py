"""Huawei Object Storage Service for tests."""

from tests.servers.obs.cloud import OBSCloud

__all__ = ["OBSCloud"]
