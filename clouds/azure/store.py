"""Azure Blob Storage."""

import contextlib
import itertools
import secrets
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import azure.core.exceptions
from azure.core import MatchConditions
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobBlock, BlobServiceClient, ContainerClient, ContentSettings

from clouds import preflight
from clouds.azure.config import AzureConfig, sas_fields
from clouds.azure.failures import failure_of, failure_of_time
from clouds.azure.quick_pages import EntryPages
from clouds.calls.sockets import Sockets, watch_session
from clouds.config import Endpoints
from clouds.failures import Cause, Failure, StoreError, not_storage
from clouds.store import (
    CorsRule,
    Deadline,
    Head,
    Page,
    Piece,
    Preflight,
    Store,
    TimeLimit,
    Written,
    bare_type,
    missing_without_words,
    piece_of_refusal,
    small_names,
)

MOST_PER_PAGE = 5000
LEAST_PER_PAGE = 100
MOST_PAGES_OF_DIRECTORIES = 10
PUBLIC_ENDPOINT = "https://{account}.blob.core.windows.net"


def open_with_sas(config: AzureConfig, endpoints: Endpoints, limit: TimeLimit, /) -> "AzureStore":
    token = config.sas_token.get_secret_value()
    if failure := failure_of_time(sas_fields(token)):
        raise StoreError(failure)
    transport, sockets = RequestsTransport(), Sockets()
    transport.open()
    watch_session(transport.session, sockets)
    service = BlobServiceClient(
        (endpoints.azure or PUBLIC_ENDPOINT).format(account=config.account),
        credential=token.lstrip("?"),
        retry_total=0,
        permit_redirects=False,
        transport=transport,
        connection_timeout=limit.timeout(),
        read_timeout=limit.timeout(),
    )
    letters = sas_fields(token).get("sp")
    return AzureStore(service.get_container_client(config.bucket), limit, sockets, letters)


