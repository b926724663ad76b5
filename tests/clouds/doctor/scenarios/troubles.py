"""The table: clouds that fail or do not answer, and what only one provider knows."""

from __future__ import annotations

from clouds import Cause
from tests.clouds.doctor.scenarios.conditions import (
    WebServer,
    account_is,
    at_peer,
    broken_by,
    called_garage,
    cut_off,
    full,
    in_region,
    nowhere,
    over_tls,
    owned,
    platform_is,
    redirected,
    silent_to,
    suspended,
    troubled,
    trusting_another,
    untrusted,
    which_requires_a_kms_key,
    with_broken_private_key,
    with_sas,
    without_conditional_writes,
    without_kms,
)
from tests.clouds.doctor.scenarios.places import AWS, MOST_STORES, STORES, is_listing, is_write
from tests.clouds.doctor.scenarios.rows import SHORT, SHORTEST, row
from tests.clouds.doctor.scenarios.verdicts import (
    NO,
    NO_ANSWER,
    SKIPPED,
    YES,
    Expectation,
    no,
    nothing_known,
    refused_at_once,
    refused_by_cloud,
    skipped,
    unknown,
)
from tests.servers import ALL_RIGHTS, WORKING_RIGHTS, Trouble
from tests.servers.faults import drip, refused, reset, silent
from tests.servers.gcs import State as AccountState

# botocore takes a 200 that should be XML and is not for a server error.
BY_BOTOCORE = Expectation(
    (unknown(Cause.SERVER_ERROR), unknown(Cause.UNKNOWN)),
    (unknown(Cause.SERVER_ERROR), unknown(Cause.UNKNOWN), *[unknown(Cause.SERVER_ERROR)] * 2),
)

TROUBLES = [
    row("unreachable", ALL_RIGHTS, nothing_known(Cause.UNREACHABLE), condition=at_peer(refused)),
    row("no such host", ALL_RIGHTS, nothing_known(Cause.UNREACHABLE), condition=nowhere),
    row("untrusted certificate", ALL_RIGHTS, nothing_known(Cause.TLS), condition=untrusted),
    row("reset by the host", ALL_RIGHTS, nothing_known(Cause.UNREACHABLE), condition=at_peer(reset)),
    row(
        "reset by the bucket",
        ALL_RIGHTS,
        nothing_known(Cause.UNREACHABLE),
        condition=troubled(Trouble.RESET),
        only=STORES,
    ),
    row("answers cut off", ALL_RIGHTS, nothing_known(Cause.UNREACHABLE), condition=cut_off),
    # 200 alone proves nothing.
    row(
        "not storage but a web server",
        ALL_RIGHTS,
        nothing_known(Cause.UNKNOWN),
        condition=at_peer(WebServer),
        but={"S3": BY_BOTOCORE, "S3Compatible": BY_BOTOCORE},
    ),
    row(
        "silent host",
        ALL_RIGHTS,
        nothing_known(Cause.TIMEOUT),
        condition=at_peer(silent),
        deadline=SHORTEST,
        input_too=True,
    ),
    # One byte now and then: no single read ever takes long.
    row(
        "dripping host",
        ALL_RIGHTS,
        nothing_known(Cause.TIMEOUT),
        condition=at_peer(lambda: drip(0.1)),
        deadline=SHORTEST,
    ),
    row(
        "silent bucket",
        ALL_RIGHTS,
        nothing_known(Cause.TIMEOUT),
        condition=troubled(Trouble.SILENT),
        deadline=SHORTEST,
        only=MOST_STORES,
    ),
    # What has finished keeps its verdict.
    row(
        "silent to writes",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, NO_ANSWER, NO_ANSWER)),
        condition=silent_to(lambda request: is_write(request.method, request.raw_path)),
        deadline=SHORT,
        only=MOST_STORES,
    ),
    row(
        "silent to reads",
        ALL_RIGHTS,
        Expectation((YES, NO_ANSWER), (YES, NO_ANSWER, YES, YES)),
        condition=silent_to(lambda request: request.method == "GET" and not is_listing(request)),
        deadline=SHORT,
        only=MOST_STORES,
    ),
    row(
        "silent to lists",
        ALL_RIGHTS,
        Expectation((NO_ANSWER, NO_ANSWER), (NO_ANSWER, NO_ANSWER, YES, YES)),
        condition=silent_to(is_listing),
        deadline=SHORT,
        only=MOST_STORES,
    ),
    row("throttled", ALL_RIGHTS, nothing_known(Cause.THROTTLED), condition=troubled(Trouble.THROTTLED)),
    row("server error", ALL_RIGHTS, nothing_known(Cause.SERVER_ERROR), condition=troubled(Trouble.SERVER_ERROR)),
]

