"""A sixth cloud, which the product does not know: shelves in a hall, that open to whoever wears the right badge.

Only tests register it. What they find of it in forms, API and pages got there without a line of product code.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from clouds.config import CloudConfig, Endpoints, SecretWord
from clouds.doctor.quoting import command, shell
from clouds.failures import Cause, Failure, StoreError
from clouds.pasting import Pasted, Reading, Refusal
from clouds.pasting.pasted import place
from clouds.paths import directory_names, normalise_path
from clouds.permissions import Permission
from clouds.policies import Request, Snippet
from clouds.provider import Answers, ClientMethod, Document, Opener, Provider
from clouds.remedies import Case, Remedy, Words
from clouds.store import CorsRule, Deadline, Entry, Head, Page, Piece, Preflight, Store, TimeLimit

PATH_EXAMPLE = "shelf://my-shelf/path/to/images/"
BADGE_EXAMPLE = "badge-7f3a"
RIGHTS = {
    Permission.LIST: "shelf:look",
    Permission.READ: "shelf:take",
    Permission.WRITE: "shelf:put",
    Permission.OVERWRITE: "shelf:swap",
}


class ShelfConfig(CloudConfig):
    scheme: ClassVar[str] = "shelf"

    type: Literal["SHELF"] = "SHELF"
    path: Annotated[
        str,
        AfterValidator(
            functools.partial(
                normalise_path, scheme="shelf", bucket_pattern=re.compile(r"[a-z-]{3,}"), example=PATH_EXAMPLE
            )
        ),
    ] = Field(
        alias="fullPath",
        title="Resource path",
        description="An existing directory on your shelf.",
        examples=[PATH_EXAMPLE],
        json_schema_extra={"where": "It is written on the shelf."},
    )
    hall: str = Field(
        alias="shelfHall",
        title="Hall",
        description="The hall in which the shelf stands.",
        examples=["hall-3"],
        pattern=r"^hall-[0-9]+$",
        json_schema_extra={"binds_secret": True, "where": "It is written over the door."},
    )
    badge: SecretWord = Field(
        alias="shelfBadge",
        title="Badge",
        description="Stored encrypted, never shown again.",
        examples=[BADGE_EXAMPLE],
        json_schema_extra={"where": "The porter has it."},
    )

    @property
    def principal(self) -> str:
        return self.hall


class Hall:
    """The badges that open its shelves, each with its permissions, and what lies on the shelves."""

    def __init__(self) -> None:
        self.badges: dict[str, frozenset[Permission]] = {}
        self.objects: dict[tuple[str, str], bytes] = {}
        self.told: dict[tuple[str, str], tuple[str, str, Mapping[str, str]]] = {}


class ShelfStore(Store):
    missing_key_denial_is_proof = True

    def __init__(self, hall: Hall, config: ShelfConfig) -> None:
        self.hall = hall
        self.shelf = config.bucket
        self.permissions = hall.badges.get(config.badge.get_secret_value())

    def _need(self, permission: Permission) -> None:
        if self.permissions is None:
            raise StoreError(Failure(Cause.WRONG_SECRET, "UnknownBadge", 401))
        if permission not in self.permissions:
            raise StoreError(Failure(Cause.DENIED, "BadgeDenied", 403))

    def _names(self, prefix: str) -> list[str]:
        self._need(Permission.LIST)
        return sorted(key for shelf, key in self.hall.objects if shelf == self.shelf and key.startswith(prefix))

    def keys(self, prefix: str, *, limit: int) -> list[str]:
        return self._names(prefix)[:limit]

    def folders(self, prefix: str, *, limit: int) -> list[str]:
        return directory_names(prefix, self._names(prefix))[:limit]

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        names = [name for name in self._names(prefix) if name > after]
        entries = [Entry(name, 0, len(self.hall.objects[self.shelf, name])) for name in names[:limit]]
        return Page(entries, len(names) > limit)

    def in_plain_order(self) -> bool:
        return True

    def sign(self, key: str, *, seconds: int, method: str = "GET") -> str:
        return f"https://shelf.example.com/{self.shelf}/{key}?seconds={seconds}"

    def read_range(self, key: str, start: int, length: int, *, version: str = "") -> Piece:
        self._need(Permission.READ)
        try:
            return Piece(self.hall.objects[self.shelf, key][start : start + length])
        except KeyError:
            raise StoreError(Failure(Cause.NO_OBJECT, "Gone", 404)) from None

    def create(self, key: str, data: bytes) -> None:
        self._need(Permission.WRITE)
        if (self.shelf, key) in self.hall.objects:
            raise StoreError(Failure(Cause.ALREADY_EXISTS, "Taken", 409))
        self.hall.objects[self.shelf, key] = data

    def replace(self, key: str, data: bytes) -> None:
        self._need(Permission.OVERWRITE)
        self.hall.objects[self.shelf, key] = data

    def head(self, key: str) -> Head:
        data = self.read_range(key, 0, sys.maxsize).data
        return Head(len(data), *self.hall.told.get((self.shelf, key), ("", "", {})))

    def write(self, key: str, data: bytes, *, content_type: str, metadata: Mapping[str, str]) -> None:
        self._need(Permission.OVERWRITE)
        self.hall.objects[self.shelf, key] = data
        self.hall.told[self.shelf, key] = (content_type, "", metadata)

    def begin_parts(self, key: str, *, content_type: str, beside: str) -> str:
        return beside

    def write_part(self, key: str, upload: str, number: int, data: bytes) -> str:
        return data.hex()

    def end_parts(self, key: str, upload: str, parts: Sequence[str], *, content_type: str) -> None:
        self.replace(key, b"".join(map(bytes.fromhex, parts)))

    def drop_parts(self, key: str, upload: str) -> None:
        """There is nothing to give up."""

    def delete(self, key: str) -> None:
        self.hall.objects.pop((self.shelf, key), None)

    def cors_rules(self) -> list[CorsRule]:
        return []

    def preflight(self, key: str, *, origin: str, deadline: Deadline) -> Preflight:
        return Preflight(403)

    def close(self) -> None:
        return None


def explain(case: Case) -> Remedy | None:
    if case.failure.cause is Cause.WRONG_SECRET:
        return Remedy("the porter knows no such badge", "It was cut up.", "Ask the porter.", "Show it.", field="badge")
    return None


def policies(request: Request) -> list[Snippet]:
    if not request.granted:
        return []
    rights = ",".join(RIGHTS[permission] for permission in request.granted)
    hall = request.place.fact("hall") or "<hall>"
    return [Snippet("porter", "Porter", command("porter grant", shell(hall), rights), "bash", "At the door.")]


def recognise(pasted: Pasted, /) -> Reading | Refusal | None:
    """https://shelf.example.com/hall-3/my-shelf/street/?badge=badge-7f3a, and the badge alone."""
    if pasted.text.startswith("master-badge-"):
        return Refusal("This badge opens all shelves. Ask the porter for one of a single shelf.")
    if pasted.text.startswith("badge-"):
        return Reading("a badge", {"badge": pasted.text})
    url = pasted.url
    if url is None or url.host != "shelf.example.com" or len(url.segments) < 2:
        return None
    hall, shelf, *names = url.segments
    found = {"path": place("shelf", shelf, "/".join(names)), "hall": hall, "badge": url.query.get("badge", "")}
    return Reading("a URL of a shelf", {name: value for name, value in found.items() if value})


