"""What of AWS people paste: URLs of the S3 console and of objects, ARNs, blocks of access keys.

Forms of URLs: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html and, for access points and
websites, https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html
"""

import re

from clouds.pasting import Pasted, Reading, Refusal
from clouds.pasting.pasted import Url, directory_of, place
from clouds.s3.config import BUCKET, KMS_PATTERN, TEMPORARY_KEY

_REGION = r"[a-z]{2,}(?:-[a-z]+)+-[0-9]+"
_DOMAIN = r"\.amazonaws\.com(?:\.cn)?"
_HOST = re.compile(
    rf"(?:(?P<bucket>.+)\.)?s3(?:-(?:fips|accelerate|website))*(?:[.-](?:dualstack\.)?(?P<region>{_REGION}))?(?:\.dualstack)?{_DOMAIN}"
)
_CONSOLE = re.compile(
    rf"(?:s3\.|s3-|(?P<region>{_REGION})\.)*console\.(?:aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn)"
)
_CONSOLE_PAGES = {"buckets", "object", "upload", "get-started"}
_ARN = re.compile(r"arn:aws[a-z-]*:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>[0-9]*):(?P<resource>.+)")
_KEY_ID = re.compile(r"(?:AKIA|ASIA)[A-Z2-7]{16}")
# AWS makes secrets of 40 characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html
_PAIR = re.compile(r"(?P<id>A[KS]IA[A-Z2-7]{16})[\s,;:/|]+(?P<secret>[A-Za-z0-9/+]{40})")

USE_A_USER = (
    "These are temporary credentials: they work with a session token only, and end within hours. Use the key of an IAM "
    "user (AKIA…), or “AWS S3 with a role”, which renews its sessions by itself."
)
NO_BUCKET = "This page of the AWS console is about no bucket. Open the bucket in the S3 console and copy that URL."


def recognise_for_key(pasted: Pasted, /) -> Reading | Refusal | None:
    """For a datasource with an access key."""
    return _location(pasted) or _arn(pasted, with_role=False) or _keys(pasted)


def recognise_for_role(pasted: Pasted, /) -> Reading | Refusal | None:
    """For a datasource with a role."""
    return _location(pasted) or _arn(pasted, with_role=True) or _role_block(pasted)


def _location(pasted: Pasted) -> Reading | Refusal | None:
    scheme, rest = pasted.scheme_and_rest
    if scheme in {"s3", "s3a", "s3n"}:
        bucket, _, key = rest.partition("/")
        ok = BUCKET.fullmatch(bucket) and not re.search(r"[\r\n]", key)
        return Reading("a path", {"path": f"s3://{rest}"}) if ok else None
    url = pasted.url
    if url is None:
        return None
    if console := _CONSOLE.fullmatch(url.host):
        return _console(url, console["region"] or "")
    if "s3-accesspoint" in url.host or ".s3-outposts." in url.host:
        return Refusal("This is the URL of an access point. Enter the bucket behind it, as s3://bucket/path/.")
    host = _HOST.fullmatch(url.host)
    return _object(url, host) if host else None


def _console(url: Url, region: str) -> Reading | Refusal:
    names = url.segments
    region = url.query.get("region", region)
    if names[:1] == ["iam"]:
        return Refusal(
            "This is a URL of the IAM console, which does not tell the account. Copy the ARN from that page instead; a "
            "secret access key is shown only where it is made."
        )
    if names[:1] != ["s3"] or len(names) < 3 or names[1] not in _CONSOLE_PAGES or not BUCKET.fullmatch(names[2]):
        return Refusal(NO_BUCKET)
    key = url.query.get("prefix") or "/".join(names[3:])
    return _reading("a URL of the S3 console", names[2], key, region)


def _object(url: Url, host: re.Match[str]) -> Reading | Refusal:
    bucket, key = (host["bucket"], url.path) if host["bucket"] else url.first_and_rest
    if not bucket or not BUCKET.fullmatch(bucket):
        return Refusal("This URL of S3 names no bucket. Enter the path as s3://bucket/path/.")
    query = {name.lower(): value for name, value in url.query.items()}
    signed = "x-amz-signature" in query or "signature" in query
    region = host["region"] or (query.get("x-amz-credential", "").split("/") + [""] * 3)[2]
    what = "a presigned URL of S3" if signed else "an https URL of S3"
    notes = ["Its signature was left out: it opens one file, and only for a while."] if signed else []
    return _reading(what, bucket, query.get("prefix", key), region, notes)