SPECIALS = [
    row(
        "wrong region, 400",
        ALL_RIGHTS,
        refused_by_cloud(Cause.WRONG_REGION),
        condition=in_region("eu-central-1", redirects=False),
        region="eu-central-1",
        only=AWS,
    ),
    row(
        "wrong region, 301",
        ALL_RIGHTS,
        refused_by_cloud(Cause.WRONG_REGION),
        condition=in_region("eu-central-1", redirects=True),
        region="eu-central-1",
        only=AWS,
    ),
    row(
        "KMS key denied for writing",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, no(Cause.KMS_DENIED), skipped(Cause.KMS_DENIED))),
        condition=without_kms("kms:GenerateDataKey"),
        only=AWS,
    ),
    row(
        "KMS key required",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        condition=which_requires_a_kms_key,
        only=AWS,
    ),
    row(
        "KMS key denied for reading",
        ALL_RIGHTS,
        Expectation((YES, no(Cause.KMS_DENIED)), (YES, no(Cause.KMS_DENIED), YES, YES)),
        condition=without_kms("kms:Decrypt"),
        only=AWS,
    ),
    # A missing object needs no key: only one that we wrote shows that what is there can't be read.
    row(
        "KMS key denied for reading, empty path",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, no(Cause.KMS_DENIED), YES, YES)),
        condition=without_kms("kms:Decrypt"),
        objects=(),
        only=("S3",),
    ),
    row(
        "role trusts another principal",
        ALL_RIGHTS,
        refused_at_once(Cause.CANNOT_ASSUME_ROLE),
        condition=trusting_another,
        only=("S3DelegatedAccess",),
    ),
    # Nothing the user could mend: so nothing is said to be denied.
    row(
        "platform without identity",
        ALL_RIGHTS,
        nothing_known(Cause.NO_PRINCIPAL),
        condition=platform_is("", ""),
        only=("S3DelegatedAccess",),
    ),
    row(
        "platform with an unknown identity",
        ALL_RIGHTS,
        nothing_known(Cause.NO_PRINCIPAL),
        condition=platform_is("AKIAUNKNOWN00000000", "x" * 40),
        only=("S3DelegatedAccess",),
    ),
    row(
        "SAS for another container",
        ALL_RIGHTS,
        refused_by_cloud(Cause.CREDENTIAL_REFUSED),
        condition=with_sas(lambda cloud, _: cloud.container_sas(cloud.make_bucket(), "racwdl")),
        only=("AZURE",),
    ),
    row(
        "SAS not yet valid",
        ALL_RIGHTS,
        refused_at_once(Cause.NOT_YET_VALID),
        condition=broken_by("not_yet_valid"),
        only=("AZURE",),
    ),
    row(
        "account SAS",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        condition=with_sas(lambda cloud, _: cloud.account_sas("rlcwd", "co")),
        only=("AZURE",),
    ),
    row(
        "account SAS without objects",
        ALL_RIGHTS,
        Expectation((YES, NO), (YES, NO, NO, SKIPPED)),
        condition=with_sas(lambda cloud, _: cloud.account_sas("rlcwd", "c")),
        only=("AZURE",),
    ),
    row(
        "account SAS without containers",
        ALL_RIGHTS,
        Expectation((NO, YES), (NO, YES, YES, YES)),
        condition=with_sas(lambda cloud, _: cloud.account_sas("rlcwd", "o")),
        only=("AZURE",),
    ),
    row(
        "SAS with write but not create",
        WORKING_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        condition=with_sas(lambda cloud, bucket: cloud.container_sas(bucket, "rwl")),
        only=("AZURE",),
    ),
    row(
        "SAS for https only, over http",
        ALL_RIGHTS,
        Expectation((NO, NO), (NO, NO, NO, SKIPPED)),
        condition=with_sas(lambda cloud, bucket: cloud.container_sas(bucket, "racwdl", protocol="https")),
        only=("AZURE",),
    ),
    row(
        "unknown account",
        ALL_RIGHTS,
        refused_by_cloud(Cause.NO_BUCKET),
        condition=broken_by("with_unknown_account"),
        only=("AZURE",),
    ),
    row(
        "account disabled",
        ALL_RIGHTS,
        refused_by_cloud(Cause.CREDENTIAL_REFUSED),
        condition=account_is(AccountState.DISABLED),
        only=("GCS",),
    ),
    # Google answers for a deleted key as for a wrong one.
    row(
        "key gone",
        ALL_RIGHTS,
        refused_by_cloud(Cause.WRONG_SECRET),
        condition=account_is(AccountState.KEY_GONE),
        only=("GCS",),
    ),
    row(
        "tokens expire at once",
        ALL_RIGHTS,
        refused_by_cloud(Cause.CREDENTIAL_REFUSED),
        condition=account_is(AccountState.TOKENS_EXPIRE_AT_ONCE),
        only=("GCS",),
    ),
    row(
        "damaged private key",
        ALL_RIGHTS,
        refused_at_once(Cause.MALFORMED_CREDENTIAL),
        condition=with_broken_private_key,
        only=("GCS",),
    ),
    row(
        "redirect to another host",
        ALL_RIGHTS,
        refused_by_cloud(Cause.REDIRECTED),
        condition=redirected,
        only=("OBS", "S3Compatible"),
    ),
    row(
        "certificate for another name",
        ALL_RIGHTS,
        nothing_known(Cause.TLS),
        condition=over_tls(right_name=False),
        only=("OBS", "S3Compatible"),
    ),
    row(
        "trusted certificate",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        condition=over_tls(right_name=True),
        only=("OBS", "S3Compatible"),
    ),
    row(
        "private host that nobody allowed",
        ALL_RIGHTS,
        refused_by_cloud(Cause.ADDRESS_BLOCKED),
        condition=lambda place: place.environment.update(LIGHTLY_ALLOWED_PRIVATE_HOSTS="10.0.0.0/8"),
        only=("OBS", "S3Compatible"),
    ),
    # Whose bucket it is, may read what is in it.
    row(
        "empty path, the bucket's owner",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        condition=owned,
        objects=(),
        only=("S3Compatible",),
    ),
    row(
        "quota used up",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, no(Cause.QUOTA), skipped(Cause.QUOTA))),
        condition=full,
        only=("S3Compatible",),
    ),
    row(
        "user suspended",
        ALL_RIGHTS,
        refused_by_cloud(Cause.SUSPENDED),
        condition=suspended,
        only=("S3Compatible",),
    ),
    # A server may have no conditional writes; then the check writes its own object without.
    row(
        "no conditional writes",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        condition=without_conditional_writes,
        only=("S3", "S3Compatible"),
    ),
    row(
        "region of another name",
        ALL_RIGHTS,
        refused_by_cloud(Cause.WRONG_REGION),
        condition=called_garage,
        region="garage",
        only=("S3Compatible",),
    ),
]
