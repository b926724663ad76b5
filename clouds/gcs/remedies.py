"""What Google can tell better."""

from collections.abc import Callable
from dataclasses import replace

from clouds.doctor import common_remedies as common
from clouds.doctor.quoting import command, shell
from clouds.failures import Cause
from clouds.permissions import Permission
from clouds.remedies import Case, Remedy, sentence

SIGN_IN = "gcloud auth activate-service-account --key-file=service-account.json"


def explain(case: Case) -> Remedy | None:
    remedy = _REMEDIES.get(case.failure.cause)
    return remedy(case) if remedy else None


def same_call(case: Case) -> str:
    """As the service account, with Google's own tool."""
    where, object_url = shell(f"gs://{case.config.bucket}/{case.config.prefix}"), _url(case)
    # https://cloud.google.com/sdk/gcloud/reference/topic/configurations
    at = f"CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE={shell(case.own_address)} " if case.own_address else ""
    match case.permission:
        case Permission.LIST:
            return command(f"{at}gcloud storage ls", where)
        case Permission.READ:
            return command(f"{at}gcloud storage cat", "--range=0-0", object_url)
        case Permission.WRITE:
            return command(f"echo test | {at}gcloud storage cp -", object_url, "--if-generation-match=0")
    return command(f"echo test | {at}gcloud storage cp -", object_url)


def _url(case: Case) -> str:
    return shell(f"gs://{case.config.bucket}/{case.safe_key}")


def _as_account(case: Case) -> tuple[str, str]:
    return "Sign in with the key file and do the same.", f"{SIGN_IN}\n{same_call(case)}"


def _describe(case: Case) -> str:
    email, project = shell(case.config.principal), shell(case.value("project_id"))
    return (
        f"{command('gcloud iam service-accounts describe', email, f'--project={project}')}\n"
        f"{command('gcloud iam service-accounts keys list', f'--iam-account={email}', f'--project={project}')}"
    )


def _denied(case: Case) -> Remedy:
    sure, shell_text = _as_account(case)
    usual = replace(common.denied(case), sure=sure, command=shell_text)
    if case.failure.detail == "disabled" or case.failure.code in {"disabled_client", "deleted_client"}:
        return _disabled(case)
    if case.permission is Permission.OVERWRITE:
        return replace(
            usual,
            cause=f"{sentence(case.grantee)} may create objects, but lacks {case.right} for this path. For "
            "Google, replacing an object means deleting it and creating a new one, so a role without delete can't "
            "overwrite.",
        )
    return usual


def _disabled(case: Case) -> Remedy:
    return Remedy(
        "the service account is disabled",
        f"{sentence(case.grantee)} was disabled or deleted, so its keys are refused.",
        "Enable the service account, or enter the key of another one.",
        "Google says whether the account is disabled, and which of its keys are valid.",
        _describe(case),
        "credentials",
    )


def _credential_refused(case: Case) -> Remedy:
    if case.failure.detail == "disabled":
        return _disabled(case)
    return replace(
        common.credential_refused(case),
        cause="The service account key was revoked, or the service account is disabled. The cloud does not say which.",
        sure="Google says whether the account is disabled, and which of its keys are valid.",
        command=_describe(case),
    )


def _wrong_secret(case: Case) -> Remedy:
    return Remedy(
        "wrong service account key",
        f"Google does not accept this key of {case.config.principal}: it was deleted, has expired, or was changed "
        "while copying.",
        "Make a new key of this service account and enter it.",
        "Compare the private_key_id in the file with the list of the account's keys.",
        _describe(case),
        "credentials",
    )


def _unknown_key(case: Case) -> Remedy:
    return replace(
        common.unknown_key(case),
        sure="Google says whether the service account exists.",
        command=_describe(case),
        field="credentials",
    )


def _network_rules(case: Case) -> Remedy:
    project = shell(case.value("project_id"))
    return replace(
        common.network_rules(case),
        cause=f"VPC Service Controls, or the bucket's IP filter, block this server from {case.config.bucket}. So it "
        "can't be verified from here whether the service account has the rights.",
        fix="To allow this server, add its address to an access level of the perimeter. Otherwise leave it.",
        sure="Google's audit log names the perimeter and the rule.",
        command=command(
            "gcloud logging read",
            "'protoPayload.metadata.@type:VpcServiceControlAuditMetadata'",
            f"--project={project}",
        ),
    )


def _kms_denied(case: Case) -> Remedy:
    return replace(
        common.kms_denied(case),
        cause=f"{sentence(case.grantee)} may use the bucket. But the project's storage service agent, which encrypts "
        "and decrypts, may not use the KMS key of its objects, or that key is disabled.",
        fix="Grant the storage service agent the role roles/cloudkms.cryptoKeyEncrypterDecrypter on that key.",
        sure="Google says which key the bucket uses, and who its storage service agent is.",
        command=f"gcloud storage buckets describe gs://{case.config.bucket} --format='value(default_kms_key)'\n"
        f"gcloud storage service-agent --project={shell(case.value('project_id'))}",
    )


def _caller_pays(case: Case) -> Remedy:
    account, project = case.config.principal, case.value("project_id")
    grant = command(
        f"gcloud projects add-iam-policy-binding {shell(project)}",
        f"--member={shell(f'serviceAccount:{account}')}",
        "--role=roles/serviceusage.serviceUsageConsumer",
    )
    return replace(
        common.caller_pays(case),
        summary=f"the caller pays, and the project {project} can't be billed",
        cause=f"In the bucket {case.config.bucket} the caller pays (requester pays). The project {project} can't "
        f"be billed: it does not exist, has no billing account, or {case.grantee} may not bill it.",
        fix=f"Let the service account bill the project, with the role Service Usage Consumer on {project}. Or enter "
        "the ID of a project that the service account may bill.",
        sure="Google says whether the caller pays. The second command lets the service account bill the project.",
        command=f"gcloud storage buckets describe gs://{case.config.bucket} --billing-project={shell(project)} "
        f"--format='value(requester_pays)'\n{grant}",
        field="project_id",
    )


def _retention(case: Case) -> Remedy:
    return replace(
        common.retention(case),
        sure="Google shows how long the bucket keeps objects, and whether it puts new objects on hold.",
        command=f"gcloud storage buckets describe gs://{case.config.bucket} "
        "--format='default(retention_policy,default_event_based_hold)'\n"
        + command("gcloud storage objects describe", _url(case)),
    )


def _no_bucket(case: Case) -> Remedy:
    shell_text = f"gcloud storage buckets describe gs://{case.config.bucket}"
    return replace(common.no_bucket(case), sure="Google says whether the bucket exists.", command=shell_text)


def _hidden(case: Case) -> Remedy:
    sure, shell_text = _as_account(case)
    return replace(common.hidden(case), sure=sure, command=shell_text)


_REMEDIES: dict[Cause, Callable[[Case], Remedy]] = {
    Cause.DENIED: _denied,
    Cause.CREDENTIAL_REFUSED: _credential_refused,
    Cause.WRONG_SECRET: _wrong_secret,
    Cause.UNKNOWN_KEY: _unknown_key,
    Cause.NETWORK_RULES: _network_rules,
    Cause.KMS_DENIED: _kms_denied,
    Cause.RETENTION: _retention,
    Cause.CALLER_PAYS: _caller_pays,
    Cause.NO_BUCKET: _no_bucket,
    Cause.HIDDEN: _hidden,
}
