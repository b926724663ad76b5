"""What AWS can tell better, with a user's key and with a role."""

import json
from collections.abc import Callable
from dataclasses import replace

from clouds.doctor import common_remedies as common
from clouds.doctor.quoting import command, iam, shell
from clouds.failures import Cause
from clouds.permissions import Permission
from clouds.remedies import Case, Remedy
from clouds.s3.config import S3DelegatedAccessConfig
from clouds.s3.policies import partition

# These can't be about what the user entered: a role has no key of its own.
_OF_THE_SESSION = {
    Cause.UNKNOWN_KEY,
    Cause.WRONG_SECRET,
    Cause.EXPIRED,
    Cause.NOT_YET_VALID,
    Cause.CREDENTIAL_REFUSED,
    Cause.MALFORMED_CREDENTIAL,
}


def explain(case: Case) -> Remedy | None:
    if _is_role(case):
        if case.failure.cause in _OF_THE_SESSION:
            return _session(case)
        if case.failure.cause is Cause.NO_PRINCIPAL:
            return _no_principal(case)
        if case.failure.cause is Cause.CANNOT_ASSUME_ROLE:
            return _cannot_assume_role(case)
    remedy = _REMEDIES.get(case.failure.cause)
    return remedy(case) if remedy else None


def _is_role(case: Case) -> bool:
    return isinstance(case.config, S3DelegatedAccessConfig)


def same_call(case: Case) -> str:
    """What the check did, with AWS's own tool. For a role, which nobody can be by hand, AWS is asked what it thinks."""
    if _is_role(case):
        return _simulation(case)
    bucket, key = f"--bucket={case.config.bucket}", f"--key={shell(case.safe_key)}"
    where = [f"--region={shell(case.value('region'))}", *_at(case)]
    match case.permission:
        case Permission.LIST:
            prefix = [f"--prefix={shell(case.config.prefix)}"] if case.config.prefix else []
            return command("aws s3api list-objects-v2", bucket, *prefix, "--max-keys=1", *where)
        case Permission.READ:
            return command("aws s3api get-object", bucket, key, "--range=bytes=0-0", *where, "/dev/null")
        case Permission.WRITE:
            return command("aws s3api put-object", bucket, key, "--if-none-match='*'", *where)
    return command("aws s3api put-object", bucket, key, *where)


def _at(case: Case) -> list[str]:
    """The server that the operator has named in AWS's place: its commands must go there too."""
    return [f"--endpoint-url={shell(case.own_address)}"] if case.own_address else []


def _sts(case: Case, operation: str, *words: str) -> str:
    own = case.platform.endpoints.sts or case.own_address
    return command(f"aws sts {operation}", *words, *([f"--endpoint-url={shell(own)}"] if own else []))


def _simulation(case: Case) -> str:
    bucket = f"arn:{partition(case.value('region'))}:s3:::{case.config.bucket}"
    resource, context = f"{bucket}/{iam(case.safe_key)}", []
    if case.permission is Permission.LIST:
        resource = bucket
        entry = {"ContextKeyName": "s3:prefix", "ContextKeyValues": [case.config.prefix], "ContextKeyType": "string"}
        context = [f"--context-entries={shell(json.dumps([entry], ensure_ascii=False))}"] if case.config.prefix else []
    return command(
        "aws iam simulate-principal-policy",
        f"--policy-source-arn={shell(case.value('role_arn'))}",
        f"--action-names={case.right}",
        f"--resource-arns={shell(resource)}",
        *context,
        "--query 'EvaluationResults[].EvalDecision'",
        *_at(case),
    )


def _sure(case: Case) -> tuple[str, str]:
    if _is_role(case):
        return (
            "In the role's account, ask AWS what the role's policies allow. It answers allowed or denied.",
            same_call(case),
        )
    return "With the same access key, ask AWS who you are, and do the same.", (
        f"{_sts(case, 'get-caller-identity')}\n{same_call(case)}"
    )


# Kinds of policies that must allow as well, beside the one with the grant.
_LIMITS = {
    "permissions boundary": "the permissions boundary",
    "service control policy": "a service control policy of the organisation",
    "resource control policy": "a resource control policy of the organisation",
    "session policy": "the session's policy",
}


def _denied(case: Case) -> Remedy:
    sure, shell_text = _sure(case)
    usual = common.denied(case)
    if limit := _LIMITS.get(case.failure.detail):
        usual = replace(
            usual,
            cause=f"For {case.grantee}, {limit} does not include {case.right}. It must, in addition to a grant.",
            fix=f"Add {case.right} for {case.config.path} there. Only a grant to {case.grantee} does not help.",
        )
    elif case.failure.detail == "identity-based policy":
        usual = replace(usual, cause=f"No policy of {case.grantee} allows {case.right} for this path.")
    return replace(usual, sure=sure, command=shell_text)


def _explicit_deny(case: Case) -> Remedy:
    sure, shell_text = _sure(case)
    look = f"aws s3api get-bucket-policy --bucket={case.config.bucket}"
    bucket = command(look, "--query Policy --output text", *_at(case))
    return replace(
        common.explicit_deny(case), sure=f"{sure} Then read the bucket's policy.", command=f"{shell_text}\n{bucket}"
    )


def _hidden(case: Case) -> Remedy:
    sure, shell_text = _sure(case)
    return replace(common.hidden(case), sure=sure, command=shell_text)


def _network_rules(case: Case) -> Remedy:
    return replace(
        common.network_rules(case),
        cause="This server calls S3 through a VPC endpoint, and the endpoint's policy does not allow this request. "
        "So it can't be verified from here whether the credentials are right.",
        fix="Ask the operator of this installation to allow the bucket in the VPC endpoint's policy.",
        sure="The operator can read the policies of the VPC endpoints.",
        command="aws ec2 describe-vpc-endpoints --query 'VpcEndpoints[].PolicyDocument'",
    )


