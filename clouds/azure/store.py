"""Azure Blob Storage with a shared access signature (SAS)."""

import functools
import re
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

import azure.core.exceptions
from azure.core import MatchConditions
from azure.storage.blob import BlobProperties, BlobServiceClient, ContainerClient
from pydantic import AfterValidator, Field, SecretStr

from clouds import preflight
from clouds.base import (
    Cause,
    CloudConfig,
    CorsRule,
    Deadline,
    Endpoints,
    Entry,
    Expiry,
    Failure,
    Page,
    Preflight,
    SecretWord,
    StoreError,
    cause_of_status,
    normalise_path,
    safe_code,
)

PUBLIC_ENDPOINT = "https://{account}.blob.core.windows.net"
# https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
CONTAINER = re.compile(r"\$root|\$web|\$logs|[a-z0-9](?:-?[a-z0-9]){2,62}")
MOST_PER_PAGE = 5000
PATH_EXAMPLE = "my-container/path/to/images/"
SAS_EXAMPLE = "?sv=2025-05-05&sr=c&sp=rl&se=2027-01-01T00%3A00%3A00Z&sig=…"


def sas_fields(token: str) -> dict[str, str]:
    """The parts of a SAS: `sp` letters, `st` start, `se` end, `sr`/`srt` resources, `spr` protocol, `sig` signature.

    https://learn.microsoft.com/rest/api/storageservices/create-service-sas
    """
    return dict(urllib.parse.parse_qsl(token.strip().lstrip("?"), keep_blank_values=True))


def _check_sas(value: SecretStr) -> SecretStr:
    token = value.get_secret_value().strip()
    if "AccountKey=" in token or "SharedAccessSignature=" in token:
        raise ValueError(f"This is a connection string. Give the SAS token alone. For example: {SAS_EXAMPLE}")
    if token.startswith(("http://", "https://")):
        raise ValueError(f"This is an address. Give the part from the question mark on. For example: {SAS_EXAMPLE}")
    missing = [name for name in ("sig", "sp", "se") if not sas_fields(token).get(name)]
    # `se` and `sp` may live in a stored access policy, which `si` names.
    if "sig" in missing or (missing and "si" not in sas_fields(token)):
        raise ValueError(
            f"This is not a whole SAS token: it has no {' and no '.join(missing)}. For example: {SAS_EXAMPLE}"
        )
    return SecretStr(token)


