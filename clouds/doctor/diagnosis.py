"""(permission, verdict, config) -> what was tried, what the cloud said, the likely cause, how to be sure, what to do.

Pure. The words for each cause live in `remedies`; here they are put together with what was tried and answered.
"""

from dataclasses import dataclass

from clouds import Cause, CloudConfig, Failure, safe_name
from clouds.doctor.advice import RIGHTS, Case, remedy
from clouds.doctor.grants import Platform
from clouds.doctor.probe import Permission, State, Verdict


@dataclass(frozen=True)
class Diagnosis:
    """Words for one bulb. Empty where there is nothing to say (a green bulb needs no fix)."""

    summary: str  # one line
    tried: str
    answered: str
    cause: str = ""
    fix: str = ""
    how_to_be_sure: str = ""
    command: str = ""  # shell text that shows the cause
    field: str = ""  # name of the config's field at fault


UNREADABLE = Diagnosis(
    "stored credentials can't be read",
    "Nothing: the stored settings of this datasource can't be decrypted.",
    "",
    "The encryption key they were stored with is no longer among LIGHTLY_ENCRYPTION_KEYS.",
    "Enter the credentials again and save, or ask the operator to restore the old key.",
    "Other datasources that were stored at the same time can't be read either.",
)

_VERBS = {
    Permission.LIST: "List the names under",
    Permission.READ: "Read the first byte of",
    Permission.WRITE: "Create, if it does not exist yet,",
    Permission.OVERWRITE: "Replace",
}

# The calls we make, by the names under which clouds document them.
CALLS: dict[str, dict[Permission, str]] = {
    "S3": {
        Permission.LIST: "ListObjectsV2",
        Permission.READ: "GetObject",
        Permission.WRITE: "conditional PutObject",
        Permission.OVERWRITE: "PutObject",
    },
    "AZURE": {
        Permission.LIST: "List Blobs",
        Permission.READ: "Get Blob",
        Permission.WRITE: "conditional Put Blob",
        Permission.OVERWRITE: "Put Blob",
    },
    "GCS": {
        Permission.LIST: "objects.list",
        Permission.READ: "objects.get",
        Permission.WRITE: "conditional objects.insert",
        Permission.OVERWRITE: "objects.insert",
    },
}
CALLS["S3DelegatedAccess"] = CALLS["S3"]
CALLS["OBS"] = CALLS["S3"] | {Permission.LIST: "ListObjects"}


def diagnose(
    permission: Permission,
    verdict: Verdict,
    config: CloudConfig,
    deadline_seconds: float,
    platform: Platform | None = None,
) -> Diagnosis:
    right, call = RIGHTS[config.type][permission], CALLS[config.type][permission]
    tried = f"{_VERBS[permission]} {safe_name(config.display_key(verdict.key))} ({call}, which takes {right})."
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
    case = Case(permission, failure, config, verdict.key, deadline_seconds, platform or Platform())
    words = remedy(case)
    answer = answer_of(failure, deadline_seconds)
    # Only what the form has can be at fault there.
    field = words.field if words.field in config.fields() else ""
    return Diagnosis(words.summary, tried, answer, words.cause, words.fix, words.sure, words.command, field)


def answer_of(failure: Failure, deadline_seconds: float) -> str:
    """What came back, in codes. Never the cloud's own text, which may carry anything."""
    if failure.cause is Cause.TIMEOUT:
        return f"No answer within {deadline_seconds:g} s."
    facts = [str(failure.status or ""), failure.code]
    answer = " ".join(fact for fact in facts if fact) or "No answer."
    return f"{answer} (request {failure.request_id})" if failure.request_id else answer


__all__ = ["RIGHTS", "UNREADABLE", "Diagnosis", "answer_of", "diagnose"]
