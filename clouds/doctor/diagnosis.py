"""(permission, verdict, config) -> what was tried, what the cloud said, the likely cause, how to be sure, what to do.

Pure. Every cloud has words of its own for the causes it can tell better, and `common_remedies` has those for the rest.
Here they are put together with what was tried and answered.
"""

from dataclasses import dataclass

from clouds.config import CloudConfig
from clouds.doctor import common_remedies as common
from clouds.failures import Cause, Failure, safe_name
from clouds.permissions import Permission, State, Verdict
from clouds.policies import Platform
from clouds.provider import provider_of
from clouds.remedies import Case


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

# Characters of an object's name in the sentence beside a bulb.
SHOWN_NAME = 60

_VERBS = {
    Permission.LIST: "List the names under",
    Permission.READ: "Read the first byte of",
    Permission.WRITE: "Create a test file at",
    Permission.OVERWRITE: "Replace",
}


def diagnose(
    permission: Permission,
    verdict: Verdict,
    config: CloudConfig,
    deadline_seconds: float,
    platform: Platform | None = None,
) -> Diagnosis:
    provider = provider_of(config)
    right, call = provider.words.rights[permission], provider.words.calls[permission]
    tried = f"{_VERBS[permission]} {safe_name(config.display_key(verdict.key))} ({call}, which takes {right})."
    failure = verdict.failure
    if verdict.state is State.GRANTED:
        return Diagnosis(proof(permission, verdict, config), tried, "It worked.")
    if verdict.state is State.SKIPPED and failure is None:
        return Diagnosis("not needed here", "Nothing. This datasource is read-only.", "")
    if failure is None:
        raise ValueError(f"a verdict that is {verdict.state} needs a failure")
    if verdict.state is State.SKIPPED:
        return Diagnosis(
            "not tested: needs Write",
            "Nothing. Overwrite is tested after Write.",
            "",
            "Write was denied. See the Write bulb.",
            "Make the Write bulb green, then check again.",
        )
    case = Case(permission, failure, config, provider.words, verdict.key, deadline_seconds, platform or Platform())
    words = provider.explain(case) or common.REMEDIES[failure.cause](case)
    answer = answer_of(failure, deadline_seconds)
    # Only what the form has can be at fault there.
    field = words.field if words.field in config.fields() else ""
    return Diagnosis(words.summary, tried, answer, words.cause, words.fix, words.sure, words.command, field)


def proof(permission: Permission, verdict: Verdict, config: CloudConfig) -> str:
    """What was seen to work, in one sentence, of a verdict that is granted."""
    seen = verdict.evidence
    if permission is Permission.LIST:
        if not seen.objects:
            return "Listed; there are no files yet"
        count = f"{seen.objects:,}{'+' if seen.more else ''}"
        return f"Listed {count} object{'' if count == '1' else 's'}; first: {safe_name(seen.first, SHOWN_NAME)}"
    if permission is Permission.READ:
        if seen.missing:
            return "Asked for a file that is not there, and was told so"
        name = verdict.key.removeprefix(config.prefix)
        return f"Read 1 byte of {safe_name(name, SHOWN_NAME)}"
    if permission is Permission.WRITE:
        done = "Found its test file" if seen.existed else "Created"
        if seen.removed:
            return f"{done} and removed {'it' if seen.existed else 'the test file'}"
        return f"{done}, so writing is allowed" if seen.existed else "Created the test file"
    return "Replaced the test file"


def answer_of(failure: Failure, deadline_seconds: float) -> str:
    """What came back, in codes. Never the cloud's own text, which may carry anything."""
    if failure.cause is Cause.TIMEOUT:
        return f"No answer within {deadline_seconds:g} s."
    facts = [str(failure.status or ""), failure.code]
    answer = " ".join(fact for fact in facts if fact) or "No answer."
    return f"{answer} (request {failure.request_id})" if failure.request_id else answer
