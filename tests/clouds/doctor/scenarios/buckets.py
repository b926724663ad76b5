"""The table: what a bucket itself demands or forbids, whatever the caller's rights."""

from __future__ import annotations

from clouds import Cause
from tests.clouds.doctor.scenarios.conditions import (
    where_caller_pays,
    where_caller_pays_and_bills_nobody,
    which_bills_nobody,
    with_object_lock,
)
from tests.clouds.doctor.scenarios.rows import row
from tests.clouds.doctor.scenarios.verdicts import NO, SKIPPED, YES, Expectation, refused_by_cloud
from tests.servers import ALL_RIGHTS, WORKING_RIGHTS, Right

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
    row("caller pays", ALL_RIGHTS, ALL_GREEN, condition=where_caller_pays, only=("S3", "GCS"), input_too=True),
    row("caller pays, empty path", ALL_RIGHTS, ALL_GREEN, condition=where_caller_pays, objects=(), only=("S3", "GCS")),
    row(
        "caller pays, read only",
        {Right.LIST, Right.READ},
        Expectation((YES, YES), (YES, YES, NO, SKIPPED)),
        condition=where_caller_pays,
        only=("S3", "GCS"),
    ),
    row(
        "caller pays, and bills nobody",
        ALL_RIGHTS,
        refused_by_cloud(Cause.CALLER_PAYS),
        condition=where_caller_pays_and_bills_nobody,
        only=("GCS",),
    ),
    row("owner pays, caller bills nobody", ALL_RIGHTS, ALL_GREEN, condition=which_bills_nobody, only=("GCS",)),
]
