"""Azure Blob Storage for tests: Azurite, which enforces SAS tokens, behind a gate that records and corrects.

What Azurite 3.37.0 answers, tried with azure-storage-blob 12.31.1 (every refusal is a 403):

=============================================  ============================================================
SAS with only `cl`, `rcl` or `c`, blob exists  AuthorizationPermissionMismatch, whether the PUT is conditional
                                               (If-None-Match: *) or not; the account SAS likewise
... and the blob does not exist                201
SAS with `w` (with or without `c`)             201; conditional PUT of an existing blob: 409 BlobAlreadyExists
`a` alone, `l` alone, `r` alone                AuthorizationPermissionMismatch for any PUT
`r`, missing blob                              404 BlobNotFound (also without `l`: Azure does not hide keys)
no `r`, missing blob                           AuthorizationPermissionMismatch
`d`, missing blob                              404 BlobNotFound
`container.exists()`                           AuthorizationPermissionMismatch for every container SAS
expired, not yet valid, bad signature,
other container, no SAS at all                 AuthorizationFailure
signed for the missing container itself        404 ContainerNotFound
https-only SAS over http                       AuthorizationProtocolMismatch
account SAS without `srt=o` (or `c`)           AuthorizationResourceTypeMismatch for blobs (for the listing)
IP-restricted SAS                              not enforced
unknown account                                404 ResourceNotFound (the real one has no DNS name)
=============================================  ============================================================

The gate turns two of these into what Azure says: creating over an existing blob without `w` is refused as
UnauthorizedBlobOverwrite, and a SAS that is no good as AuthenticationFailed. `as_azurite=True` leaves them alone.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.storage.blob import (
    BlobServiceClient,
    CorsRule,
    ResourceTypes,
    Services,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from tests.servers.gate import Exchange, Gate, NoAnswer, Request, Response, Silence
from tests.servers.node import ensure_node_modules, node
from tests.servers.process import HOST, ServerProcess
from tests.servers.vocabulary import Config, Right, Trouble

ACCOUNT = "lightlytest"
OTHER_ACCOUNT = "anotheraccount"

_LETTERS = {Right.LIST: "l", Right.READ: "r", Right.CREATE: "c", Right.REPLACE: "cw", Right.DELETE: "d"}
_ORDER = "racwdl"


class AzureGate(Gate):
    """Corrects Azurite's answers, and lets containers misbehave."""

    def __init__(self, *, as_azurite: bool = False) -> None:
        super().__init__()
        self.as_azurite = as_azurite
        self.troubles: dict[str, Trouble] = {}
        self.versions: dict[str, set[str]] = {}
        """Of containers that keep versions: their identifiers."""
        self.kept: dict[str, str] = {}
        """By container: the code with which changes of its blobs are refused."""

    def answer(self, request: Request) -> Response:
        container = request.path.split("/")[2] if request.path.count("/") > 1 else ""
        match self.troubles.get(container):
            case Trouble.SILENT:
                raise Silence
            case Trouble.RESET:
                raise NoAnswer
            case Trouble.THROTTLED:
                return _error(503, "ServerBusy", "The server is busy.")
            case Trouble.SERVER_ERROR:
                return _error(
                    500, "InternalError", "The server encountered an internal error. Please retry the request."
                )
        changes = request.method == "DELETE" or request.header("If-Match") == "*"
        if container in self.kept and changes:
            return _error(409, self.kept[container], "This operation is not permitted as the blob is immutable.")
        if container in self.versions and "versionid" in request.query:
            return self._remove_version(request, container)
        answer = self.forward(request)
        if container in self.versions and request.method == "PUT" and answer.status == 201:
            version = f"2026-11-28T00:00:00.{len(self.requests):07}Z"
            self.versions[container].add(version)
            answer = Response(answer.status, answer.body, {**answer.headers, "x-ms-version-id": version})
        return answer if self.as_azurite else _corrected(request, answer)

    def _remove_version(self, request: Request, container: str) -> Response:
        """Azurite keeps none. It takes a letter of its own."""
        version = request.query["versionid"]
        if "x" not in request.query.get("sp", ""):
            return _error(403, "AuthorizationPermissionMismatch", "This request is not authorized.")
        if version not in self.versions[container]:
            return _error(404, "BlobNotFound", "The specified blob does not exist.")
        self.versions[container].remove(version)
        return Response(202)