class AzureStore(Store):
    checks_may_keep = True
    # A SAS is judged before the blob is looked up, so a refusal says nothing of the blob and all of the right.
    missing_key_denial_is_proof = True

    def __init__(
        self, container: ContainerClient, limit: TimeLimit, sockets: Sockets, letters: str | None = None
    ) -> None:
        """`letters`: what the token allows, None where a stored access policy says so."""
        self.container = container
        self.sockets = sockets
        self.letters = letters
        self.written = Written()
        self.limit = limit

    def keys(self, prefix: str, *, limit: int) -> list[str]:
        names: list[str] = []
        with _StoreErrors():
            # Where directories are real they come before what is in them, so many may come first.
            pages = self._listed(prefix, max(limit, LEAST_PER_PAGE))
            for entries in itertools.islice(pages, MOST_PAGES_OF_DIRECTORIES):
                names += [entry.key for entry in entries if not entry.directory]
                if len(names) >= limit:
                    break
        return names[:limit]

    def _listed(self, prefix: str, per_page: int, **start: Any) -> EntryPages:
        return EntryPages(self.container, name_starts_with=prefix, results_per_page=per_page, **start, **self._limits())

    def folders(self, prefix: str, *, limit: int) -> list[str]:
        with _StoreErrors():
            pages = self.container.walk_blobs(
                name_starts_with=prefix, delimiter="/", results_per_page=limit, **self._limits()
            ).by_page()
            names = [item.name for item in next(pages, [])]
        return [name.removeprefix(prefix) for name in names if name.endswith("/")]

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        # `start_from` came with service version 2026-02-06, which the SDK asks for by name. It includes `after` itself.
        start: dict[str, Any] = {"start_from": after} if after else {}
        with _StoreErrors():
            pages = self._listed(prefix, limit + len(start), **start)
            # Azure may send an empty page and a marker when it crosses from one of its machines to the next.
            for entries in pages:
                found = [entry for entry in entries if entry.key != after]
                if found and found[0].key < after and _by_directory(found[0].key) < _by_directory(after):
                    return self._page_by_markers(prefix, after, limit)
                if found or not pages.more:
                    return Page(found[:limit], len(found) > limit or pages.more)
        return Page([], more=False)

    def _page_by_markers(self, prefix: str, after: str, limit: int) -> Page:
        """From servers older than `start_from`, which ignore it: read on from the front until `after` has passed."""
        order: Callable[[str], str] = str if self.in_plain_order() else _by_directory
        pages = self._listed(prefix, MOST_PER_PAGE)
        for entries in pages:
            found = [entry for entry in entries if order(entry.key) > order(after)]
            if found or not pages.more:
                return Page(found[:limit], len(found) > limit or pages.more, starts_at_front=True)
        return Page([], more=False, starts_at_front=True)

    def in_plain_order(self) -> bool:
        """Not where directories are real (Data Lake Storage Gen2): those list `a/x` before `a-b`."""
        try:
            return not self.container.get_account_information(**self._limits()).get("is_hns_enabled")
        except azure.core.exceptions.AzureError:
            return False  # unknown, so nobody may rely on it

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        # Only the account's own key could sign anew: the SAS itself says until when and what for.
        address, _, token = self.container.url.partition("?")
        return f"{address}/{urllib.parse.quote(key, safe='/~')}?{token}"

    def read_range(self, key: str, start: int, length: int, *, version: str = "") -> Piece:
        condition: dict[str, Any] = (
            {"etag": version, "match_condition": MatchConditions.IfNotModified} if version else {}
        )
        answers: list[Any] = []
        try:
            with _StoreErrors():
                found = self.container.download_blob(
                    key, offset=start, length=length, raw_response_hook=answers.append, **condition, **self._limits()
                )
                return Piece(found.readall(), found.properties.etag or "")
        except StoreError as error:
            return piece_of_refusal(error)
        except ValueError:  # what the SDK raises when an answer does not say which range it is
            raise not_storage() from None
        finally:
            for answer in answers:  # the SDK leaves those open that it does not read to their end
                answer.http_response.internal_response.close()

    def create(self, key: str, data: bytes) -> None:
        try:
            self._create(key, data)
        except StoreError as error:
            if error.failure.code == "AuthorizationPermissionMismatch" and self._may_create_elsewhere(key, data):
                raise StoreError(replace(error.failure, cause=Cause.ALREADY_EXISTS)) from None
            raise

    def _create(self, key: str, data: bytes) -> None:
        with _StoreErrors():
            answer = self.container.get_blob_client(key).upload_blob(data, overwrite=False, **self._limits())
        self.written.note(key, answer.get("version_id"))

    def _may_create_elsewhere(self, key: str, data: bytes) -> bool:
        """Whether a refusal means that the blob is there, which a token with `c` and without `w` can't replace.

        Some servers say then that the permission is missing. So where the token's letters don't settle it, another
        blob is created, under a name that nobody has, and removed.
        """
        letters = self.letters
        if letters is not None and ("w" in letters or "c" not in letters):
            return False
        if letters is not None and "d" not in letters and self._exists(key):
            return True
        elsewhere = f"{key}-{secrets.token_hex(8)}"
        try:
            self._create(elsewhere, data)
        except StoreError:
            return False
        with contextlib.suppress(StoreError):
            self.erase(elsewhere)
        return True

    def _exists(self, key: str) -> bool:
        try:
            return key in self.keys(key, limit=1)
        except StoreError:
            pass
        try:
            self.read_range(key, 0, 1)
        except StoreError:
            return False
        return True

    def replace(self, key: str, data: bytes) -> None:
        # A SAS that may create but not replace would be granted this if another check had just deleted the key.
        with _StoreErrors({"ConditionNotMet": Cause.NO_OBJECT}):
            answer = self.container.get_blob_client(key).upload_blob(
                data, overwrite=True, match_condition=MatchConditions.IfPresent, **self._limits()
            )
        self.written.note(key, answer.get("version_id"))

    def head(self, key: str) -> Head:
        try:
            with _StoreErrors():
                found = self.container.get_blob_client(key).get_blob_properties(**self._limits())
        except StoreError as error:
            raise missing_without_words(error) from None
        if not found.etag:
            raise not_storage()
        told = bare_type(found.content_settings.content_type)
        return Head(found.size, told, str(found.etag), small_names(found.metadata))

    def write(self, key: str, data: bytes, *, content_type: str, metadata: Mapping[str, str]) -> None:
        settings = ContentSettings(content_type=content_type)
        with _StoreErrors():
            self.container.get_blob_client(key).upload_blob(
                data, overwrite=True, content_settings=settings, metadata=dict(metadata), **self._limits()
            )

    def begin_parts(self, key: str, *, content_type: str, beside: str) -> str:
        return secrets.token_hex(8)  # part of the names of its blocks; Azure forgets blocks after a week

    def write_part(self, key: str, upload: str, number: int, data: bytes) -> str:
        name = f"{upload}-{number:06}"  # all names have to be equally long
        with _StoreErrors():
            self.container.get_blob_client(key).stage_block(name, data, len(data), **self._limits())
        return name

    def end_parts(self, key: str, upload: str, parts: Sequence[str], *, content_type: str) -> None:
        settings = ContentSettings(content_type=content_type)
        blocks = [BlobBlock(block_id=name) for name in parts]
        with _StoreErrors():
            self.container.get_blob_client(key).commit_block_list(blocks, content_settings=settings, **self._limits())

    def drop_parts(self, key: str, upload: str) -> None:
        """Azure forgets blocks that nobody commits."""

    def delete(self, key: str) -> None:
        with _StoreErrors():
            self.container.delete_blob(key, **self._limits())

    def erase(self, key: str) -> None:
        """First the blob, which Azure turns into one more version, then the versions, which takes the letter `x`."""
        self.delete(key)
        for version in self.written.taken(key):
            with _StoreErrors():
                self.container.get_blob_client(key).delete_blob(version_id=version, **self._limits())

    def cors_rules(self) -> list[CorsRule]:
        # They are the account's, and no SAS for a container may read them. A preflight request tells as much.
        raise StoreError(Failure(Cause.DENIED, "NotReadable"))

    def preflight(self, key: str, *, origin: str, deadline: Deadline) -> Preflight:
        url, _, _ = self.sign(key, seconds=60).partition("?")
        return preflight.ask(url, origin=origin, deadline=deadline)

    def close(self) -> None:
        self.sockets.hang_up()
        self.container.close()

    def _limits(self) -> dict[str, Any]:
        return {"connection_timeout": self.limit.timeout(), "read_timeout": self.limit.timeout()}


def _by_directory(name: str) -> str:
    """To sort by, where directories are real: all of `a/` comes before `a-b`."""
    return name.replace("/", "\0")


class _StoreErrors:
    """Turn what the SDK raises into a StoreError; for these codes, another cause than usual."""

    def __init__(self, causes: Mapping[str, Cause] = MappingProxyType({})) -> None:
        self.causes = causes

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, azure.core.exceptions.AzureError):
            failure = failure_of(error)
            raise StoreError(replace(failure, cause=self.causes.get(failure.code, failure.cause))) from None
