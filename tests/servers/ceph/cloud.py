"""S3-compatible storage for tests: Ceph's RADOS gateway, a server that nobody here wrote.

It judges by itself. The gate before it records, and makes trouble. The cluster is started when it is first needed.
"""

from __future__ import annotations

import json
import re
import secrets
import tempfile
import threading
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import requests
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config as BotoConfig
from botocore.credentials import Credentials

from tests.servers.ceph.cluster import Cluster
from tests.servers.certificates import Authority
from tests.servers.gate import Exchange, Gate, NoAnswer, Request, Response, Silence
from tests.servers.process import HOST
from tests.servers.vocabulary import Config, Right, Trouble
from tests.servers.xml_errors import xml_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Not the address: at that one, `set_obs_config` means the OBS server of the tests.
NAME = "localhost"
REGION = "default"  # what the gateway calls its zone group; it takes signatures for any region


class TroubledGate(Gate):
    """Forwards to the gateway, except for buckets that are in trouble."""

    def __init__(self, troubles: dict[str, Trouble], requests: list[Exchange]) -> None:
        super().__init__()
        self.requests = requests
        self.troubles = troubles
        self.redirects: dict[str, str] = {}

    def answer(self, request: Request) -> Response:
        bucket, _ = request.bucket_and_key()
        match self.troubles.get(bucket):
            case Trouble.SILENT:
                raise Silence
            case Trouble.RESET:
                raise NoAnswer
            case Trouble.THROTTLED:
                return xml_error(503, "SlowDown", "Please reduce your request rate.")
            case Trouble.SERVER_ERROR:
                return xml_error(500, "InternalError", "We encountered an internal error. Please try again.")
        if bucket in self.redirects:
            return Response(307, b"", {"Location": self.redirects[bucket] + request.target})
        return self.forward(request)