class AzureConfig(CloudConfig):
    provider_label: ClassVar[str] = "Azure Blob Storage"
    provider_short: ClassVar[str] = "Azure"
    credential_label: ClassVar[str] = "SAS token"

    type: Literal["AZURE"] = "AZURE"
    path: Annotated[
        str,
        AfterValidator(functools.partial(normalise_path, scheme="", bucket_pattern=CONTAINER, example=PATH_EXAMPLE)),
    ] = Field(
        alias="fullPath",
        title="Container and path",
        description="The container, and an existing directory in it. It may be empty.",
        examples=[PATH_EXAMPLE],
        json_schema_extra={
            "where": "In the Azure portal open the storage account, then Containers under Data storage; a click on "
            "one shows its directories. In a terminal: `az storage container list --account-name NAME --auth-mode "
            "login --query '[].name'`.",
        },
    )
    account: str = Field(
        alias="accountName",
        title="Storage account",
        description="The name alone, as in <name>.blob.core.windows.net.",
        examples=["mystorageaccount"],
        pattern=r"^[a-z0-9]{3,24}$",
        json_schema_extra={
            "binds_secret": True,
            "where": "In the Azure portal, the list Storage accounts has it as Name. In a terminal: `az storage "
            "account list --query '[].name'`.",
        },
    )
    sas_token: Annotated[SecretWord, AfterValidator(_check_sas)] = Field(
        alias="accountKey",
        title="SAS token",
        description="With or without the leading question mark. Stored encrypted, never shown again.",
        examples=[SAS_EXAMPLE],
        json_schema_extra={
            "where": "In the Azure portal open the container, then Shared access tokens under Settings; choose "
            "permissions and expiry, press Generate SAS token and URL, and copy Blob SAS token. Sign with an account"
            " key if it shall last longer than 7 days. In a terminal: `az storage container generate-sas`, whose "
            "whole call is under Give us access.",
        },
    )

    @property
    def principal(self) -> str:
        return self.account

    def expiry(self) -> Expiry | None:
        """The end of the token, or of the user delegation key that signed it (`ske`), whichever comes first.

        None where a stored access policy sets it (`si`), which only the account's owner can read.
        https://learn.microsoft.com/rest/api/storageservices/create-user-delegation-sas
        """
        fields = sas_fields(self.sas_token.get_secret_value())
        ends = [moment for name in ("se", "ske") if (moment := _moment(fields.get(name, "")))]
        return Expiry(min(ends), "sas_token") if ends else None

    def unusable(self, now: datetime) -> dict[str, str]:
        expiry = self.expiry()
        if expiry is None or expiry.moment > now:
            return {}
        ended = f"{expiry.moment.day} {expiry.moment:%B %Y at %H:%M} UTC"
        return {expiry.field: f"This token ended on {ended}, so it can't work. Make a new one and paste it here."}

    def open(self, endpoints: Endpoints, deadline: Deadline) -> "AzureStore":
        token = self.sas_token.get_secret_value()
        if failure := _expiry_failure(sas_fields(token)):
            raise StoreError(failure)
        service = BlobServiceClient(
            (endpoints.azure or PUBLIC_ENDPOINT).format(account=self.account),
            credential=token.lstrip("?"),
            retry_total=0,
            permit_redirects=False,
            connection_timeout=deadline.timeout(),
            read_timeout=deadline.timeout(),
        )
        return AzureStore(service.get_container_client(self.bucket), deadline)


def _expiry_failure(fields: dict[str, str]) -> Failure | None:
    """What the token itself says of its time. The cloud would answer one and the same code for it and for a forgery."""
    now = datetime.now(UTC)
    end, start = _moment(fields.get("se", "")), _moment(fields.get("st", ""))
    if end and end < now:
        return Failure(Cause.EXPIRED, "se")
    if start and start > now:
        return Failure(Cause.NOT_YET_VALID, "st")
    return None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the latter: an offset that leads out of the calendar
        return None


