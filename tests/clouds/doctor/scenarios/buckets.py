"""The table: what a bucket itself demands or forbids, whatever the caller's rights."""

from __future__ import annotations

from clouds import Cause
from tests.clouds.doctor.scenarios.conditions import (
    in_opt_in_region,
    in_region_alone,
    kept,
    where_caller_pays,
    where_caller_pays_and_bills_nobody,
    which_bills_nobody,
    with_object_lock,
)
from tests.clouds.doctor.scenarios.rows import row
from tests.clouds.doctor.scenarios.verdicts import NO, SKIPPED, YES, Expectation, no, nothing_known, refused_by_cloud
from tests.servers import ALL_RIGHTS, WORKING_RIGHTS, Right

ROLE = ("S3DelegatedAccess",)
ALL_GREEN = Expectation((YES, YES), (YES, YES, YES, YES))
# What is there can't be replaced, by nobody. Nor deleted, so that our object stays.
ONCE_WRITTEN = Expectation((YES, YES), (YES, YES, YES, no(Cause.RETENTION)))
POLICY = (
    "is subject to bucket's retention policy or object retention and cannot be deleted or overwritten until "
    "2027-11-25T00:00:00.0-08:00"
)
HOLD = "is under active Event-Based hold and cannot be deleted, overwritten or archived until hold is removed"

BUCKETS = [
    row("retention policy", ALL_RIGHTS, ONCE_WRITTEN, condition=kept("retentionPolicyNotMet", POLICY), only=("GCS",)),
    row("retention policy, by text", ALL_RIGHTS, ONCE_WRITTEN, condition=kept("forbidden", POLICY), only=("GCS",)),
    row("hold", ALL_RIGHTS, ONCE_WRITTEN, condition=kept("objectUnderActiveHold", HOLD), only=("GCS",)),
    row("immutable", ALL_RIGHTS, ONCE_WRITTEN, condition=kept("BlobImmutableDueToPolicy"), only=("AZURE",)),
    row("legal hold", ALL_RIGHTS, ONCE_WRITTEN, condition=kept("BlobImmutableDueToLegalHold"), only=("AZURE",)),
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
    row("opt-in region", ALL_RIGHTS, ALL_GREEN, condition=in_opt_in_region("ap-south-2"), only=ROLE),
    row(
        "STS not activated in the region",
        ALL_RIGHTS,
        ALL_GREEN,
        condition=in_opt_in_region("me-central-1", "RegionDisabledException"),
        only=ROLE,
    ),
    row(
        "opt-in region, and STS out of reach elsewhere",
        ALL_RIGHTS,
        nothing_known(Cause.NO_PRINCIPAL),
        condition=in_region_alone("ap-south-2"),
        region="ap-south-2",
        only=ROLE,
    ),
    row("owner pays, caller bills nobody", ALL_RIGHTS, ALL_GREEN, condition=which_bills_nobody, only=("GCS",)),
]
