"""OBS on a moto server: what its operator does, and the users that are handed out."""

from __future__ import annotations

import secrets
import sys
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config as BotoConfig
from botocore.exceptions import ClientError

from tests.servers.certificates import Authority
from tests.servers.gate import Exchange
from tests.servers.obs.gate import OBSGate, Shared, User
from tests.servers.process import HOST, ServerProcess
from tests.servers.vocabulary import Config, Right, Trouble

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WRONG_HOST = "obs.somewhere-else.example"
"""What the server with the wrong certificate calls itself."""


class OBSCloud:
    """Buckets of an OBS endpoint, reached with an access key. The endpoint is part of the config."""

    provider = "OBS"

    def __init__(self) -> None:
        command = [str(Path(sys.executable).with_name("moto_server")), "-H", HOST, "-p"]
        self.server = ServerProcess("moto-for-obs", lambda port: [*command, str(port)])
        self.shared = Shared()
        self.requests: list[Exchange] = []
        self.gate, self.https_gate, self.wrong_name_gate = (OBSGate(self.shared, self.requests) for _ in range(3))
        self.ca_file = Path()
        self._certificates: tempfile.TemporaryDirectory[str] | None = None
        self._s3: S3Client

    @property
    def address(self) -> str:
        return self.gate.address

    @property
    def https_url(self) -> str:
        """With a certificate that is good for whoever trusts `ca_file`."""
        return f"https://{self.https_gate.address}"

    @property
    def wrong_name_url(self) -> str:
        """With a certificate by the same authority, but for another host."""
        return f"https://{self.wrong_name_gate.address}"

    def start(self) -> None:
        self.server.start()
        self._certificates = tempfile.TemporaryDirectory()
        authority = Authority(Path(self._certificates.name))
        self.ca_file = authority.ca_file
        self.https_gate.tls = authority.server_context()
        self.wrong_name_gate.tls = authority.server_context(WRONG_HOST)
        self._s3 = boto3.Session("operator", "operator", region_name="us-east-1").client(
            "s3",
            endpoint_url=f"http://{self.server.address}",
            config=BotoConfig(s3={"addressing_style": "path"}),
        )
        for gate in (self.gate, self.https_gate, self.wrong_name_gate):
            gate.upstream = self.server.address
            gate.start()

    def stop(self) -> None:
        for gate in (self.gate, self.https_gate, self.wrong_name_gate):
            gate.stop()
        self.server.stop()
        if self._certificates is not None:
            self._certificates.cleanup()

    def environment(self, address: str | None = None) -> dict[str, str]:
        """The endpoint is in the config: see `at_address` for a fault proxy in between."""
        return {"LIGHTLY_ALLOWED_PRIVATE_HOSTS": HOST, "LIGHTLY_OBS_HOSTS": HOST}

    def make_bucket(self) -> str:
        name = f"bucket-{secrets.token_hex(6)}"
        self._s3.create_bucket(Bucket=name)
        self.shared.buckets.add(name)
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self._s3.put_object(Bucket=bucket, Key=key, Body=data)

    def get(self, bucket: str, key: str) -> bytes:
        try:
            return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise KeyError(key) from error

    def keys(self, bucket: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))

    def set_cors(self, bucket: str, document: str) -> None:
        """The XML that PUT /?cors takes."""
        self.shared.cors[bucket] = document

    def grant(
        self,
        bucket: str,
        prefix: str,
        rights: Collection[Right],
        *,
        expired: bool = False,
        reads_cors: bool = False,
    ) -> Config:
        access_key, secret = secrets.token_hex(10).upper(), secrets.token_hex(20)
        self.shared.users[access_key] = User(
            secret, bucket, prefix, frozenset(rights), f"domain/tests:user/{access_key.lower()}", reads_cors
        )
        config = {
            "type": "OBS",
            "fullPath": f"obs://{bucket}/{prefix}",
            "obsEndpoint": f"http://{self.address}",
            "obsAccessKeyId": access_key,
            "obsSecretAccessKey": secret,
        }
        return self.expired(config) if expired else config

    def user_id(self, config: Config) -> str:
        """As bucket policies name the config's user."""
        return self.shared.users[config["obsAccessKeyId"]].id

    def put_bucket_policy(self, bucket: str, policy: Mapping[str, Any]) -> None:
        self.shared.policies[bucket] = policy

    def keep_versions(self, bucket: str, config: Config, *, removable: bool) -> None:
        """From now on. `removable`: whether the config's user may remove versions."""
        self._s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        if not removable:
            self.shared.keeps_versions.add(bucket)

    def versions(self, bucket: str) -> int:
        """All there are, with delete markers."""
        found = self._s3.list_object_versions(Bucket=bucket)
        return len(found.get("Versions", [])) + len(found.get("DeleteMarkers", []))

    def lock(self, bucket: str) -> None:
        """WORM with a default retention."""
        self.shared.locked.add(bucket)

    def trouble(self, bucket: str, trouble: Trouble | None) -> None:
        if trouble is None:
            self.shared.troubles.pop(bucket, None)
        else:
            self.shared.troubles[bucket] = trouble

    def redirect(self, bucket: str, url: str | None) -> None:
        """Send everybody who asks for this bucket to another place (307), such as `http://host:port`."""
        if url is None:
            self.shared.redirects.pop(bucket, None)
        else:
            self.shared.redirects[bucket] = url

    def with_wrong_secret(self, config: Config) -> Config:
        return config | {"obsSecretAccessKey": secrets.token_hex(20)}

    def with_unknown_key(self, config: Config) -> Config:
        return config | {"obsAccessKeyId": secrets.token_hex(10).upper()}

    def with_missing_bucket(self, config: Config) -> Config:
        return self.with_path(config, f"missing-{secrets.token_hex(6)}", "input/")

    def with_path(self, config: Config, bucket: str, prefix: str) -> Config:
        return config | {"fullPath": f"obs://{bucket}/{prefix}"}

    def expired(self, config: Config) -> Config:
        """A permanent key does not expire, but it can be deactivated: OBS then answers InvalidAccessKeyId."""
        del self.shared.users[config["obsAccessKeyId"]]
        return config

    def at_address(self, config: Config, address: str) -> Config:
        return self.with_endpoint(config, f"http://{address}")

    def with_endpoint(self, config: Config, url: str) -> Config:
        return config | {"obsEndpoint": url}