class CephCloud:
    """Buckets of a RADOS gateway, reached with a user's access key. The endpoint is part of the config."""

    provider = "S3Compatible"

    def __init__(self) -> None:
        self.requests: list[Exchange] = []
        self._troubles: dict[str, Trouble] = {}
        self.gate, self.https_gate, self.wrong_name_gate = (
            TroubledGate(self._troubles, self.requests) for _ in range(3)
        )
        self.authority_pem = ""
        self._certificates: tempfile.TemporaryDirectory[str] | None = None
        self._cluster = Cluster()
        self._starting = threading.Lock()
        self._admin: Credentials | None = None
        self._client: S3Client
        self._policies: dict[str, list[dict[str, Any]]] = {}

    @property
    def address(self) -> str:
        self._ensure_started()
        return f"{NAME}:{self.gate.port}"

    @property
    def https_url(self) -> str:
        """With a certificate that is good for whoever trusts `authority_pem`."""
        self._ensure_started()
        return f"https://{self.https_gate.address}"

    @property
    def wrong_name_url(self) -> str:
        """With a certificate by the same authority, but for another host."""
        self._ensure_started()
        return f"https://{self.wrong_name_gate.address}"

    def start(self) -> None:
        """Nothing yet: many tests start all clouds, and few need this one."""

    def stop(self) -> None:
        if self._admin is None:
            return
        for gate in (self.gate, self.https_gate, self.wrong_name_gate):
            gate.stop()
        self._cluster.stop()
        self._admin = None
        if self._certificates is not None:
            self._certificates.cleanup()

    def _ensure_started(self) -> None:
        with self._starting:
            if self._admin is not None:
                return
            self._cluster.start()
            self._certificates = tempfile.TemporaryDirectory()
            authority = Authority(Path(self._certificates.name))
            self.authority_pem = authority.ca_file.read_text()
            self.https_gate.tls = authority.server_context()
            self.wrong_name_gate.tls = authority.server_context("s3.somewhere-else.example")
            for gate in (self.gate, self.https_gate, self.wrong_name_gate):
                gate.upstream = self._cluster.address
                gate.start()
            self._admin = Credentials(*self._cluster.make_admin())
            self._client = boto3.Session(self._admin.access_key, self._admin.secret_key, region_name=REGION).client(
                "s3",
                endpoint_url=f"http://{self._cluster.address}",
                config=BotoConfig(s3={"addressing_style": "path"}),
            )

    @property
    def _s3(self) -> S3Client:
        self._ensure_started()
        return self._client

    def environment(self, address: str | None = None) -> dict[str, str]:
        """The endpoint is in the config: see `at_address` for a fault proxy in between."""
        return {"LIGHTLY_ALLOWED_PRIVATE_HOSTS": f"{HOST},{NAME}"}

    def make_bucket(self) -> str:
        name = f"bucket-{secrets.token_hex(6)}"
        self._s3.create_bucket(Bucket=name)
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self._s3.put_object(Bucket=bucket, Key=key, Body=data)

    def get(self, bucket: str, key: str) -> bytes:
        return self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, bucket: str) -> list[str]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", []))

    def set_cors(self, bucket: str, rules: list[dict[str, Any]]) -> None:
        self._s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})  # type: ignore[typeddict-item]

    def grant(self, bucket: str, prefix: str, rights: Collection[Right], *, expired: bool = False) -> Config:
        user = f"user-{secrets.token_hex(6)}"
        made = self._ask_admin("PUT", f"uid={user}&display-name={user}")
        [key] = made["keys"]
        self.add_statements(bucket, _statements(user, bucket, prefix, rights))
        config = {
            "type": "S3Compatible",
            "fullPath": f"s3://{bucket}/{prefix}",
            "s3Endpoint": f"http://{self.address}",
            "s3Region": REGION,
            "s3AccessKeyId": key["access_key"],
            "s3SecretAccessKey": key["secret_key"],
        }
        return self.expired(config) if expired else config

    def owner_config(self, bucket: str, prefix: str) -> Config:
        """A config for a new user whom the bucket belongs to from now on."""
        user = f"user-{secrets.token_hex(6)}"
        [key] = self._ask_admin("PUT", f"uid={user}&display-name={user}")["keys"]
        self._admin_call("PUT", "bucket", f"bucket={bucket}&bucket-id={self._id_of(bucket)}&uid={user}")
        return {
            "type": "S3Compatible",
            "fullPath": f"s3://{bucket}/{prefix}",
            "s3Endpoint": f"http://{self.address}",
            "s3AccessKeyId": key["access_key"],
            "s3SecretAccessKey": key["secret_key"],
        }

    def as_obs(self, config: Config) -> Config:
        """The same as the official client's `set_obs_config` says it."""
        return {
            "type": "OBS",
            "fullPath": config["fullPath"].replace("s3://", "obs://"),
            "obsEndpoint": config["s3Endpoint"],
            "obsAccessKeyId": config["s3AccessKeyId"],
            "obsSecretAccessKey": config["s3SecretAccessKey"],
        }

    def _id_of(self, bucket: str) -> str:
        return str(json.loads(self._admin_call("GET", "bucket", f"bucket={bucket}"))["id"])

    def user_of(self, config: Config) -> str:
        """The gateway's own name for who has this key."""
        keys = json.loads(self._admin_call("GET", "user", f"access-key={config['s3AccessKeyId']}"))
        return str(keys["user_id"])

    def add_statements(self, bucket: str, statements: list[dict[str, Any]]) -> None:
        """To the bucket's policy."""
        present = self._policies.setdefault(bucket, [])
        present += statements
        if present:
            document = {"Version": "2012-10-17", "Statement": present}
            self._s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))

    def suspend(self, config: Config) -> None:
        """All keys of this user are refused from now on, with a code of its own."""
        self._ask_admin("POST", f"uid={self.user_of(config)}&suspended=1")

    def limit_objects(self, bucket: str, most: int) -> None:
        """From now on the bucket may hold no more than so many objects."""
        limit = f"quota&uid=operator&bucket={bucket}&enabled=true&max-objects={most}&max-size=-1"
        self._admin_call("PUT", "bucket", limit)

    def trouble(self, bucket: str, trouble: Trouble | None) -> None:
        if trouble is None:
            self._troubles.pop(bucket, None)
        else:
            self._troubles[bucket] = trouble

    def redirect(self, bucket: str, url: str | None) -> None:
        """Send everybody who asks for this bucket to another place (307), such as `http://host:port`."""
        if url is None:
            self.gate.redirects.pop(bucket, None)
        else:
            self.gate.redirects[bucket] = url

    def with_wrong_secret(self, config: Config) -> Config:
        return config | {"s3SecretAccessKey": secrets.token_hex(20)}

    def with_unknown_key(self, config: Config) -> Config:
        return config | {"s3AccessKeyId": secrets.token_hex(10).upper()}

    def with_missing_bucket(self, config: Config) -> Config:
        return self.with_path(config, f"missing-{secrets.token_hex(6)}", "input/")

    def with_path(self, config: Config, bucket: str, prefix: str) -> Config:
        return config | {"fullPath": f"s3://{bucket}/{prefix}"}

    def expired(self, config: Config) -> Config:
        """A user's key does not expire, but it can be taken away: the gateway then answers InvalidAccessKeyId."""
        self._ask_admin("DELETE", f"key&access-key={config['s3AccessKeyId']}")
        return config

    def at_address(self, config: Config, address: str) -> Config:
        return self.with_endpoint(config, f"http://{address}")

    def with_endpoint(self, config: Config, url: str) -> Config:
        return config | {"s3Endpoint": url}

    def _ask_admin(self, method: str, query: str) -> Any:
        text = self._admin_call(method, "user", query)
        return json.loads(text) if text else None

    def _admin_call(self, method: str, what: str, query: str) -> str:
        """https://docs.ceph.com/en/pacific/radosgw/adminops/"""
        self._ensure_started()
        assert self._admin is not None
        url = f"http://{self._cluster.address}/admin/{what}?{query}&format=json"
        request = AWSRequest(method, url)
        S3SigV4Auth(self._admin, "s3", REGION).add_auth(request)
        answer = requests.request(method, url, headers=dict(request.headers), timeout=30)
        if answer.status_code >= 300:
            raise RuntimeError(f"{method} {query}: {answer.status_code} {answer.text}")
        return answer.text


def _statements(user: str, bucket: str, prefix: str, rights: Collection[Right]) -> list[dict[str, Any]]:
    prefix = re.sub(r"[*?$:]", "?", prefix)  # it has no way to write them literally
    who = {"AWS": [f"arn:aws:iam:::user/{user}"]}
    place = f"arn:aws:s3:::{bucket}"
    statements: list[dict[str, Any]] = []
    if Right.LIST in rights:
        only_below = {"Condition": {"StringLike": {"s3:prefix": [f"{prefix}*"]}}} if prefix else {}
        statements.append(
            {"Effect": "Allow", "Principal": who, "Action": ["s3:ListBucket"], "Resource": [place], **only_below}
        )
    actions = {
        Right.READ: "s3:GetObject",
        Right.REPLACE: "s3:PutObject",
        Right.DELETE: "s3:DeleteObject",
    }
    if allowed := [action for right, action in actions.items() if right in rights]:
        below = f"{place}/{prefix}*"
        statements.append({"Effect": "Allow", "Principal": who, "Action": allowed, "Resource": [below]})
    return statements
