"""`python -m scripts.diagnoses` writes docs/diagnoses.md from the catalogue, so that it can't fall behind."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from clouds import CONFIG_CLASSES, Cause, CloudConfig, Failure
from clouds.doctor.diagnosis import Diagnosis, diagnose
from clouds.doctor.grants import Platform
from clouds.doctor.probe import NO_PROOF, Permission, State, Verdict

DOCUMENT = Path(__file__).parent.parent / "docs" / "diagnoses.md"
HEAD = """# What a bulb says, and what to do

Written by `python -m scripts.diagnoses` from the code, with the examples of the form. A bulb is red when the cloud
said no. Where nothing is proven, such as behind a firewall, it says that it can't tell: these are marked with “?”.
"""

# Alike for every cloud: told once.
EVERYWHERE = (
    Cause.UNREACHABLE,
    Cause.TLS,
    Cause.TIMEOUT,
    Cause.REDIRECTED,
    Cause.THROTTLED,
    Cause.SERVER_ERROR,
    Cause.NO_OBJECT,
    Cause.ALREADY_EXISTS,
    Cause.ARCHIVED,
    Cause.UNKNOWN,
)
AWS = {"S3", "S3DelegatedAccess"}
# Who can answer so at all, where it is not every cloud.
ONLY = {
    Cause.EXPLICIT_DENY: AWS,
    Cause.NETWORK_RULES: AWS | {"AZURE", "GCS"},
    Cause.NOT_YET_VALID: {"AZURE"},
    Cause.MALFORMED_CREDENTIAL: {"GCS"},
    Cause.WRONG_REGION: AWS | {"OBS"},
    Cause.KMS_DENIED: AWS | {"GCS", "OBS"},
    Cause.UNKNOWN_KEY: AWS | {"GCS", "OBS"},
    Cause.WRONG_SECRET: AWS | {"GCS", "OBS"},
    Cause.EXPIRED: AWS | {"AZURE"},
    Cause.CANNOT_ASSUME_ROLE: {"S3DelegatedAccess"},
    Cause.NO_PRINCIPAL: {"S3DelegatedAccess"},
    Cause.CLOCK_SKEW: AWS | {"GCS", "OBS"},
    Cause.ADDRESS_BLOCKED: {"OBS"},
}
END = "&se=2027-01-01T00:00:00Z&sig=x"
Told = tuple[Failure, dict[str, Any]]
# What else a cloud, or the credential itself, tells: (failure, the fields that show it).
_LIMITS = ("permissions boundary", "service control policy", "resource control policy", "session policy")
VARIANTS: dict[str, list[Told]] = {
    "S3": [
        *[(Failure(Cause.DENIED, "AccessDenied", 403, detail=limit), {}) for limit in _LIMITS],
        (Failure(Cause.WRONG_REGION, "PermanentRedirect", 301, region="eu-west-1"), {}),
    ],
    "S3DelegatedAccess": [
        (Failure(Cause.CANNOT_ASSUME_ROLE, "AccessDenied", 403, detail="identity-based policy"), {}),
        (Failure(Cause.CANNOT_ASSUME_ROLE, "AccessDenied", 403), {"external_id": "lightly-another"}),
    ],
    "AZURE": [
        (Failure(Cause.DENIED, "AuthorizationServiceMismatch", 403), {"sas_token": f"?ss=q&srt=co&sp=rl{END}"}),
        (Failure(Cause.DENIED, "AuthorizationResourceTypeMismatch", 403), {"sas_token": f"?ss=b&srt=c&sp=rl{END}"}),
        (Failure(Cause.CREDENTIAL_REFUSED, "AuthenticationFailed", 403), {"sas_token": f"?sr=b&sp=rl{END}"}),
        (Failure(Cause.DENIED, "AuthorizationPermissionMismatch", 403), {"sas_token": "?sr=c&si=policy&sig=x"}),
        (Failure(Cause.DENIED, "AuthorizationPermissionMismatch", 403), {"sas_token": f"?sr=c&sp=rcwl{END}"}),
        (Failure(Cause.DENIED, "AuthorizationProtocolMismatch", 403), {}),
        (Failure(Cause.DENIED, "AccountIsDisabled", 403), {}),
        (Failure(Cause.NETWORK_RULES, "AuthorizationSourceIPMismatch", 403), {}),
        (Failure(Cause.NO_BUCKET, "ResourceNotFound", 404), {}),
    ],
    "GCS": [
        (Failure(Cause.CREDENTIAL_REFUSED, "invalid_grant", 400, detail="disabled"), {}),
        (Failure(Cause.DENIED, "userProjectMissing", 400), {}),
    ],
    "OBS": [(Failure(Cause.WRONG_REGION, "PermanentRedirect", 301, region="eu-de"), {})],
}
CODES = {
    "S3": {Cause.DENIED: "AccessDenied"},
    "AZURE": {Cause.DENIED: "AuthorizationPermissionMismatch", Cause.NETWORK_RULES: "AuthorizationFailure"},
    "GCS": {Cause.DENIED: "forbidden", Cause.NETWORK_RULES: "vpcServiceControls"},
}
PLATFORM = Platform(external_id="lightly-4f1c9a7be2")


def document() -> str:
    everywhere = "\n".join(_entries("S3", [(Failure(cause), {}) for cause in EVERYWHERE], [Permission.READ]))
    return "\n".join([HEAD, *(_section(key) for key in CONFIG_CLASSES), f"## All clouds\n\n{everywhere}"])


def _section(key: str) -> str:
    causes = [cause for cause in Cause if cause not in EVERYWHERE and key in ONLY.get(cause, {key})]
    codes = CODES.get(key, CODES["S3"])
    denied = _entries(key, [(Failure(Cause.DENIED, codes.get(Cause.DENIED, "")), {})], Permission)
    plain: list[Told] = [(Failure(cause, codes.get(cause, "")), {}) for cause in causes if cause is not Cause.DENIED]
    others = _entries(key, [*plain, *VARIANTS[key]], [Permission.READ])
    return f"## {CONFIG_CLASSES[key].provider_label}\n\n" + "\n".join([*denied, *others])


def _entries(key: str, failures: Iterable[Told], permissions: Iterable[Permission]) -> list[str]:
    """Each once: some causes have the same words, as what happened to a role's key can't be the user's fault."""
    found = [
        _entry(failure, permission, _diagnosis(key, failure, permission, changes), CONFIG_CLASSES[key])
        for failure, changes in failures
        for permission in permissions
    ]
    return list(dict.fromkeys(found))


