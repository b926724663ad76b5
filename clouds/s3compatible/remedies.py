"""What can be told better of storage that speaks S3 at an address of its own."""

from collections.abc import Callable
from dataclasses import replace

from clouds.doctor import common_remedies as common
from clouds.doctor.quoting import command, shell
from clouds.failures import Cause
from clouds.permissions import Permission
from clouds.remedies import Case, Remedy
from clouds.s3compatible.config import S3CompatibleConfig


def explain(case: Case) -> Remedy | None:
    remedy = _REMEDIES.get(case.failure.cause)
    return remedy(case) if remedy else None


def same_call(case: Case) -> str:
    """What the check did, with AWS's own tool, at the same address."""
    bucket, key = f"--bucket={shell(case.config.bucket)}", f"--key={shell(case.safe_key)}"
    match case.permission:
        case Permission.LIST:
            prefix = [f"--prefix={shell(case.config.prefix)}"] if case.config.prefix else []
            return _aws(case, "list-objects-v2", bucket, *prefix, "--max-keys=1")
        case Permission.READ:
            return _aws(case, "get-object", bucket, key, "--range=bytes=0-0", "/dev/null")
        case Permission.WRITE:
            return _aws(case, "put-object", bucket, key, "--if-none-match='*'")
    return _aws(case, "put-object", bucket, key)


def _aws(case: Case, operation: str, *words: str) -> str:
    at = [f"--endpoint-url={shell(case.address)}"]
    if isinstance(case.config, S3CompatibleConfig):
        at.append(f"--region={shell(case.config.signing_region)}")
    if case.value("ca_certificate"):
        at.append("--ca-bundle=ca.pem")
    signed = f'AWS_ACCESS_KEY_ID={shell(case.value("access_key_id"))} AWS_SECRET_ACCESS_KEY="$SECRET_ACCESS_KEY"'
    return command(signed, f"aws s3api {operation}", *at, *words)


def _with(remedy: Remedy, case: Case) -> Remedy:
    return replace(remedy, sure="With the same access key, do the same at the same address.", command=same_call(case))


def _denied(case: Case) -> Remedy:
    usual = common.denied(case)
    return _with(
        replace(usual, fix=f"{usual.fix} MinIO takes a policy (mc admin policy), Ceph a policy of the bucket."), case
    )


def _explicit_deny(case: Case) -> Remedy:
    return _with(common.explicit_deny(case), case)


def _hidden(case: Case) -> Remedy:
    return _with(common.hidden(case), case)


def _unknown_key(case: Case) -> Remedy:
    return replace(
        common.unknown_key(case),
        sure="The console of your storage lists the access keys and shows which of them are enabled. So do mc admin "
        "user list for MinIO, radosgw-admin user list for Ceph, and garage key list for Garage.",
    )


def _wrong_secret(case: Case) -> Remedy:
    return replace(
        common.wrong_secret(case),
        sure="With the same access key and secret, list: SignatureDoesNotMatch means that they don't match. A proxy "
        "in front of the storage that changes the Host header has the same effect.",
        command=same_call(replace(case, permission=Permission.LIST)),
    )


def _wrong_region(case: Case) -> Remedy:
    region = case.failure.region
    usual = common.wrong_region(case)
    entered = case.config.signing_region if isinstance(case.config, S3CompatibleConfig) else ""
    return replace(
        usual,
        cause=f"Requests were signed for the region {entered}, and this storage expects {region or 'another'}."
        f"{'' if region else ' It does not say which.'}",
        sure="The configuration of your storage, or its documentation, names its region.",
    )


def _no_bucket(case: Case) -> Remedy:
    return replace(
        common.no_bucket(case),
        sure="The bucket's name must be in the list of its owner's buckets.",
        command=_aws(case, "list-buckets", "--query 'Buckets[].Name'", "--output text"),
    )


def _tls(case: Case) -> Remedy:
    usual = common.tls(case)
    fix = "If your own authority made it, enter the authority's certificate as CA certificate."
    return replace(usual, fix=f"{usual.fix} {fix}", field="ca_certificate")


def _not_storage(case: Case) -> Remedy | None:
    if case.failure.code != "NotStorage":
        return None
    return replace(
        common.unknown(case),
        cause="This address does not answer like S3. It is a web console or another server.",
        fix="Enter the address of the S3 API. MinIO's is at port 9000, its console at 9001.",
        field="endpoint",
    )


_REMEDIES: dict[Cause, Callable[[Case], Remedy | None]] = {
    Cause.DENIED: _denied,
    Cause.EXPLICIT_DENY: _explicit_deny,
    Cause.HIDDEN: _hidden,
    Cause.UNKNOWN_KEY: _unknown_key,
    Cause.WRONG_SECRET: _wrong_secret,
    Cause.WRONG_REGION: _wrong_region,
    Cause.NO_BUCKET: _no_bucket,
    Cause.TLS: _tls,
    Cause.UNKNOWN: _not_storage,
}
