"""What OBS can tell better."""

from collections.abc import Callable
from dataclasses import replace

from clouds.doctor import common_remedies as common
from clouds.doctor.quoting import command, shell
from clouds.failures import Cause
from clouds.permissions import Permission
from clouds.remedies import Case, Remedy


def explain(case: Case) -> Remedy | None:
    remedy = _REMEDIES.get(case.failure.cause)
    return remedy(case) if remedy else None


def same_call(case: Case) -> str:
    where = shell(f"obs://{case.config.bucket}/{case.config.prefix}")
    object_url = shell(f"obs://{case.config.bucket}/{case.safe_key}")
    match case.permission:
        case Permission.LIST:
            return command("obsutil ls", where, "-limit=1", _credentials(case))
        case Permission.READ:
            return command("obsutil cp", object_url, "./lightly-test", _credentials(case))
    return f"echo test > lightly-test\n{command('obsutil cp ./lightly-test', object_url, '-f', _credentials(case))}"


def _credentials(case: Case) -> str:
    return f'-e={shell(case.value("endpoint"))} -i={shell(case.value("access_key_id"))} -k="$SECRET_ACCESS_KEY"'


def _with(remedy: Remedy, case: Case) -> Remedy:
    return replace(remedy, sure="With the same access key, do the same.", command=same_call(case))


def _denied(case: Case) -> Remedy:
    return _with(common.denied(case), case)


def _explicit_deny(case: Case) -> Remedy:
    return _with(common.explicit_deny(case), case)


def _hidden(case: Case) -> Remedy:
    return _with(common.hidden(case), case)


def _unknown_key(case: Case) -> Remedy:
    sure = "Sign in as the user. My Credentials lists the access keys and shows which of them are enabled."
    return replace(common.unknown_key(case), sure=sure)


def _wrong_secret(case: Case) -> Remedy:
    return replace(
        common.wrong_secret(case),
        sure="With the same access key and secret, list: SignatureDoesNotMatch means that they don't match.",
        command=same_call(replace(case, permission=Permission.LIST)),
    )


def _wrong_region(case: Case) -> Remedy:
    usual = common.wrong_region(case)
    region, bucket = case.failure.region, case.config.bucket
    fix = f"Enter the endpoint of the region {region}." if region else f"Look up the region of {bucket} in the console."
    return replace(usual, fix=f"{fix} The endpoint has the region's name in it.", field="endpoint")


def _no_bucket(case: Case) -> Remedy:
    return replace(
        common.no_bucket(case),
        sure="The bucket's name must be in the list of its owner's buckets.",
        command=command("obsutil ls -s", _credentials(case)),
    )


def _kms_denied(case: Case) -> Remedy:
    fix = "Allow the user to use that key, in the console of the Key Management Service."
    return replace(common.kms_denied(case), fix=fix)


_REMEDIES: dict[Cause, Callable[[Case], Remedy]] = {
    Cause.DENIED: _denied,
    Cause.EXPLICIT_DENY: _explicit_deny,
    Cause.HIDDEN: _hidden,
    Cause.UNKNOWN_KEY: _unknown_key,
    Cause.WRONG_SECRET: _wrong_secret,
    Cause.WRONG_REGION: _wrong_region,
    Cause.NO_BUCKET: _no_bucket,
    Cause.KMS_DENIED: _kms_denied,
}
