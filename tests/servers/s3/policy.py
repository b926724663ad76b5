"""Judges IAM policies the way AWS documents it, as far as storage permissions need it.

moto checks actions and resources but not conditions such as `s3:prefix` or `s3:if-none-match`, which decide here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from tests.servers.vocabulary import Right

Document = Mapping[str, Any]


Context = Mapping[str, str]


def allows(policy: Document, action: str, resource: str, context: Context) -> bool:
    """Whether some statement allows this and none denies it."""
    effects = {s["Effect"] for s in _statements(policy) if _applies(s, action, resource, context)}
    return effects == {"Allow"}


def forbids(policy: Document, action: str, resource: str, context: Context) -> bool:
    """Whether some statement denies this expressly."""
    return any(s["Effect"] == "Deny" and _applies(s, action, resource, context) for s in _statements(policy))


def merged(policy: Document, more: Document) -> dict[str, Any]:
    """Both policies of one principal."""
    return {"Version": "2012-10-17", "Statement": [*_statements(policy), *_statements(more)]}


def trusts(trust_policy: Document, principal_arn: str, context: Context) -> bool:
    """Whether a role's trust policy lets this principal call sts:AssumeRole."""
    effects = {
        statement["Effect"]
        for statement in _statements(trust_policy)
        if _named(statement, "Action", "sts:AssumeRole", ignore_case=True)
        and _is_principal(statement.get("Principal"), principal_arn)
        and _meets(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}


def for_moto(policy: Document) -> dict[str, Any]:
    """What moto can understand of a policy; the rest is left to `allows`.

    moto takes a condition it does not know for a denial, and a resource for a regular expression with `*` for `.*`.
    """
    # Without its condition, a Deny would deny too much.
    kept = [s for s in _statements(policy) if s["Effect"] == "Allow" or "Condition" not in s]
    return {"Version": policy.get("Version", "2012-10-17"), "Statement": [_plain(statement) for statement in kept]}


def _plain(statement: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in statement.items() if name != "Condition"}
    if "Resource" in plain:
        plain["Resource"] = ["".join(map(_for_moto, _parts(r))) for r in _listed(plain["Resource"])]
    return plain


def _for_moto(part: str) -> str:
    """moto replaces every `*`, so a literal one must not look like one."""
    if part in {"*", "?"}:
        return "*" if part == "*" else "."
    return re.escape(_literal(part)).replace(r"\*", r"\x2a")


def _statements(policy: Document) -> list[Mapping[str, Any]]:
    found = policy["Statement"]
    return found if isinstance(found, list) else [found]


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    return (
        _named(statement, "Action", action, ignore_case=True)
        and _named(statement, "Resource", resource)
        and _meets(statement.get("Condition", {}), context)
    )


def _named(statement: Mapping[str, Any], element: str, value: str, *, ignore_case: bool = False) -> bool:
    if f"Not{element}" in statement:
        return not any(_like(p, value, ignore_case=ignore_case) for p in _listed(statement[f"Not{element}"]))
    return any(_like(p, value, ignore_case=ignore_case) for p in _listed(statement[element]))


def _listed(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _like(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """AWS wildcards: `*` any run of characters, `?` any single one, `${*}` and the like and everything else itself."""
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(_literal(c)) for c in _parts(pattern))
    return re.fullmatch("".join(parts), value, re.DOTALL | (re.IGNORECASE if ignore_case else 0)) is not None


def _parts(pattern: str) -> list[str]:
    return re.findall(r"\$\{[*?$]\}|.", pattern, re.DOTALL)


def _literal(part: str) -> str:
    return part[2] if len(part) == 4 else part


def _is_principal(principal: Any, arn: str) -> bool:
    if principal == "*":
        return True
    named = _listed(principal.get("AWS", [])) if isinstance(principal, Mapping) else []
    account = arn.split(":")[4]
    return any(p in {"*", arn, account, f"arn:aws:iam::{account}:root"} for p in named)


def _meets(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    lowered = {key.lower(): value for key, value in context.items()}
    return all(
        _holds(operator, lowered.get(key.lower()), _listed(wanted))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, actual: str | None, wanted: list[str]) -> bool:
    if operator == "Null":
        return (actual is None) == (wanted[0].lower() == "true")
    base = operator.removesuffix("IfExists")
    if actual is None:
        return base != operator or base in {"StringNotEquals", "StringNotLike"}
    match base:
        case "StringEquals" | "ArnEquals":
            return actual in wanted
        case "StringNotEquals":
            return actual not in wanted
        case "StringLike" | "ArnLike":
            return any(_like(pattern, actual) for pattern in wanted)
        case "StringNotLike":
            return not any(_like(pattern, actual) for pattern in wanted)
        case "Bool":
            return actual.lower() == wanted[0].lower()
    raise NotImplementedError(f"the test server does not know the IAM condition operator {operator}")


def policy_for(bucket: str, prefix: str, rights: Collection[Right]) -> dict[str, Any]:
    """An IAM policy with exactly these rights below the prefix; CREATE alone demands `If-None-Match` on every PUT."""
    below = f"arn:aws:s3:::{bucket}/{prefix}*"
    statements: list[dict[str, Any]] = []
    if Right.LIST in rights:
        only_below = {"StringLike": {"s3:prefix": [f"{prefix}*"]}} if prefix else None
        statements.append(allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", only_below))
    if Right.READ in rights:
        statements.append(allow("s3:GetObject", below))
    if Right.REPLACE in rights:
        statements.append(allow("s3:PutObject", below))
    elif Right.CREATE in rights:
        statements.append(allow("s3:PutObject", below, {"Null": {"s3:if-none-match": "false"}}))
    if Right.DELETE in rights:
        statements.append(allow("s3:DeleteObject", below))
    # IAM refuses a policy without statements; this one allows something that helps nobody here.
    return {"Version": "2012-10-17", "Statement": statements or [allow("s3:ListAllMyBuckets", "arn:aws:s3:::*")]}


def allow(action: str, resource: str, condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement if condition is None else statement | {"Condition": condition}


def only_encrypted_with(key: str, bucket: str) -> dict[str, Any]:
    """Lets use a KMS key, and denies each write that does not name it, as companies do it with their buckets."""
    deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    condition = {"StringNotEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": key}}
    use = allow("kms:GenerateDataKey", key)
    return {"Version": "2012-10-17", "Statement": [use, deny | {"Condition": condition}]}
