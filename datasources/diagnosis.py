"""(permission, verdict, config) -> what was tried, what the cloud said, the likely cause, what to do.

Pure: all words live here.
"""

from dataclasses import dataclass

from datasources.clouds import Cause, CloudConfig, Failure, safe_name
from datasources.probe import Permission, State, Verdict


@dataclass(frozen=True)
class Diagnosis:
    """Words for one bulb. Empty where there is nothing to say (a green bulb needs no fix)."""

    summary: str  # one line
    tried: str
    answered: str
    cause: str = ""
    fix: str = ""


UNREADABLE = Diagnosis(
    "stored credentials can't be read",
    "Nothing: the stored settings of this datasource can't be decrypted.",
    "",
    "The encryption key they were stored with is no longer among LIGHTLY_ENCRYPTION_KEYS.",
    "Enter the credentials again and save, or ask the operator to restore the old key.",
)

# The right each cloud asks for, by the name its own console uses.
RIGHTS: dict[str, dict[Permission, str]] = {
    "S3": {
        Permission.LIST: "s3:ListBucket",
        Permission.READ: "s3:GetObject",
        Permission.WRITE: "s3:PutObject",
        Permission.OVERWRITE: "s3:PutObject",
    },
    "AZURE": {
        Permission.LIST: "SAS permission l (list)",
        Permission.READ: "SAS permission r (read)",
        Permission.WRITE: "SAS permission c (create) or w (write)",
        Permission.OVERWRITE: "SAS permission w (write)",
    },
    "GCS": {
        Permission.LIST: "storage.objects.list",
        Permission.READ: "storage.objects.get",
        Permission.WRITE: "storage.objects.create",
        Permission.OVERWRITE: "storage.objects.create and storage.objects.delete",
    },
    "OBS": {
        Permission.LIST: "obs:bucket:ListBucket",
        Permission.READ: "obs:object:GetObject",
        Permission.WRITE: "obs:object:PutObject",
        Permission.OVERWRITE: "obs:object:PutObject",
    },
}
RIGHTS["S3DelegatedAccess"] = RIGHTS["S3"]

_VERBS = {
    Permission.LIST: "List the names under",
    Permission.READ: "Read the first byte of",
    Permission.WRITE: "Create, if it does not exist yet,",
    Permission.OVERWRITE: "Replace",
}

_GRANTEES = {
    "S3": "the IAM user of access key",
    "S3DelegatedAccess": "the role",
    "AZURE": "the SAS token for account",
    "GCS": "the service account",
    "OBS": "the user of access key",
}

_SECRETS = {
    "S3": "secret access key",
    "S3DelegatedAccess": "role's temporary key",
    "AZURE": "SAS token",
    "GCS": "service account key",
    "OBS": "secret access key",
}


# What else Azure may mean by refusing, by its own code.
_AZURE_DENIALS = {
    "AuthorizationResourceTypeMismatch": (
        "The SAS token was not made for this kind of resource.",
        "Make a new SAS token for the resource types container (c) and object (o), and enter it.",
    ),
    "AuthorizationServiceMismatch": (
        "The SAS token was not made for the blob service.",
        "Make a new SAS token for the service blob (b), and enter it.",
    ),
    "AuthorizationSourceIPMismatch": (
        "The SAS token is confined to IP addresses, and this server's is none of them.",
        "Make a new SAS token that includes this server's address, or none at all, and enter it.",
    ),
    "AuthorizationProtocolMismatch": (
        "The SAS token is good for https only, and this installation talks http to the storage.",
        "Make a new SAS token that allows http, or ask the operator of this installation for an https endpoint.",
    ),
    "AccountIsDisabled": ("The storage account is disabled.", "Enable it in the Azure portal, then check again."),
}

# What a cloud may mean by refusing a credential without giving the reason.
_REFUSALS = {
    "AZURE": "is wrong, expired or revoked, was made for another container, or the storage account's firewall does not "
    "let this server in",
    "GCS": "was revoked, or the service account is disabled",
}


