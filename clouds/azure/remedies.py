"""What Azure can tell better. Much stands in the SAS token itself, which can be read without any call."""

import re
from collections.abc import Callable
from dataclasses import replace

from clouds.azure.config import AzureConfig, sas_fields
from clouds.doctor import common_remedies as common
from clouds.doctor.quoting import command, shell
from clouds.failures import Cause, safe_code
from clouds.permissions import Permission
from clouds.remedies import Case, Remedy, sentence

NAMES = {"l": "list", "r": "read", "c": "create", "w": "write"}
_NEEDED = {Permission.LIST: "l", Permission.READ: "r", Permission.WRITE: "cw", Permission.OVERWRITE: "w"}
# Shows what a token says, all but its signature.
READ_TOKEN = "echo \"$SAS_TOKEN\" | tr '?&' '\\n\\n' | grep -E '^(sp|sr|ss|srt|si|st|se|sip|spr)='"  # noqa: S105 - no token


def explain(case: Case) -> Remedy | None:
    fault = _fault_in_token(case) if case.failure.cause in {Cause.DENIED, Cause.CREDENTIAL_REFUSED} else None
    if fault:
        return fault
    remedy = _REMEDIES.get(case.failure.cause)
    return remedy(case) if remedy else None


def token(case: Case) -> dict[str, str]:
    """The token's fields but its signature, fit to be shown."""
    if not isinstance(case.config, AzureConfig):
        return {}
    fields = sas_fields(case.config.sas_token.get_secret_value())
    return {name: safe_code(value) for name, value in fields.items() if name != "sig"}


def same_call(case: Case) -> str:
    where = f"{_account(case)} --container-name {shell(case.config.bucket)}"
    name, by = f"--name={shell(case.safe_key)}", '--sas-token "$SAS_TOKEN"'
    match case.permission:
        case Permission.LIST:
            prefix = [f"--prefix={shell(case.config.prefix)}"] if case.config.prefix else []
            return command("az storage blob list", where, *prefix, "--num-results 1", by)
        case Permission.READ:
            return command("az storage blob download", where, name, "--file /dev/null", by)
        case Permission.WRITE:
            return command("az storage blob upload", where, name, "--data test", by)
    return command("az storage blob upload", where, name, "--data test --overwrite", by)


def _account(case: Case) -> str:
    """As az wants it: by its name, or where the operator has said where it is."""
    if case.own_address:
        return f"--blob-endpoint={shell(case.own_address)}"
    return f"--account-name {shell(case.value('account'))}"


def _fault_in_token(case: Case) -> Remedy | None:
    """What the token itself gives away, by the code Azure answered or by its fields."""
    fields, code, container = token(case), case.failure.code, case.config.bucket
    kind = "c" if case.permission is Permission.LIST else "o"
    new = "Make a new SAS token"
    enter = f"for the container {container} with {case.right}, and enter it."
    if code == "AuthorizationServiceMismatch" or ("ss" in fields and "b" not in fields["ss"]):
        return _of_token(
            case,
            f"The SAS token was not made for the blob service: its services (ss) are {fields.get('ss') or 'others'}.",
            f"{new} with the service blob (b), {enter}",
        )
    if code == "AuthorizationResourceTypeMismatch" or ("srt" in fields and kind not in fields["srt"]):
        lacking = "container (c), which listing takes" if kind == "c" else "object (o), which files take"
        return _of_token(
            case,
            f"The SAS token was not made for this kind of resource: its resource types (srt) are "
            f"{fields.get('srt') or 'others'}, without {lacking}.",
            f"{new} with the resource types container (c) and object (o), {enter}",
        )
    if fields.get("sr") == "b":
        return _of_token(
            case,
            "The SAS token is valid for a single blob (sr is b), not for a container.",
            f"{new} {enter}",
        )
    if code == "AuthorizationProtocolMismatch":
        return _of_token(
            case,
            "The SAS token is valid for https only, and this installation uses http for the storage.",
            "Make a new SAS token that allows http, or ask the operator of this installation for an https endpoint.",
        )
    if code == "AccountIsDisabled":
        account = case.value("account")
        return Remedy(
            "the storage account is disabled",
            f"The storage account {account} is disabled.",
            "Enable it in the Azure portal, then check again.",
            "Azure shows the status of the account.",
            f"az storage account show --name {shell(account)} --query statusOfPrimary",
            "account",
        )
    return _letters(case, fields) if case.failure.cause is Cause.DENIED else None


def _of_token(case: Case, cause: str, fix: str) -> Remedy:
    return Remedy(f"denied: {case.right}", cause, fix, "See what the token says.", READ_TOKEN, "sas_token")


def _letters(case: Case, fields: dict[str, str]) -> Remedy | None:
    held = re.sub(r"[^a-z]", "", fields.get("sp", ""))
    if "sp" not in fields:
        policy = fields.get("si") or "a stored access policy"
        return _of_token(
            case,
            f"The token's letters are set by the stored access policy {policy}, which does not give {case.right}.",
            f"Add {case.right} to that policy of the container {case.config.bucket}, or make a new SAS token.",
        )
    lacking = [letter for letter in _NEEDED[case.permission] if letter not in held]
    # To create, one of the two letters would do.
    if not lacking or (case.permission is Permission.WRITE and len(lacking) == 1):
        return None
    named = " and ".join(f"{letter} ({NAMES[letter]})" for letter in lacking)
    return _of_token(
        case,
        f"Your token has {f'the letters {held}' if held else 'no letters'}, it lacks {named}.",
        f"Make a new SAS token for the container {case.config.bucket} with {named} in addition to its letters, "
        f"and enter it. That is {case.right}.",
    )


