"""The files that a run leaves. They stand in the database, in parts, so that every web server has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.db import transaction

from runs.models import Artifact, ArtifactPart, ArtifactType, Run

PART_BYTES = 1024**2
# The official client joins it to a folder unchecked.
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


@transaction.atomic
def add(run: Run, type: ArtifactType, file_name: str, content: bytes | Iterable[bytes]) -> Artifact:  # noqa: A002
    """Keep a file. One of the same name is replaced. Raises ValueError for a name that is not safe."""
    if not _NAME.fullmatch(file_name):
        raise ValueError(f"{file_name!r} is not a safe name for an artifact.")
    Artifact.objects.filter(run=run, file_name=file_name).delete()
    artifact = Artifact.objects.create(run=run, type=type, file_name=file_name)
    size = 0
    for number, part in enumerate(_parts(content)):
        ArtifactPart.objects.create(artifact=artifact, number=number, content=part)
        size += len(part)
    artifact.size = size
    artifact.save(update_fields=["size"])
    return artifact


def content(artifact: Artifact) -> Iterator[bytes]:
    """At most a MiB at once, each with a query of its own."""
    number = 0
    while True:
        part = ArtifactPart.objects.filter(artifact=artifact, number=number).values_list("content", flat=True).first()
        if part is None:
            return
        yield bytes(part)
        number += 1


def _parts(content: bytes | Iterable[bytes]) -> Iterator[bytes]:
    """Of PART_BYTES each, but for the last one."""
    held = bytearray()
    for piece in [content] if isinstance(content, bytes) else content:
        held += piece
        while len(held) >= PART_BYTES:
            yield bytes(held[:PART_BYTES])
            del held[:PART_BYTES]
    if held:
        yield bytes(held)
