"""Real storage servers for the tests, on 127.0.0.1, one per provider, all speaking one vocabulary (see `Cloud`)."""

from __future__ import annotations

from tests.servers.azure import AzureCloud
from tests.servers.ceph import CephCloud
from tests.servers.gate import Exchange
from tests.servers.gcs import GCSCloud
from tests.servers.obs import OBSCloud
from tests.servers.postgres import Postgres
from tests.servers.s3 import S3Cloud
from tests.servers.s3.delegated import S3DelegatedCloud
from tests.servers.vocabulary import ALL_RIGHTS, WORKING_RIGHTS, Cloud, Config, Right, Trouble

__all__ = [
    "ALL_RIGHTS",
    "WORKING_RIGHTS",
    "AzureCloud",
    "CephCloud",
    "Cloud",
    "Config",
    "Exchange",
    "GCSCloud",
    "OBSCloud",
    "Postgres",
    "Right",
    "S3Cloud",
    "S3DelegatedCloud",
    "Trouble",
    "all_clouds",
    "environment_of",
]


def all_clouds() -> list[Cloud]:
    """One of each, not started; start them in this order and stop them in the opposite one."""
    s3 = S3Cloud()
    return [s3, S3DelegatedCloud(s3), AzureCloud(), GCSCloud(), OBSCloud(), CephCloud()]


def environment_of(clouds: list[Cloud]) -> dict[str, str]:
    """What one product process needs to reach them all."""
    return {name: value for cloud in clouds for name, value in cloud.environment().items()}