def _unknown_key(case: Case) -> Remedy:
    look = command(
        "aws iam get-access-key-last-used", f"--access-key-id={shell(case.value('access_key_id'))}", *_at(case)
    )
    return replace(
        common.unknown_key(case),
        sure="In the account of the bucket, ask AWS for the owner of the key. An active key has a user name. "
        "The IAM console shows whether the key is deactivated.",
        command=look,
    )


def _wrong_secret(case: Case) -> Remedy:
    return replace(
        common.wrong_secret(case),
        sure="With the same access key and secret, ask AWS who you are. SignatureDoesNotMatch means: they don't match.",
        command=_sts(case, "get-caller-identity"),
    )


def _wrong_region(case: Case) -> Remedy:
    return replace(
        common.wrong_region(case),
        sure="AWS says in which region the bucket is.",
        command=command(f"aws s3api head-bucket --bucket={case.config.bucket}", "--query BucketRegion", *_at(case)),
    )


def _no_bucket(case: Case) -> Remedy:
    return replace(
        common.no_bucket(case),
        sure="The bucket's name must be in the list of the account it is in.",
        command=command("aws s3api list-buckets", "--query 'Buckets[].Name' --output text", *_at(case)),
    )


def _retention(case: Case) -> Remedy:
    return replace(
        common.retention(case),
        sure="S3 says whether the bucket locks objects, and for how long.",
        command=command(f"aws s3api get-object-lock-configuration --bucket={case.config.bucket}", *_at(case)),
    )


def _kms_denied(case: Case) -> Remedy:
    key = case.value("kms_key_arn")
    show = command(f"aws s3api get-bucket-encryption --bucket={case.config.bucket}", *_at(case))
    entered = " The key that you entered here must be the bucket's key." if key else ""
    return replace(
        common.kms_denied(case),
        fix="Grant kms:Decrypt, and kms:GenerateDataKey for writing, on that key. If the key's own policy does "
        "not allow IAM policies, grant it there." + entered,
        sure="Find the key with which the bucket encrypts, and read the policy of that key.",
        command=f"{show}\naws kms get-key-policy --policy-name default --key-id={shell(key)}" if key else show,
        field="kms_key_arn" if key and case.permission in {Permission.WRITE, Permission.OVERWRITE} else "",
    )


def _cannot_assume_role(case: Case) -> Remedy:
    role, given, own = case.value("role_arn"), case.value("external_id"), case.platform.external_id
    name = role.rpartition("/")[2]
    query = "--query Role.AssumeRolePolicyDocument"
    show = command("aws iam get-role", f"--role-name={shell(name)}", query, *_at(case))
    sure = "In the role's account, read the trust policy: principal and external ID must be exactly those."
    if case.failure.detail == "identity-based policy":
        return Remedy(
            "the platform may not assume roles",
            "This platform's own AWS identity is not allowed to call sts:AssumeRole on any role, or on this one.",
            f"{common.OPERATOR} to grant it sts:AssumeRole (see docs/deploy.md).",
            "The operator can read the policies of the platform's own identity.",
            _sts(case, "get-caller-identity"),
        )
    if own and given != own:
        return Remedy(
            "cannot assume the role: check the external ID",
            f"Most likely the external ID: another one was entered than your team's own. Else {role} does not "
            "exist, or its trust policy names another principal. AWS does not say which.",
            "Enter your team's own external ID, which is shown beside the field. Or put the entered one into the "
            "role's trust policy.",
            sure,
            show,
            "external_id",
        )
    return Remedy(
        "cannot assume the role",
        f"AWS does not let this platform assume {role}: its trust policy names another principal or another external "
        "ID, or the role does not exist. AWS does not say which.",
        "Put this platform's AWS principal and exactly this datasource's external ID into the role's trust policy.",
        sure,
        show,
        "role_arn",
    )


def _no_principal(case: Case) -> Remedy:
    region = case.failure.region
    if not region:
        return replace(common.no_principal(case), command=_sts(case, "get-caller-identity"))
    return Remedy(
        f"AWS does not know this platform in {region}",
        f"The bucket's region {region} knows only AWS accounts that have enabled it. This installation's account has "
        "not, and STS could not be reached in another region.",
        f"{common.OPERATOR} to enable {region} in its AWS account, or to let it reach STS in another region.",
        "The operator can ask AWS which regions are enabled.",
        f"aws account get-region-opt-status --region-name {region}",
        "region",
    )


def _session(case: Case) -> Remedy:
    return Remedy(
        "the role's temporary key was refused",
        f"{case.config.principal} could be assumed, but the storage does not accept its temporary key.",
        "Check again. If the problem stays, ask the operator of this installation whether its endpoints for roles "
        "(STS) and for storage belong together.",
        "Assume the role yourself, and list with its temporary key.",
        _sts(case, "assume-role", f"--role-arn={shell(case.value('role_arn'))}", "--role-session-name=test"),
    )


_REMEDIES: dict[Cause, Callable[[Case], Remedy]] = {
    Cause.DENIED: _denied,
    Cause.EXPLICIT_DENY: _explicit_deny,
    Cause.HIDDEN: _hidden,
    Cause.NETWORK_RULES: _network_rules,
    Cause.UNKNOWN_KEY: _unknown_key,
    Cause.WRONG_SECRET: _wrong_secret,
    Cause.WRONG_REGION: _wrong_region,
    Cause.NO_BUCKET: _no_bucket,
    Cause.KMS_DENIED: _kms_denied,
    Cause.NO_PRINCIPAL: _no_principal,
    Cause.RETENTION: _retention,
}
