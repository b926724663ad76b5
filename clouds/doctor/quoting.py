"""Whatever a path contains, it stays text: in a shell, in JSON, in Terraform, in an IAM policy, in a CEL condition."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

_TEMPLATE = re.compile(r"(?:\$+|%+)(?=\{)")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")

shell = shlex.quote


def json_text(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


def iam(text: str) -> str:
    """Literally, where IAM would see wildcards and variables.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
    """
    return re.sub(r"[*?$]", lambda found: f"${{{found[0]}}}", text)


def cel(text: str) -> str:
    """A string literal of Google's conditions, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def hcl(value: Any, indent: int = 0) -> str:
    """A value as Terraform spells it.

    https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
    """
    inner, outer = "  " * (indent + 1), "  " * indent
    if isinstance(value, str):
        return _TEMPLATE.sub(_no_template, json.dumps(value, ensure_ascii=False))
    if isinstance(value, bool | int):
        return json.dumps(value)
    if isinstance(value, Mapping):
        rows = [f"{inner}{_hcl_key(key)} = {hcl(item, indent + 1)}" for key, item in value.items()]
        return "{\n" + "\n".join(rows) + f"\n{outer}}}"
    if isinstance(value, Sequence):
        if len(value) == 1 and isinstance(value[0], str):
            return f"[{hcl(value[0])}]"
        rows = [f"{inner}{hcl(item, indent + 1)}," for item in value]
        return "[\n" + "\n".join(rows) + f"\n{outer}]"
    raise TypeError(f"Terraform has no {type(value).__name__}")


def _no_template(found: re.Match[str]) -> str:
    """`${` is doubled, as people do it; of several signs in a row nobody could tell which escapes which."""
    signs = found[0]
    return signs * 2 if len(signs) == 1 else f"\\u{ord(signs[0]):04x}" * len(signs)


def _hcl_key(key: str) -> str:
    return key if _IDENTIFIER.fullmatch(key) else hcl(key)


def command(*words: str) -> str:
    """One shell command. Words are taken as they are: quote what a user typed. Long ones get a line per option."""
    flat = " ".join(words)
    return flat if len(flat) <= 72 else " \\\n  ".join(words)
