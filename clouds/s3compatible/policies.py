"""Policies in the language of IAM, which most servers know: MinIO by its own client, others as a bucket policy.

https://min.io/docs/minio/linux/administration/identity-access-management/policy-based-access-control.html
https://docs.ceph.com/en/latest/radosgw/bucketpolicy/
"""

import re
from typing import Any

from clouds.doctor.quoting import command, json_text, shell
from clouds.permissions import Permission
from clouds.policies import Request, Snippet

ASK_USER = "<the user's name>"
ALIAS, NEW_USER, FILE = "myminio", "lightly", "lightly-policy.json"
_WRITES = {Permission.WRITE, Permission.OVERWRITE}


def snippets(request: Request) -> list[Snippet]:
    if not request.granted:
        return []
    added = " Add these statements to those that are there." if request.gap is not None else ""
    return [
        Snippet(
            "policy",
            "Policy",
            json_text(policy(request)),
            "json",
            "For services that take policies of IAM. Where rights are given by the bucket instead, choose "
            f"{_in_general(request)}.{added}",
        ),
        Snippet("mc", "MinIO", _mc(request), "bash", _mc_note(request)),
        Snippet(
            "bucket",
            "Bucket policy (Ceph)",
            _put_bucket_policy(request),
            "bash",
            f"Run it as the bucket's owner; put the user's name in the place of {ASK_USER}. It replaces the bucket's "
            "policy: if there is one, add the statements to it.",
        ),
    ]


def policy(request: Request, principal: dict[str, Any] | None = None) -> dict[str, Any]:
    """Exactly this directory: its names and its objects."""
    place, granted = request.place, request.granted
    who = {"Principal": principal} if principal else {}
    bucket, below = f"arn:aws:s3:::{place.bucket}", f"{_literal(place.prefix)}*"
    statements: list[dict[str, Any]] = []
    if Permission.LIST in granted:
        only_below = {"Condition": {"StringLike": {"s3:prefix": [below]}}} if place.prefix else {}
        statements.append(_allow("LightlyList", who, ["s3:ListBucket"], bucket) | only_below)
    actions = ["s3:GetObject"] if Permission.READ in granted else []
    actions += ["s3:PutObject"] if _WRITES & set(granted) else []
    if actions:
        statements.append(_allow("LightlyObjects", who, actions, f"{bucket}/{below}"))
    return {"Version": "2012-10-17", "Statement": statements}


def _literal(prefix: str) -> str:
    """AWS's way to write a literal `*`, `?` or `$` is not known everywhere, and Ceph takes no colon.

    A `?` stands for any one character.
    """
    return re.sub(r"[*?$:]", "?", prefix)


def _allow(sid: str, who: dict[str, Any], actions: list[str], resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", **who, "Action": actions, "Resource": [resource]}


def _in_general(request: Request) -> str:
    """The words of services that know rights for a whole bucket only."""
    bucket = request.place.bucket
    if not _WRITES & request.needs:
        return f"“read” for bucket {bucket} (Garage: garage bucket allow --read {bucket} --key NAME; R2: Object Read)"
    return (
        f"“read and write” for bucket {bucket} (Garage: garage bucket allow --read --write {bucket} --key NAME; "
        "R2: Object Read & Write)"
    )


def _mc(request: Request) -> str:
    user = request.place.fact("access_key_id")
    lines = [
        f"printf '%s\\n' {shell(json_text(policy(request)))} > {FILE}",
        command("mc admin policy create", ALIAS, request.name, FILE),
        command("mc admin policy attach", ALIAS, request.name, f"--user={shell(user or NEW_USER)}"),
    ]
    if not user:
        lines.insert(2, f"mc admin user add {ALIAS} {NEW_USER}")
    return "\n".join(lines)


def _mc_note(request: Request) -> str:
    alias = f"{ALIAS} stands for your server's alias: mc alias list."
    if not request.place.fact("access_key_id"):
        return f"{alias} It asks for the secret of the new user, whose name is the access key ID: enter both here."
    return f"{alias} If the key is an access key of a user, name that user, whom mc admin accesskey info shows."


def _put_bucket_policy(request: Request) -> str:
    document = policy(request, {"AWS": [f"arn:aws:iam:::user/{ASK_USER}"]})
    endpoint = request.place.fact("endpoint") or "<the endpoint>"
    return command(
        "aws s3api put-bucket-policy",
        f"--endpoint-url={shell(endpoint)}",
        f"--bucket={shell(request.place.bucket)}",
        f"--policy {shell(json_text(document))}",
    )
