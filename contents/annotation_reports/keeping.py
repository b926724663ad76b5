"""What each shard of a check has found so far, between its slices. One row for each, which the next slice replaces.

It is written in the transaction that moves the shard's cursor, so no file counts twice, whoever dies in between.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from contents.annotations.layout import Layout
from contents.annotations.packing import packed, packed_layout, unpacked, unpacked_layout
from contents.annotations.report import Report
from contents.models import AnnotationPart


@dataclass
class Kept:
    """`layout` and `proof` (a file of Lightly that could be read) are kept by the first shard alone.

    `sized`: of how many images the size is known; `why_unsized`: why it is not of others.
    """

    report: Report = field(default_factory=Report)
    layout: Layout | None = None
    proof: str = ""
    sized: int = 0
    why_unsized: str = ""

    def merge(self, other: Kept) -> None:
        self.report.merge(other.report)
        self.layout = self.layout or other.layout
        self.proof = self.proof or other.proof
        self.sized += other.sized
        self.why_unsized = self.why_unsized or other.why_unsized


def keep(report_id: int, number: int, kept: Kept) -> None:
    """In the place of what the shard has kept before."""
    data = {
        "report": packed(kept.report),
        "layout": packed_layout(kept.layout) if kept.layout else None,
        "proof": kept.proof,
        "sized": kept.sized,
        "why_unsized": kept.why_unsized,
    }
    # As ASCII: PostgreSQL takes neither NUL nor half characters, which JSON files may have.
    AnnotationPart.objects.update_or_create(report_id=report_id, number=number, defaults={"data": json.dumps(data)})


def kept_by(report_id: int, number: int) -> Kept:
    """Nothing, where a shard has yet to begin."""
    part = AnnotationPart.objects.filter(report=report_id, number=number).first()
    return _read(part) if part else Kept()


def all_kept(report_id: int) -> Iterator[Kept]:
    """One after the other, in the order of the shards."""
    for part in AnnotationPart.objects.filter(report=report_id).order_by("number").iterator(chunk_size=1):
        yield _read(part)


def _read(part: AnnotationPart) -> Kept:
    data = json.loads(part.data)
    return Kept(
        unpacked(data["report"]),
        unpacked_layout(data["layout"]) if data["layout"] else None,
        data["proof"],
        data["sized"],
        data["why_unsized"],
    )