def cors_documents(config: CloudConfig, origin: str, endpoints: Endpoints) -> list[Document]:
    return [Document("Note for the porter", "Pin it to the door.", f"{config.bucket}: let {origin} in")]


def provider(hall: Hall) -> Provider:
    def opener() -> Opener:
        def open_shelf(config: Any, endpoints: Endpoints, limit: TimeLimit, /) -> ShelfStore:
            return ShelfStore(hall, config)

        return open_shelf

    return Provider(
        config_class=ShelfConfig,
        label="Shelves of the porter",
        short="Shelves",
        opener=opener,
        words=Words(
            rights=RIGHTS,
            calls={permission: f"Shelf{permission.capitalize()}" for permission in Permission},
            grantee="the badge for",
            secret="badge",
            secret_field="badge",
            credential="Badge",
            lifetime_note="Badges never end.",
            container="shelf",
            host=lambda _: "shelf.example.com",
        ),
        explain=explain,
        policies=policies,
        cors_documents=cors_documents,
        client_method=ClientMethod("set_shelf_config", {"resource_path": "path", "hall": "hall", "badge": "badge"}),
        recognise=recognise,
        answers=Answers(causes=frozenset({Cause.WRONG_SECRET}), codes={Cause.DENIED: "BadgeDenied"}),
    )


def registered(providers: dict[str, Provider]) -> Iterator[Hall]:
    """The cloud is there, the last in the list, until the generator goes on."""
    hall = Hall()
    providers["SHELF"] = provider(hall)
    try:
        yield hall
    finally:
        del providers["SHELF"]
