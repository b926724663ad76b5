"""Buckets with a config for them, before and while a condition is applied."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from clouds import Endpoints
from tests.servers import AzureCloud, CephCloud, Config, GCSCloud, OBSCloud, S3Cloud, S3DelegatedCloud
from tests.servers.gate import Gate, Request, Response

AnyCloud = S3Cloud | S3DelegatedCloud | AzureCloud | GCSCloud | OBSCloud | CephCloud

PROVIDERS = ("S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS", "S3Compatible")
AWS = ("S3", "S3DelegatedAccess")
# Once it has its role, delegated access is S3: what comes after the role need not be tried twice.
STORES = ("S3", "AZURE", "GCS", "OBS", "S3Compatible")
# S3-compatible storage is judged by the code of S3: rows that take their time, or need rights it lacks, leave it out.
MOST_STORES = ("S3", "AZURE", "GCS", "OBS")


@dataclass
class Place:
    """A bucket with a config for it, before and while a condition is applied."""

    cloud: AnyCloud
    bucket: str
    prefix: str
    config: Config
    environment: dict[str, str]
    monkeypatch: pytest.MonkeyPatch
    stack: contextlib.ExitStack

    @property
    def endpoints(self) -> Endpoints:
        return endpoints_of(self.environment)

    @property
    def gate(self) -> Gate:
        cloud = self.cloud
        return cloud.s3.gate if isinstance(cloud, S3DelegatedCloud) else cloud.gate

    def aim_at(self, address: str) -> None:
        """Product code talks to this `host:port` instead of the cloud."""
        self.environment |= self.cloud.environment(address)
        self.config = self.cloud.at_address(self.config, address)

    def intercept(self, answer: Callable[[Request], Response | None]) -> None:
        """Answer requests for this bucket otherwise than the cloud does; None leaves it to the cloud."""
        usual = self.gate.answer

        def intercepted(request: Request) -> Response:
            response = answer(request) if self.bucket in request.path else None
            return usual(request) if response is None else response

        self.monkeypatch.setattr(self.gate, "answer", intercepted)


Condition = Callable[[Place], None]


def endpoints_of(environment: Mapping[str, str]) -> Endpoints:
    """As the settings make them of these variables."""
    return Endpoints(
        s3=environment.get("LIGHTLY_S3_ENDPOINT_URL"),
        sts=environment.get("LIGHTLY_STS_ENDPOINT_URL"),
        azure=environment.get("LIGHTLY_AZURE_ENDPOINT_URL"),
        gcs=environment.get("LIGHTLY_GCS_ENDPOINT_URL"),
        gcs_token=environment.get("LIGHTLY_GCS_TOKEN_URL"),
        gcs_certs=environment.get("LIGHTLY_GCS_CERTS_URL"),
        allowed_private_hosts=tuple(environment["LIGHTLY_ALLOWED_PRIVATE_HOSTS"].split(",")),
    )


def is_listing(request: Request) -> bool:
    """Of the keys in a bucket or container."""
    if request.method != "GET":
        return False
    path = request.raw_path
    return request.query.get("comp") == "list" or path.endswith("/o") or (path.count("/") == 1 and "comp" not in path)


def is_write(method: str, path: str) -> bool:
    """Whether a request changes the storage. Tokens and roles are asked for by POST too."""
    return method in {"PUT", "DELETE", "PATCH"} or (method == "POST" and path not in {"/", "/token"})


def secrets_of(place: Place) -> list[str]:
    config = place.config
    match config["type"]:
        case "S3":
            return [config["s3SecretAccessKey"]]
        case "S3DelegatedAccess":
            return [place.environment["AWS_SECRET_ACCESS_KEY"]]
        case "AZURE":
            return [config["accountKey"], config["accountKey"].partition("sig=")[2]]
        case "GCS":
            key = json.loads(config["gcsCredentials"])["private_key"]
            return str(key).splitlines()[1:-1]
        case "S3Compatible":
            return [config["s3SecretAccessKey"]]
    return [config["obsSecretAccessKey"]]
