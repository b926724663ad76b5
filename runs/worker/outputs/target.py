"""Where thumbnails and frames of chosen samples go."""

from __future__ import annotations

from dataclasses import dataclass, field

from clouds.permissions import Permission
from clouds.store import Head
from contents.listing.folder import LIGHTLY_FOLDER
from contents.media.frame_names import FRAMES_FOLDER, thumbnail_name
from contents.media.thumbnails import Thumbnail
from contents.models import FileKind, IndexedFile
from contents.places import LONGEST_KEY, may_hold_samples
from contents.thumbnails import metadata, written
from runs.worker.context import Context
from runs.worker.scratch import Json

THREADS = 6


def thumbnail_of_sample(context: Context, name: str) -> str:
    """Relative to Lightly; empty where there is to be none."""
    suffix = context.lightly.thumbnail_suffix
    if not suffix or (not suffix.startswith(LIGHTLY_FOLDER) and may_hold_samples(context.input, context.lightly)):
        return ""
    found = thumbnail_name(suffix, name)
    return found if len((context.target.prefix + found).encode("utf-8", "surrogatepass")) <= LONGEST_KEY else ""


def file_of(row: Json) -> IndexedFile:
    """As what is written says of which version of which file it is."""
    return IndexedFile(
        key=str(row.get("video", row["name"])),
        size=row["size"],
        modified=row["modified"],
        version=row["version"][:128],
        kind=FileKind.VIDEO.value if "video" in row else FileKind.IMAGE.value,
    )


@dataclass
class Target:
    """Used by several threads at once. `heads`: what is there already, by names of samples."""

    context: Context
    heads: dict[str, Head | None] = field(default_factory=dict)

    def head(self, row: Json) -> Head | None:
        """Of the sample's thumbnail. Raises JobError."""
        name = thumbnail_of_sample(self.context, row["name"])
        with self.context.opened_target(Permission.READ, name) as store:
            return metadata.head_of(store, self.context.target.prefix + name)

    def write_thumbnail(self, row: Json, thumbnail: Thumbnail) -> bool:
        """False: somebody else's file is in the place. Raises JobError."""
        name = thumbnail_of_sample(self.context, row["name"])
        with self.context.opened_target(Permission.OVERWRITE, name) as store:
            try:
                key = self.context.target.prefix + name
                written.write(store, key, name, thumbnail, file_of(row), self.heads.get(row["name"]))
            except written.TakenError:
                return False
        return True

    def write_frame(self, row: Json, data: bytes, content_type: str) -> None:
        """Raises JobError."""
        name = FRAMES_FOLDER + row["name"]
        told = metadata.source_of(file_of(row)) | {"frame": str(row["frame"]["sourceVideoFrameIndex"])}
        with self.context.opened_target(Permission.OVERWRITE, name) as store:
            store.write(self.context.target.prefix + name, data, content_type=content_type, metadata=told)