def _diagnosis(key: str, failure: Failure, permission: Permission, changes: dict[str, Any]) -> Diagnosis:
    config = example(key, changes)
    tried = config.prefix if permission is Permission.LIST else f"{config.prefix}a.jpg"
    verdict = Verdict(State.UNKNOWN if failure.cause in NO_PROOF else State.DENIED, failure=failure, key=tried)
    return diagnose(permission, verdict, config, 15, PLATFORM)


def example(key: str, changes: dict[str, Any]) -> CloudConfig:
    """As the form shows it; a token whose only letter is of no use, and nobody's key file."""
    config_class = CONFIG_CLASSES[key]
    values: dict[str, Any] = {name: (info.examples or [""])[0] for name, info in config_class.fields().items()}
    email = f"lightly@{values.get('project_id')}.iam.gserviceaccount.com"
    values |= {"credentials": json.dumps({"client_email": email})} if key == "GCS" else {}
    values |= {"sas_token": f"?sr=c&sp=a{END}"} if key == "AZURE" else {}
    values |= changes
    secrets = config_class.secret_fields()
    typed: dict[str, Any] = {name: SecretStr(value) if name in secrets else value for name, value in values.items()}
    return config_class.model_construct(type=key, **typed)


def _entry(failure: Failure, permission: Permission, words: Diagnosis, config_class: type[CloudConfig]) -> str:
    mark = " (?)" if failure.cause in NO_PROOF else ""
    bulb = f"{permission.capitalize()}, " if failure.cause is Cause.DENIED else ""
    info = config_class.fields().get(words.field)
    lines = [f"### {bulb}{words.summary if bulb else words.summary[0].upper() + words.summary[1:]}{mark}\n"]
    lines += [f"* The cloud says: {words.answered}"] if failure.code else []
    lines += [f"* Likely cause: {words.cause}", f"* How to be sure: {words.how_to_be_sure}"]
    if words.command:
        lines.append("\n".join(["  ```sh", *(f"  {line}" for line in words.command.splitlines()), "  ```"]))
    lines.append(f"* Fix: {words.fix}{f' Field: {info.title}.' if info else ''}\n")
    return "\n".join(lines)


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