class AzureStore:
    # A SAS is judged before the blob is looked up, so a refusal says nothing of the blob and all of the right.
    missing_key_denial_is_proof: ClassVar[bool] = True

    def __init__(self, container: ContainerClient, deadline: Deadline) -> None:
        self.container = container
        self.deadline = deadline

    def keys(self, prefix: str, *, limit: int) -> list[str]:
        with _translated():
            pages = self.container.list_blobs(
                name_starts_with=prefix, results_per_page=limit, **self._limits()
            ).by_page()
            return [blob.name for blob in next(pages, [])]

    def folders(self, prefix: str, *, limit: int) -> list[str]:
        with _translated():
            pages = self.container.walk_blobs(
                name_starts_with=prefix, delimiter="/", results_per_page=limit, **self._limits()
            ).by_page()
            names = [item.name for item in next(pages, [])]
        return [name.removeprefix(prefix) for name in names if name.endswith("/")]

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        # `start_from` came with service version 2026-02-06, which the SDK asks for by name. It includes `after` itself.
        start: dict[str, Any] = {"start_from": after} if after else {}
        with _translated():
            pages = self.container.list_blobs(
                name_starts_with=prefix, results_per_page=limit + len(start), **start, **self._limits()
            ).by_page()
            # Azure may send an empty page and a marker when it crosses from one of its machines to the next.
            for blobs in pages:
                found = [blob for blob in blobs if blob.name != after]
                if found and found[0].name < after and _by_directory(found[0].name) < _by_directory(after):
                    return self._page_by_markers(prefix, after, limit)
                if found or not pages.continuation_token:  # type: ignore[attr-defined]
                    more = len(found) > limit or bool(pages.continuation_token)  # type: ignore[attr-defined]
                    return Page([_entry(blob) for blob in found[:limit]], more)
        return Page([], more=False)

    def _page_by_markers(self, prefix: str, after: str, limit: int) -> Page:
        """From servers older than `start_from`, which ignore it: read on from the front until `after` has passed."""
        order: Callable[[str], str] = str if self.in_plain_order() else _by_directory
        pages = self.container.list_blobs(
            name_starts_with=prefix, results_per_page=MOST_PER_PAGE, **self._limits()
        ).by_page()
        for blobs in pages:
            found = [blob for blob in blobs if order(blob.name) > order(after)]
            if found or not pages.continuation_token:  # type: ignore[attr-defined]
                more = len(found) > limit or bool(pages.continuation_token)  # type: ignore[attr-defined]
                return Page([_entry(blob) for blob in found[:limit]], more, starts_at_front=True)
        return Page([], more=False, starts_at_front=True)

    def in_plain_order(self) -> bool:
        """Not where directories are real (Data Lake Storage Gen2): those list `a/x` before `a-b`."""
        try:
            return not self.container.get_account_information(**self._limits()).get("is_hns_enabled")
        except azure.core.exceptions.AzureError:
            return False  # can't be told, so it can't be relied on

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        # Only the account's own key could sign anew: the SAS itself says until when and what for.
        address, _, token = self.container.url.partition("?")
        return f"{address}/{urllib.parse.quote(key, safe='/~')}?{token}"

    def read(self, key: str, *, limit: int = 1) -> bytes:
        with _translated():
            try:
                content: bytes = self.container.download_blob(key, offset=0, length=limit, **self._limits()).readall()
            except azure.core.exceptions.HttpResponseError as error:
                if error.status_code == 416:  # an object of no bytes: it was found and could be read
                    return b""
                raise
        return content

    def create(self, key: str, data: bytes) -> None:
        with _translated():
            self.container.upload_blob(key, data, overwrite=False, **self._limits())

    def replace(self, key: str, data: bytes) -> None:
        # A SAS that may create but not replace would be granted this if another check had just deleted the key.
        with _translated({"ConditionNotMet": Cause.NO_OBJECT}):
            self.container.upload_blob(
                key, data, overwrite=True, match_condition=MatchConditions.IfPresent, **self._limits()
            )

    def delete(self, key: str) -> None:
        with _translated():
            self.container.delete_blob(key, **self._limits())

    def cors_rules(self) -> list[CorsRule]:
        # They are the account's, and no SAS for a container may read them. A preflight request tells as much.
        raise StoreError(Failure(Cause.DENIED, "NotReadable"))

    def preflight(self, key: str, *, origin: str, deadline: Deadline) -> Preflight:
        url, _, _ = self.sign(key, seconds=60).partition("?")
        return preflight.ask(url, origin=origin, deadline=deadline)

    def close(self) -> None:
        self.container.close()

    def _limits(self) -> dict[str, Any]:
        return {"connection_timeout": self.deadline.timeout(), "read_timeout": self.deadline.timeout()}


def _entry(blob: BlobProperties) -> Entry:
    return Entry(blob.name, int(blob.last_modified.timestamp()), blob.size)


def _by_directory(name: str) -> str:
    """To sort by, where directories are real: all of `a/` comes before `a-b`."""
    return name.replace("/", "\0")


class _translated:  # noqa: N801 - reads as a with-statement
    """Turn what the SDK raises into a StoreError; for these codes, another cause than usual."""

    def __init__(self, causes: Mapping[str, Cause] = MappingProxyType({})) -> None:
        self.causes = causes

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, azure.core.exceptions.AzureError):
            failure = failure_of(error)
            raise StoreError(replace(failure, cause=self.causes.get(failure.code, failure.cause))) from None