def _corrected(request: Request, answer: Response) -> Response:
    code = {name.lower(): value for name, value in answer.headers.items()}.get("x-ms-error-code", "")
    letters = request.query.get("sp", "")
    if code == "AuthorizationFailure":
        return _error(403, "AuthenticationFailed", "Server failed to authenticate the request.")
    # With `c` and without `w`, Azurite refuses a PUT for one reason only: the blob is there.
    if code == "AuthorizationPermissionMismatch" and request.method == "PUT" and "c" in letters and "w" not in letters:
        message = "This request is not authorized to perform blob overwrites."
        return _error(403, "UnauthorizedBlobOverwrite", message)
    return answer


def _error(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(status, body.encode(), {"Content-Type": "application/xml", "x-ms-error-code": code})


class AzureCloud:
    """Containers of a storage account, reached with a SAS token."""

    provider = "AZURE"

    def __init__(self, *, as_azurite: bool = False) -> None:
        self._keys = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in (ACCOUNT, OTHER_ACCOUNT)}
        self.gate = AzureGate(as_azurite=as_azurite)
        self.server = ServerProcess(
            "azurite",
            self._command,
            environment={"AZURITE_ACCOUNTS": ";".join(f"{name}:{key}" for name, key in self._keys.items())},
        )
        self._service: BlobServiceClient

    def _command(self, port: int) -> list[str]:
        script = ensure_node_modules() / "azurite" / "dist" / "src" / "blob" / "main.js"
        options = ["--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        return [node(), str(script), "--blobHost", HOST, "--blobPort", str(port), *options]

    @property
    def requests(self) -> list[Exchange]:
        return self.gate.requests

    @property
    def address(self) -> str:
        return self.gate.address

    def start(self) -> None:
        self.server.start()
        self.gate.upstream = self.server.address
        self._service = BlobServiceClient(f"http://{self.server.address}/{ACCOUNT}", credential=self._keys[ACCOUNT])
        self.gate.start()

    def stop(self) -> None:
        self.gate.stop()
        self._service.close()
        self.server.stop()

    def environment(self, address: str | None = None) -> dict[str, str]:
        return {
            "LIGHTLY_AZURE_ENDPOINT_URL": f"http://{address or self.address}/{{account}}",
            "LIGHTLY_ALLOWED_PRIVATE_HOSTS": HOST,
        }

    def make_bucket(self) -> str:
        name = f"container-{secrets.token_hex(6)}"
        self._service.create_container(name)
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        self._service.get_blob_client(bucket, key).upload_blob(data, overwrite=True)

    def put_directory(self, bucket: str, key: str) -> None:
        """As an account with a hierarchical namespace lists one."""
        self._service.get_blob_client(bucket, key).upload_blob(b"", overwrite=True, metadata={"hdi_isfolder": "true"})

    def get(self, bucket: str, key: str) -> bytes:
        return self._service.get_blob_client(bucket, key).download_blob().readall()

    def keys(self, bucket: str) -> list[str]:
        return sorted(self._service.get_container_client(bucket).list_blob_names())

    def grant(self, bucket: str, prefix: str, rights: Collection[Right], *, expired: bool = False) -> Config:
        """A container SAS reaches the whole container: Azure cannot confine it to a prefix."""
        if expired:
            return self.expired(self.grant(bucket, prefix, rights))
        letters = "".join(letter for letter in _ORDER if any(letter in _LETTERS[right] for right in rights))
        # A SAS must have some letter; this one (append) allows nothing that a datasource needs.
        return self.config(bucket, prefix, self.container_sas(bucket, letters or "a"))

    def config(self, bucket: str, prefix: str, sas: str, account: str = ACCOUNT) -> Config:
        return {"type": "AZURE", "fullPath": f"{bucket}/{prefix}", "accountName": account, "accountKey": f"?{sas}"}

    def container_sas(
        self, container: str, letters: str, *, expiry: datetime | None = None, account: str = ACCOUNT, **options: Any
    ) -> str:
        """Without the leading `?`. Options: start, ip, protocol, as generate_container_sas has them."""
        return generate_container_sas(
            account_name=account,
            container_name=container,
            account_key=self._keys[account],
            permission=letters,
            expiry=expiry or datetime.now(UTC) + timedelta(hours=1),
            **options,
        )

    def blob_sas(self, container: str, key: str, letters: str) -> str:
        """Good for one blob alone (`sr=b`)."""
        return generate_blob_sas(
            ACCOUNT,
            container,
            key,
            account_key=self._keys[ACCOUNT],
            permission=letters,
            expiry=datetime.now(UTC) + timedelta(hours=1),
        )

    def account_sas(
        self, letters: str, resource_types: str = "co", *, expiry: datetime | None = None, services: str = "b"
    ) -> str:
        """`resource_types`: any of `s`, `c`, `o`; `services`: any of `b`, `q`, `t`, `f`."""
        return generate_account_sas(
            ACCOUNT,
            self._keys[ACCOUNT],
            ResourceTypes.from_string(resource_types),
            letters,
            expiry or datetime.now(UTC) + timedelta(hours=1),
            services=Services.from_string(services),
        )

    def set_cors(self, rules: list[CorsRule]) -> None:
        """Of the whole account: whoever sets some takes them away again."""
        self._service.set_service_properties(cors=rules)

    def keep_versions(self, bucket: str, config: Config, *, removable: bool) -> None:
        """From now on. `removable`: the config gets a token that may remove versions."""
        self.gate.versions[bucket] = set()
        if removable:
            config["accountKey"] = f"?{self.container_sas(bucket, _letters_of(config).replace('d', 'dx'))}"

    def versions(self, bucket: str) -> int:
        """All that were written since."""
        return len(self.gate.versions[bucket])

    def keep(self, bucket: str, code: str) -> None:
        """Under an immutability policy or a legal hold."""
        self.gate.kept[bucket] = code

    def trouble(self, bucket: str, trouble: Trouble | None) -> None:
        if trouble is None:
            self.gate.troubles.pop(bucket, None)
        else:
            self.gate.troubles[bucket] = trouble

    def with_wrong_secret(self, config: Config) -> Config:
        """The same SAS with a made-up signature."""
        unsigned, _, _ = config["accountKey"].partition("&sig=")
        signature = base64.b64encode(secrets.token_bytes(32)).decode().replace("+", "%2B").replace("/", "%2F")
        return config | {"accountKey": f"{unsigned}&sig={signature.replace('=', '%3D')}"}

    def with_unknown_key(self, config: Config) -> Config:
        """A SAS of another account: to this one, its key is unknown."""
        container, _, _ = config["fullPath"].partition("/")
        return config | {"accountKey": f"?{self.container_sas(container, 'racwdl', account=OTHER_ACCOUNT)}"}

    def with_unknown_account(self, config: Config) -> Config:
        """The account does not exist: 404 ResourceNotFound here, no such host name on the real Azure."""
        return config | {"accountName": f"missing{secrets.token_hex(6)}"}

    def with_missing_bucket(self, config: Config) -> Config:
        """With a SAS for that very container; a SAS for another one does not get as far as a 404."""
        missing = f"missing-{secrets.token_hex(6)}"
        return self.config(missing, "input/", self.container_sas(missing, _letters_of(config)))

    def with_path(self, config: Config, bucket: str, prefix: str) -> Config:
        """Signed anew if it is for another container."""
        if config["fullPath"].partition("/")[0] == bucket:
            return config | {"fullPath": f"{bucket}/{prefix}"}
        return self.config(bucket, prefix, self.container_sas(bucket, _letters_of(config)))

    def expired(self, config: Config) -> Config:
        container, _, prefix = config["fullPath"].partition("/")
        yesterday = datetime.now(UTC) - timedelta(days=1)
        return self.config(container, prefix, self.container_sas(container, _letters_of(config), expiry=yesterday))

    def not_yet_valid(self, config: Config) -> Config:
        container, _, prefix = config["fullPath"].partition("/")
        now = datetime.now(UTC)
        sas = self.container_sas(
            container, _letters_of(config), start=now + timedelta(days=1), expiry=now + timedelta(days=2)
        )
        return self.config(container, prefix, sas)

    def at_address(self, config: Config, address: str) -> Config:
        return config


def _letters_of(config: Config) -> str:
    return dict(part.partition("=")[::2] for part in config["accountKey"].removeprefix("?").split("&"))["sp"]
