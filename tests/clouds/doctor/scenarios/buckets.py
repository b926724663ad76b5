"""The table: what a bucket itself demands or forbids, whatever the caller's rights."""

from __future__ import annotations

from tests.clouds.doctor.scenarios.conditions import with_object_lock
from tests.clouds.doctor.scenarios.rows import row
from tests.clouds.doctor.scenarios.verdicts import YES, Expectation
from tests.servers import ALL_RIGHTS, WORKING_RIGHTS

ALL_GREEN = Expectation((YES, YES), (YES, YES, YES, YES))

BUCKETS = [
    row("Object Lock", ALL_RIGHTS, ALL_GREEN, condition=with_object_lock, only=("S3", "OBS")),
    row(
        "Object Lock, empty path, no right to delete",
        WORKING_RIGHTS,
        ALL_GREEN,
        condition=with_object_lock,
        objects=(),
        only=("S3", "OBS"),
    ),
]
