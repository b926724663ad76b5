"""Bucket policies and IAM policies of OBS.

https://docs.otc.t-systems.com/object-storage-service/permissions-configuration-guide/
"""

from typing import Any

from clouds.doctor.quoting import json_text
from clouds.permissions import Permission
from clouds.policies import Request, Snippet

ASK_USER = "domain/<account ID>:user/<user ID>"
_WRITES = {Permission.WRITE, Permission.OVERWRITE}


def snippets(request: Request) -> list[Snippet]:
    if not request.granted:
        return []
    added = " Add these statements to those that are there." if request.gap is not None else ""
    ids = "The IDs stand under My Credentials, signed in as the user. OBS console, the bucket, Permissions, JSON."
    groups = "IAM console, Custom policies, JSON; then give it to the user's group."
    return [
        Snippet("bucket", "Bucket policy", json_text(bucket_policy(request)), "json", ids + added),
        Snippet("policy", "IAM policy", json_text(iam_policy(request)), "json", groups + added),
    ]


def bucket_policy(request: Request) -> dict[str, Any]:
    place, granted = request.place, request.granted
    statements: list[dict[str, Any]] = []
    if Permission.LIST in granted:
        only_below = {"Condition": {"StringLike": {"prefix": [f"{place.prefix}*"]}}} if place.prefix else {}
        statements.append(_allow("LightlyList", ["ListBucket"], place.bucket) | only_below)
    actions = _object_actions(granted)
    if actions:
        statements.append(_allow("LightlyObjects", actions, f"{place.bucket}/{place.prefix}*"))
    return {"Statement": statements}


def _allow(sid: str, actions: list[str], resource: str) -> dict[str, Any]:
    who = {"ID": [ASK_USER]}
    return {"Sid": sid, "Effect": "Allow", "Principal": who, "Action": actions, "Resource": [resource]}


def _object_actions(granted: list[Permission]) -> list[str]:
    actions = ["GetObject"] if Permission.READ in granted else []
    return actions + (["PutObject"] if _WRITES & set(granted) else [])


def iam_policy(request: Request) -> dict[str, Any]:
    """It can't confine listing to a prefix: only the bucket policy can."""
    place, granted = request.place, request.granted
    statements: list[dict[str, Any]] = []
    if Permission.LIST in granted:
        bucket = f"OBS:*:*:bucket:{place.bucket}"
        statements.append({"Effect": "Allow", "Action": ["obs:bucket:ListBucket"], "Resource": [bucket]})
    if actions := [f"obs:object:{action}" for action in _object_actions(granted)]:
        below = f"OBS:*:*:object:{place.bucket}/{place.prefix}*"
        statements.append({"Effect": "Allow", "Action": actions, "Resource": [below]})
    return {"Version": "1.1", "Statement": statements}
