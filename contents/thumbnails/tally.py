"""What has become of the files of a bulk job, added up in the cursors of its shards. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

# Names that are kept of each reason.
MOST_EXAMPLES = 3
LONGEST_EXAMPLE = 200


@dataclass
class Tally:
    """`failed` and `examples` by contents.thumbnails.reasons.Reason."""

    written: int = 0
    fresh: int = 0
    failed: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)
    bytes_written: int = 0

    @classmethod
    def of(cls, stored: dict[str, Any] | None) -> Self:
        return cls(**stored) if stored else cls()

    @classmethod
    def sum(cls, stored: Iterable[dict[str, Any] | None]) -> Self:
        total = cls()
        for each in stored:
            total.merge(cls.of(each))
        return total

    def stored(self) -> dict[str, Any]:
        return dict(vars(self))

    @property
    def failures(self) -> int:
        return sum(self.failed.values())

    @property
    def files(self) -> int:
        return self.written + self.fresh + self.failures

    def fail(self, reason: str, name: str) -> None:
        self.failed[reason] = self.failed.get(reason, 0) + 1
        kept = self.examples.setdefault(reason, [])
        if len(kept) < MOST_EXAMPLES:
            kept.append(name[:LONGEST_EXAMPLE])

    def merge(self, other: Tally) -> None:
        self.written += other.written
        self.fresh += other.fresh
        self.bytes_written += other.bytes_written
        for reason, count in other.failed.items():
            self.failed[reason] = self.failed.get(reason, 0) + count
            self.examples[reason] = [*self.examples.get(reason, []), *other.examples.get(reason, [])][:MOST_EXAMPLES]