def _denied(case: Case) -> Remedy:
    held = re.sub(r"[^a-z]", "", token(case).get("sp", ""))
    any_of = case.permission is Permission.WRITE
    needed = set(_NEEDED[case.permission])
    if held and (needed & set(held) if any_of else needed <= set(held)):
        return replace(
            common.denied(case),
            cause=f"Your token has the letters {held}, which include {case.right}, but Azure refuses it. "
            f"Something else denies it: a policy or a lock of the container {case.config.bucket} or of the account.",
            fix="Look for policies and locks of the container and of the storage account in the Azure portal.",
            sure="See what the token says, and do the same with it.",
            command=f"{READ_TOKEN}\n{same_call(case)}",
        )
    return replace(
        common.denied(case),
        cause=f"{sentence(case.grantee)} lacks {case.right}, or a policy of the container denies it.",
        fix=f"Make a new SAS token with {case.right} for the container {case.config.bucket}, and enter it.",
        sure="See what the token says, and do the same with it.",
        command=f"{READ_TOKEN}\n{same_call(case)}",
        field="sas_token",
    )


def _credential_refused(case: Case) -> Remedy:
    fields = token(case)
    end = f" It says that it ends {fields['se']}." if fields.get("se") else ""
    by_policy = (
        f" Its stored access policy {fields['si']} may have been changed or deleted." if fields.get("si") else ""
    )
    return replace(
        common.credential_refused(case),
        cause="The SAS token's signature is not accepted: it was changed while copying, made with an account key that "
        "has been replaced, or made for another container or account. Azure does not say which, and a token "
        f"does not show its container.{end}{by_policy}",
        fix=f"Make a new SAS token for the container {case.config.bucket} of the account {case.value('account')}, "
        "and enter it.",
        sure="See what the token says, and list with it: it must be refused as well.",
        command=f"{READ_TOKEN}\n{same_call(replace(case, permission=Permission.LIST))}",
    )


def _expired(case: Case) -> Remedy:
    end = token(case).get("se")
    cause = f"The SAS token ended {end}." if end else "The SAS token was valid only until a date that has passed."
    return replace(common.expired(case), cause=cause, command=f"{READ_TOKEN}\ndate -u")


def _not_yet_valid(case: Case) -> Remedy:
    start = token(case).get("st")
    cause = f"The SAS token starts {start}." if start else "The SAS token becomes valid at a later time."
    return replace(common.not_yet_valid(case), cause=cause, command=f"{READ_TOKEN}\ndate -u")


def _network_rules(case: Case) -> Remedy:
    account = case.value("account")
    if case.failure.code == "AuthorizationSourceIPMismatch":
        return replace(
            common.network_rules(case),
            cause="The SAS token is limited to IP addresses (sip), and this server's address is not one of them. "
            "Nothing else about the token can be verified from here.",
            fix="Make a new SAS token that includes this server's address, or one without IP addresses, and enter it.",
            sure="See what the token says.",
            command=READ_TOKEN,
            field="sas_token",
        )
    return replace(
        common.network_rules(case),
        cause=f"Most likely the firewall of the storage account {account} blocks this server. Azure gives the same "
        "answer for some invalid tokens, so this is not certain. It may work from a permitted network.",
        fix="Add this server's address to the account's networks, or leave it if only your network should have access.",
        sure="Find out which networks the account allows, and list from one of them.",
        command=f"az storage account show --name {shell(account)} --query networkRuleSet\n"
        f"{same_call(replace(case, permission=Permission.LIST))}",
    )


def _no_bucket(case: Case) -> Remedy:
    account = case.value("account")
    if case.failure.code == "ResourceNotFound":
        return Remedy(
            f"no account named {account}, or no container {case.config.bucket} in it",
            f"There is no storage account {account}, or it has no container {case.config.bucket}.",
            f"Correct the account's name, or the container's name {case.config.bucket} in the path.",
            "Azure says whether the account exists.",
            f"az storage account show --name {shell(account)} --query primaryEndpoints.blob",
            "account",
        )
    exists = command(
        "az storage container exists",
        f"--account-name {shell(account)}",
        f"--name {shell(case.config.bucket)}",
        "--auth-mode login",
    )
    return replace(common.no_bucket(case), sure="Azure says whether the container exists.", command=exists)


def _retention(case: Case) -> Remedy:
    account, container = shell(case.value("account")), shell(case.config.bucket)
    return replace(
        common.retention(case),
        sure="Azure says whether the container has an immutability policy or a legal hold.",
        command=command(
            "az storage container show",
            f"--account-name {account}",
            f"--name {container}",
            "--auth-mode login",
            "--query 'properties.[hasImmutabilityPolicy,hasLegalHold]'",
        ),
    )


def _hidden(case: Case) -> Remedy:
    return replace(common.hidden(case), command=same_call(case))


_REMEDIES: dict[Cause, Callable[[Case], Remedy]] = {
    Cause.DENIED: _denied,
    Cause.CREDENTIAL_REFUSED: _credential_refused,
    Cause.EXPIRED: _expired,
    Cause.NOT_YET_VALID: _not_yet_valid,
    Cause.NETWORK_RULES: _network_rules,
    Cause.NO_BUCKET: _no_bucket,
    Cause.HIDDEN: _hidden,
    Cause.RETENTION: _retention,
}