def diagnose(permission: Permission, verdict: Verdict, config: CloudConfig, deadline_seconds: float) -> Diagnosis:
    right = RIGHTS[config.type][permission]
    tried = f"{_VERBS[permission]} {safe_name(config.display_key(verdict.key))} ({right})."
    failure = verdict.failure
    if verdict.state is State.GRANTED:
        return Diagnosis(right, tried, "It worked.")
    if verdict.state is State.SKIPPED and failure is None:
        return Diagnosis("not needed here", "Nothing: this datasource is never written to.", "")
    if failure is None:
        raise ValueError(f"a verdict that is {verdict.state} needs a failure")
    if verdict.state is State.SKIPPED:
        return Diagnosis(
            "skipped: write is needed first",
            "Nothing: an object that can't be written can't be overwritten.",
            "",
            "Writing was refused, see the Write bulb.",
            "Make the Write bulb green, then check again.",
        )
    summary, cause, fix = _explain(failure, right, config, deadline_seconds)
    return Diagnosis(summary, tried, answer_of(failure, deadline_seconds), cause, fix)


def answer_of(failure: Failure, deadline_seconds: float) -> str:
    """What came back, in codes. Never the cloud's own text, which may carry anything."""
    if failure.cause is Cause.TIMEOUT:
        return f"No answer within {deadline_seconds:g} s."
    facts = [str(failure.status or ""), failure.code]
    answer = " ".join(fact for fact in facts if fact) or "No answer."
    return f"{answer} (request {failure.request_id})" if failure.request_id else answer


# These can't be about what the user entered: a role has no key of its own.
_OF_THE_SESSION = {
    Cause.UNKNOWN_KEY,
    Cause.WRONG_SECRET,
    Cause.EXPIRED,
    Cause.NOT_YET_VALID,
    Cause.CREDENTIAL_REFUSED,
    Cause.MALFORMED_CREDENTIAL,
}