# https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
CAUSES = {
    "AuthorizationPermissionMismatch": Cause.DENIED,
    "AuthorizationResourceTypeMismatch": Cause.DENIED,
    "AuthorizationServiceMismatch": Cause.DENIED,
    "AuthorizationSourceIPMismatch": Cause.NETWORK_RULES,
    "AuthorizationProtocolMismatch": Cause.DENIED,
    "InsufficientAccountPermissions": Cause.DENIED,
    "PublicAccessNotPermitted": Cause.DENIED,
    # What Azure answers when the account's firewall does not let a caller in. (Azurite: for any bad signature.)
    "AuthorizationFailure": Cause.NETWORK_RULES,
    # The signature is wrong, or made for another container, or expired by the cloud's clock: it does not say which.
    "AuthenticationFailed": Cause.CREDENTIAL_REFUSED,
    "InvalidAuthenticationInfo": Cause.CREDENTIAL_REFUSED,
    "NoAuthenticationInformation": Cause.CREDENTIAL_REFUSED,
    "KeyBasedAuthenticationNotPermitted": Cause.CREDENTIAL_REFUSED,
    "AccountIsDisabled": Cause.DENIED,
    "ContainerNotFound": Cause.NO_BUCKET,
    "ContainerBeingDeleted": Cause.NO_BUCKET,
    "ContainerDisabled": Cause.NO_BUCKET,
    "InvalidResourceName": Cause.NO_BUCKET,
    # Not of a blob, which is BlobNotFound: so no proof that blobs may be read.
    "ResourceNotFound": Cause.NO_BUCKET,
    "BlobNotFound": Cause.NO_OBJECT,
    "BlobAlreadyExists": Cause.ALREADY_EXISTS,
    "ConditionNotMet": Cause.ALREADY_EXISTS,
    # A SAS with `c` but without `w`: creating is allowed, and the blob is there.
    "UnauthorizedBlobOverwrite": Cause.ALREADY_EXISTS,
    "BlobArchived": Cause.ARCHIVED,
    "BlobImmutableDueToPolicy": Cause.DENIED,
    "ServerBusy": Cause.THROTTLED,
    "OperationTimedOut": Cause.THROTTLED,
    "InternalError": Cause.SERVER_ERROR,
}


def failure_of(error: azure.core.exceptions.AzureError) -> Failure:
    """What an Azure exception means. Reads codes and statuses only."""
    cut_short = azure.core.exceptions.IncompleteReadError
    if isinstance(error, azure.core.exceptions.HttpResponseError) and not isinstance(error, cut_short):
        raw = getattr(error, "error_code", None)
        code = str(getattr(raw, "value", raw) or "")
        status = error.status_code
        headers = getattr(error.response, "headers", None) or {}
        cause = CAUSES.get(code)
        if cause is None and isinstance(error, azure.core.exceptions.ClientAuthenticationError):
            cause = Cause.CREDENTIAL_REFUSED
        if cause is None and status == 403:
            cause = Cause.DENIED
        return Failure(
            cause or cause_of_status(status), safe_code(code), status, safe_code(headers.get("x-ms-request-id"))
        )
    return Failure(_cause_of_transport(error), safe_code(type(error).__name__))


def _cause_of_transport(error: azure.core.exceptions.AzureError) -> Cause:
    inner = type(getattr(error, "inner_exception", None)).__name__
    if "SSL" in inner or "Certificate" in inner or "SSLError" in str(type(error.__cause__)):
        return Cause.TLS
    if isinstance(
        error, azure.core.exceptions.ServiceResponseTimeoutError | azure.core.exceptions.ServiceRequestTimeoutError
    ):
        return Cause.TIMEOUT
    if isinstance(
        error,
        azure.core.exceptions.ServiceRequestError
        | azure.core.exceptions.ServiceResponseError
        | azure.core.exceptions.IncompleteReadError,
    ):
        return Cause.TIMEOUT if "Timeout" in inner else Cause.UNREACHABLE
    if type(error).__name__ == "AzureSigningError":
        return Cause.MALFORMED_CREDENTIAL
    return Cause.UNKNOWN
