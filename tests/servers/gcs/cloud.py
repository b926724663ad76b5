"""Google Cloud Storage on an emulator: what its operator does, and the accounts that are handed out."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from requests import Response as HttpResponse

from tests.servers.gate import Exchange
from tests.servers.gcs.accounts import (
    PERMISSIONS,
    PROJECT,
    Account,
    Binding,
    State,
    key_pair,
    pem_of,
    service_account_file,
)
from tests.servers.gcs.gate import CERTS_PATH, TOKEN_PATH, GCSGate
from tests.servers.process import HOST, ServerProcess
from tests.servers.vocabulary import Config, Right, Trouble


class GCSCloud:
    """Buckets of Google Cloud Storage, reached with a service account's key."""

    provider = "GCS"

    def __init__(self) -> None:
        command = [str(Path(sys.executable).with_name("gcp-storage-emulator")), "start", "-H", HOST, "-M", "-q"]
        self.server = ServerProcess("gcp-storage-emulator", lambda port: [*command, "--port", str(port)])
        self.gate = GCSGate()

    @property
    def requests(self) -> list[Exchange]:
        return self.gate.requests

    @property
    def address(self) -> str:
        return self.gate.address

    def start(self) -> None:
        self.server.start()
        self.gate.upstream = self.server.address
        self.gate.start()

    def stop(self) -> None:
        self.gate.stop()
        self.server.stop()

    def environment(self, address: str | None = None) -> dict[str, str]:
        url = f"http://{address or self.address}"
        return {
            "LIGHTLY_GCS_ENDPOINT_URL": url,
            "LIGHTLY_GCS_TOKEN_URL": url + TOKEN_PATH,
            "LIGHTLY_GCS_CERTS_URL": url + CERTS_PATH,
            "LIGHTLY_ALLOWED_PRIVATE_HOSTS": HOST,
        }

    def make_bucket(self) -> str:
        name = f"bucket-{secrets.token_hex(6)}"
        self._call("POST", "/storage/v1/b", json={"name": name})
        self.gate.buckets.add(name)
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        boundary = secrets.token_hex(16)
        body = (
            f"--{boundary}\r\nContent-Type: application/json\r\n\r\n{json.dumps({'name': key})}\r\n"
            f"--{boundary}\r\nContent-Type: application/octet-stream\r\n\r\n"
        ).encode()
        self._call(
            "POST",
            f"/upload/storage/v1/b/{bucket}/o?uploadType=multipart",
            data=body + data + f"\r\n--{boundary}--\r\n".encode(),
            headers={"Content-Type": f"multipart/related; boundary={boundary}"},
        )

    def get(self, bucket: str, key: str) -> bytes:
        return self._call("GET", f"/download/storage/v1/b/{bucket}/o/{quote(key, safe='')}?alt=media").content

    def keys(self, bucket: str) -> list[str]:
        return sorted(item["name"] for item in self._call("GET", f"/storage/v1/b/{bucket}/o").json()["items"])

    def grant(
        self,
        bucket: str,
        prefix: str,
        rights: Collection[Right],
        *,
        expired: bool = False,
        permissions: Collection[str] = (),
    ) -> Config:
        """REPLACE comes with DELETE, as Google has it. `permissions`: further ones, such as storage.buckets.get."""
        email = f"sa-{secrets.token_hex(6)}@{PROJECT}.iam.gserviceaccount.com"
        names = frozenset(permissions).union(*(PERMISSIONS[right] for right in rights))
        account = Account(email, secrets.token_hex(20), bucket, prefix, names)
        self.gate.accounts[email] = account
        config = {
            "type": "GCS",
            "fullPath": f"gs://{bucket}/{prefix}",
            "gcsProjectId": PROJECT,
            "gcsCredentials": json.dumps(service_account_file(account)),
        }
        return self.expired(config) if expired else config

    def bind(self, config: Config, bucket: str, permissions: Collection[str], condition: str = "") -> None:
        """Give the config's account one more custom role on a bucket, as `add-iam-policy-binding` does."""
        email = json.loads(config["gcsCredentials"])["client_email"]
        account = self.gate.accounts[email]
        binding = Binding(frozenset(permissions), bucket, condition)
        self.gate.accounts[email] = replace(account, bindings=(*account.bindings, binding))

    def set_cors(self, bucket: str, rules: list[dict[str, Any]]) -> None:
        """As `gcloud storage buckets update --cors-file` takes them."""
        self.gate.cors[bucket] = rules

    def publish_certificate(self, config: Config, *, made: datetime, ends: datetime) -> None:
        """What Google shows the world of the config's key."""
        info = json.loads(config["gcsCredentials"])
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, info["client_email"].replace("@", ".")[:60])])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key_pair(0).public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(made)
            .not_valid_after(ends)
            .sign(key_pair(0), hashes.SHA256())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.gate.certificates.setdefault(info["client_email"], {})[info["private_key_id"]] = pem

    def keep_versions(self, bucket: str, config: Config, *, removable: bool) -> None:
        """From now on. Who may delete objects may remove versions, so they are always removable."""
        self.gate.noncurrent[bucket] = set()

    def versions(self, bucket: str) -> int:
        """All there are."""
        return len(self.keys(bucket)) + len(self.gate.noncurrent[bucket])

    def keep(self, bucket: str, reason: str, text: str) -> None:
        """Under a retention policy or a hold, as Google words the refusal."""
        self.gate.kept[bucket] = reason, text

    def let_caller_pay(self, bucket: str) -> None:
        """Requester pays."""
        self.gate.caller_pays.add(bucket)

    def let_bill_nobody(self, config: Config) -> None:
        """The config's account lacks serviceusage.services.use on every project."""
        self.gate.bills_nobody.add(json.loads(config["gcsCredentials"])["client_email"])

    def trouble(self, bucket: str, trouble: Trouble | None) -> None:
        if trouble is None:
            self.gate.troubles.pop(bucket, None)
        else:
            self.gate.troubles[bucket] = trouble

    def with_wrong_secret(self, config: Config) -> Config:
        """Another private key under the same key id: Google answers invalid_grant, Invalid JWT Signature."""
        return _with_credentials(config, private_key=pem_of(key_pair(1)))

    def with_unknown_key(self, config: Config) -> Config:
        """An account that Google does not know: invalid_grant, account not found."""
        return _with_credentials(config, client_email=f"gone@{PROJECT}.iam.gserviceaccount.com")

    def with_missing_bucket(self, config: Config) -> Config:
        return self.with_path(config, f"missing-{secrets.token_hex(6)}", "input/")

    def with_path(self, config: Config, bucket: str, prefix: str) -> Config:
        return config | {"fullPath": f"gs://{bucket}/{prefix}"}

    def expired(self, config: Config) -> Config:
        """A key past its date is answered like a deleted one: invalid_grant, Invalid JWT Signature."""
        return self.set_state(config, State.KEY_GONE)

    def set_state(self, config: Config, state: State) -> Config:
        email = json.loads(config["gcsCredentials"])["client_email"]
        self.gate.accounts[email] = replace(self.gate.accounts[email], state=state)
        return config

    def at_address(self, config: Config, address: str) -> Config:
        return config

    def _call(self, method: str, target: str, **options: Any) -> HttpResponse:
        answer = requests.request(method, f"http://{self.server.address}{target}", timeout=30, **options)
        answer.raise_for_status()
        return answer


def _with_credentials(config: Config, **changes: str) -> Config:
    return config | {"gcsCredentials": json.dumps(json.loads(config["gcsCredentials"]) | changes)}