def _explain(failure: Failure, right: str, config: CloudConfig, deadline_seconds: float) -> tuple[str, str, str]:
    """(summary, likely cause, what to do)"""
    who = f"{_GRANTEES[config.type]} {config.principal}"
    secret, bucket = _SECRETS[config.type], config.bucket
    container = "container" if config.type == "AZURE" else "bucket"
    if config.type == "S3DelegatedAccess" and failure.cause in _OF_THE_SESSION:
        return (
            "the role's temporary key was refused",
            f"{config.principal} could be assumed, but the storage does not accept the key that came of it.",
            "Check again. If it stays, ask the operator of this installation whether its endpoints for roles (STS) "
            "and for storage belong together.",
        )
    match failure.cause:
        case Cause.DENIED if config.type == "AZURE":
            reason = f"{_sentence(who)} lacks {right}, or a policy of the {container} denies it."
            fix = f"Make a new SAS token with {right} for the {container} {bucket}, and enter it."
            return (f"denied: {right}", *_AZURE_DENIALS.get(failure.code, (reason, fix)))
        case Cause.DENIED:
            return (
                f"denied: {right}",
                f"{_sentence(who)} lacks {right} for this path, or a policy of the {container} denies it.",
                f"Grant {right} on {config.path} to {who}, then check again.",
            )
        case Cause.UNKNOWN_KEY:
            return (
                "the cloud does not know this key",
                f"{_sentence(who)} does not exist: it was deleted or deactivated, or has a typo.",
                "Compare it with your cloud's console, or make a new key, and enter it again.",
            )
        case Cause.WRONG_SECRET if config.type == "GCS":
            return (
                "wrong service account key",
                f"Google does not accept this key of {config.principal}: it was deleted, has expired, or was changed "
                "while copying.",
                "Make a new key of this service account and enter it.",
            )
        case Cause.WRONG_SECRET:
            return (
                f"wrong {secret}",
                f"The {secret} does not belong to {config.principal}.",
                f"Enter the {secret} again, or make a new pair of key and secret.",
            )
        case Cause.EXPIRED:
            return (
                f"{secret} has expired",
                f"The end of the {secret}'s validity has passed.",
                f"Make a new {secret} and enter it.",
            )
        case Cause.NOT_YET_VALID:
            return (
                f"{secret} is not valid yet",
                f"The {secret} starts to be valid at a later moment.",
                f"Wait until then, or make a {secret} that starts now.",
            )
        case Cause.CREDENTIAL_REFUSED:
            return (
                f"{secret} refused",
                f"The {secret} {_REFUSALS.get(config.type, 'is wrong, expired or revoked')}. "
                "The cloud does not say which.",
                f"Make a new {secret} for the {container} {bucket} and enter it.",
            )
        case Cause.MALFORMED_CREDENTIAL:
            return (
                f"{secret} is damaged",
                f"The {secret} can't be read: a part is missing or was changed while copying.",
                f"Copy the {secret} again, whole, and enter it.",
            )
        case Cause.WRONG_REGION:
            right_one = (
                f"The {container} is in {failure.region}."
                if failure.region
                else "The cloud does not say which is right."
            )
            return (
                f"wrong region{f': it is {failure.region}' if failure.region else ''}",
                f"The {container} {bucket} is not in the region or at the endpoint you gave. {right_one}",
                f"Set the region to {failure.region}."
                if failure.region
                else f"Look up the region of {bucket} in your console.",
            )
        case Cause.NO_BUCKET:
            return (
                f"no {container} named {bucket}",
                f"There is no {container} {bucket} here: its name has a typo, or it is in another account.",
                f"Correct the {container}'s name in the path, or create it.",
            )
        case Cause.NO_OBJECT:
            return (
                "the object vanished",
                "The object was there a moment ago and is gone now.",
                "Check again.",
            )
        case Cause.ALREADY_EXISTS:
            return (
                "the object was locked",
                "Somebody else wrote the same object at the same moment.",
                "Check again.",
            )
        case Cause.ARCHIVED:
            return (
                "the object is archived",
                "The first object under the path lies in an archive class and can't be read before it is restored.",
                "Restore it, or choose a directory whose objects can be read.",
            )
        case Cause.KMS_DENIED:
            return (
                "denied by the encryption key",
                f"{_sentence(who)} may use the {container}, but not the KMS key its objects are encrypted with.",
                "Grant kms:Decrypt, and kms:GenerateDataKey for writing, on that key."
                if config.type.startswith("S3")
                else "Grant the use of that key, for encrypting and decrypting.",
            )
        case Cause.CANNOT_ASSUME_ROLE:
            return (
                "cannot assume the role",
                f"AWS does not let this platform assume {config.principal}: its trust policy names another principal "
                "or another external ID, or the role does not exist.",
                "Put this platform's AWS principal and exactly this external ID into the role's trust policy.",
            )
        case Cause.NO_PRINCIPAL:
            return (
                "the platform has no AWS identity",
                "This installation has no valid AWS credentials of its own, which assuming a role needs.",
                "Ask the operator of this installation to provide them (see docs/deploy.md).",
            )
        case Cause.CLOCK_SKEW:
            return (
                "clocks differ",
                "The clock of this server and that of the cloud are too far apart for signatures to be accepted.",
                "Ask the operator of this installation to synchronise its clock.",
            )
        case Cause.REDIRECTED:
            return (
                "redirected elsewhere",
                "The endpoint sends requests on to another address. This platform does not follow, "
                "so that credentials stay where you aimed them.",
                "Enter the address at which the storage really answers, in the right region.",
            )
        case Cause.ADDRESS_BLOCKED:
            return (
                "private address",
                "The endpoint's host lies in a private network, into which this installation does not go for users.",
                "Use a public endpoint, or ask the operator to allow the host in LIGHTLY_ALLOWED_PRIVATE_HOSTS.",
            )
        case Cause.UNREACHABLE:
            return (
                "host not reachable",
                "The host does not exist, refuses connections or breaks them off: a typo, a firewall, or an outage.",
                "Check the spelling of account and endpoint, and that this server may connect to it.",
            )
        case Cause.TLS:
            return (
                "no trusted TLS connection",
                "The server's certificate is not for this name, has expired, or was not made by a known authority.",
                "Give the address its certificate was made for, or have the certificate mended.",
            )
        case Cause.THROTTLED:
            return (
                "the cloud is throttling",
                "The storage answers that it gets too many requests or is busy.",
                "Check again in a minute.",
            )
        case Cause.SERVER_ERROR:
            return "the cloud has an error", "The storage answers with an error of its own.", "Check again in a minute."
        case Cause.TIMEOUT:
            return (
                f"no answer within {deadline_seconds:g} s",
                "The host took the connection or the request, but did not answer in time: a firewall that drops "
                "packets, a wrong address, or a slow network.",
                "Check the address and that this server may connect to it, then check again.",
            )
        case Cause.HIDDEN:
            return (
                "can't be told from here",
                "The cloud answers “denied” for any object that does not exist, and none was found to try on. "
                "So it may be allowed or not.",
                f"To tell, it takes the right to list and one file in {config.path}. Give what is missing, "
                "then check again.",
            )
        case Cause.UNKNOWN:
            return (
                f"unexpected answer{f': {failure.code}' if failure.code else ''}",
                "The cloud answered something this platform does not know.",
                "Check again. If it stays, report the code to the operator of this installation.",
            )


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]