def _reading(what: str, bucket: str, key: str, region: str, notes: list[str] | None = None) -> Reading:
    directory = directory_of(key)
    notes = list(notes or [])
    if directory != key:
        notes.append("The file's name was left out, as a datasource is a directory.")
    fields = {"path": place("s3", bucket, directory)}
    if re.fullmatch(_REGION, region):
        fields["region"] = region
    return Reading(what, fields, notes)


def _arn(pasted: Pasted, *, with_role: bool) -> Reading | Refusal | None:
    arn = _ARN.fullmatch(pasted.text)
    if not arn:
        return None
    service, resource = arn["service"], arn["resource"]
    if service == "s3":
        if arn["region"]:
            return Refusal("This is the ARN of an access point. Enter the bucket behind it, as s3://bucket/path/.")
        bucket, _, key = resource.partition("/")
        if not BUCKET.fullmatch(bucket):
            return Refusal("This ARN names no bucket. Enter the path as s3://bucket/path/.")
        return _reading("an ARN of S3", bucket, key.rstrip("*"), "")
    if service == "kms":
        known = re.fullmatch(KMS_PATTERN, pasted.text)
        return Reading("the ARN of a KMS key", {"kms_key_arn": pasted.text}) if known else None
    if service in {"iam", "sts"}:
        return _identity(pasted, arn, with_role=with_role)
    return Refusal("This ARN is not that of a bucket. Enter the path as s3://bucket/path/.")


def _identity(pasted: Pasted, arn: re.Match[str], *, with_role: bool) -> Reading | Refusal | None:
    kind, _, name = arn["resource"].partition("/")
    if kind == "role" and arn["service"] == "iam":
        return Reading("the ARN of a role", {"role_arn": pasted.text}) if with_role else None
    if kind == "assumed-role":
        return Refusal(
            "This is the ARN of a session. Enter the ARN of its role, which begins with "
            f"arn:aws:iam::{arn['account']}:role/ and ends in {name.partition('/')[0]}."
        )
    if kind == "user":
        return Refusal("This is the ARN of a user. Make an access key for that user and enter the key.")
    return Refusal("This is the ARN of neither a role nor a bucket.")


def _keys(pasted: Pasted) -> Reading | Refusal | None:
    named = pasted.named
    endpoint = named.get("endpoint") or named.get("endpointurl", "")
    if endpoint and not re.search(r"\.amazonaws\.com(\.cn)?\b", endpoint):
        return None  # of a server that is not AWS's
    key_id = named.get("accesskeyid") or named.get("accesskey", "")
    secret = named.get("secretaccesskey") or named.get("secretkey", "")
    if not (key_id or secret):
        pair = _PAIR.search(pasted.text)
        if pair:
            key_id, secret = pair["id"], pair["secret"]
        elif _KEY_ID.fullmatch(pasted.text):
            key_id = pasted.text
        else:
            return None
    elif _KEY_ID.match(key_id):
        key_id = key_id[:20]  # what stood behind it in a box of one line
    if TEMPORARY_KEY.fullmatch(key_id) or named.get("sessiontoken"):
        return Refusal(USE_A_USER)
    region = named.get("region") or named.get("defaultregion", "")
    fields = {
        "access_key_id": key_id,
        "secret_access_key": secret,
        "region": region if re.fullmatch(_REGION, region) else "",
    }
    what = "an access key ID" if not secret else "a block of credentials"
    return Reading(what, {name: value for name, value in fields.items() if value})


def _role_block(pasted: Pasted) -> Reading | Refusal | None:
    named = pasted.named
    arn = named.get("rolearn", "")
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/.+", arn):
        return None
    region = named.get("region", "")
    fields = {"role_arn": arn, "external_id": named.get("externalid", ""), "region": region}
    return Reading("a profile of the AWS CLI", {name: value for name, value in fields.items() if value})
