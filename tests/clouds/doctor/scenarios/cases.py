"""Which rows run at which provider, and for which of the two checks.

A Lightly check asks all that an Input check asks, and more. So most rows run as a Lightly check alone. The Input check
runs where it must answer otherwise, because it may not write an object to read, and where a row asks for it.
"""

from __future__ import annotations

from typing import NamedTuple

from clouds import Cause
from clouds.permissions import ALL, READ_ONLY, Permission, State
from tests.clouds.doctor.scenarios.buckets import BUCKETS
from tests.clouds.doctor.scenarios.places import PROVIDERS
from tests.clouds.doctor.scenarios.rights import CREDENTIALS, EMPTY, NAMES, RIGHTS
from tests.clouds.doctor.scenarios.rows import Row
from tests.clouds.doctor.scenarios.troubles import SPECIALS, TROUBLES
from tests.clouds.doctor.scenarios.verdicts import Expected

TABLE = [*RIGHTS, *EMPTY, *NAMES, *CREDENTIALS, *TROUBLES, *SPECIALS, *BUCKETS]
NEEDS = {"INPUT": READ_ONLY, "LIGHTLY": ALL}
Kind = tuple[Permission, State, Cause | None]


class Case(NamedTuple):
    provider: str
    row: Row
    purpose: str

    @property
    def expected(self) -> tuple[Expected, ...]:
        expectation = self.row.expected(self.provider)
        return expectation.input if self.purpose == "INPUT" else expectation.lightly

    @property
    def kinds(self) -> set[Kind]:
        """What this case proves that a check can say."""
        return {(permission, *verdict) for permission, verdict in zip(Permission, self.expected, strict=False)}

    @property
    def runs(self) -> int:
        """Where a check may write, the object it wrote may be there already the next times."""
        writes = self.purpose == "LIGHTLY" and self.expected[2][0] is State.GRANTED
        if not writes or self.row.deadline <= 1:
            return 1
        return 3 if self.row in RIGHTS else 2

    def __str__(self) -> str:
        return f"{self.provider}: {self.row.name}, {self.purpose}"


def _purposes(row: Row, provider: str) -> list[str]:
    expected = row.expected(provider)
    alike = expected.input == expected.lightly[: len(expected.input)]
    return ["LIGHTLY"] if alike and not row.input_too else ["INPUT", "LIGHTLY"]


CASES = [Case(provider, row, purpose) for row in TABLE for provider in row.only for purpose in _purposes(row, provider)]


def kinds_at(provider: str) -> set[Kind]:
    """All that the table expects of a provider, whether it is run there or not."""
    every = [Case(provider, row, purpose) for row in TABLE if row.applies_to(provider) for purpose in NEEDS]
    return set().union(*(case.kinds for case in every))


__all__ = ["CASES", "NEEDS", "PROVIDERS", "TABLE", "Case", "kinds_at"]
