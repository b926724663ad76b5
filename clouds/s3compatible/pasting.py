"""What of S3-compatible storage people paste: URLs of objects and buckets, endpoints, blocks of keys.

A URL at a service that is known leads to this provider. One at any other host is only a reading for who has chosen it.
"""

import re

from clouds.obs.config import is_obs_host
from clouds.pasting import Pasted, Reading, Refusal
from clouds.pasting.pasted import Url, directory_of, place
from clouds.s3.config import BUCKET
from clouds.s3compatible.config import SERVICE_HOST

_OTHERS = re.compile(r"(.+\.)?(amazonaws\.com(\.cn)?|amazon\.com|windows\.net|azure\.com|google\.com)")
_AWS_KEY_ID = re.compile(r"A[KS]IA[A-Z2-7]{16}")


def recognise(pasted: Pasted, /) -> Reading | Refusal | None:
    return _location(pasted) or _keys(pasted)


def _location(pasted: Pasted) -> Reading | Refusal | None:
    scheme, rest = pasted.scheme_and_rest
    if scheme == "s3":
        bucket, _, key = rest.partition("/")
        return Reading("a path", {"path": f"s3://{rest}"}) if BUCKET.fullmatch(bucket) and "\n" not in key else None
    url = pasted.url
    if url is None or url.has_user or _OTHERS.fullmatch(url.host) or is_obs_host(url.host):
        return None
    if known := SERVICE_HOST.fullmatch(url.host):
        port = f":{url.port}" if url.port else ""
        endpoint = f"{url.scheme}://{known['endpoint']}{port}"
        bucket, key = (known["bucket"], url.path) if known["bucket"] else url.first_and_rest
        return _reading(url, bucket, key, endpoint, weak=False)
    if scheme:
        bucket, key = url.first_and_rest
        return _reading(url, bucket, key, url.origin, weak=True)
    return None


def _reading(url: Url, bucket: str, key: str, endpoint: str, *, weak: bool) -> Reading | None:
    fields, notes = {"endpoint": endpoint}, []
    if bucket:
        if not BUCKET.fullmatch(bucket):
            return None
        key = url.query.get("prefix", key)
        directory = directory_of(key)
        fields["path"] = place("s3", bucket, directory)
        if directory != key:
            notes.append("The file's name was left out, as a datasource is a directory.")
    query = {name.lower() for name in url.query}
    if "x-amz-signature" in query or "signature" in query:
        notes.append("Its signature was left out: it opens one file, and only for a while.")
    return Reading("a URL of S3-compatible storage" if bucket else "an endpoint", fields, notes, weak=weak)


def _keys(pasted: Pasted) -> Reading | None:
    named = pasted.named
    key_id = named.get("accesskeyid") or named.get("accesskey", "")
    secret = named.get("secretaccesskey") or named.get("secretkey", "")
    endpoint = named.get("endpoint") or named.get("endpointurl", "")
    if not (key_id or secret) or (named.get("ak") or named.get("sk")):
        return None
    if endpoint and "://" not in endpoint:
        endpoint = f"https://{endpoint}"
    host = endpoint.partition("://")[2].partition("/")[0].partition(":")[0]
    if _OTHERS.fullmatch(host) or is_obs_host(host):
        return None
    region = named.get("region") or named.get("defaultregion", "")
    found = {"access_key_id": key_id, "secret_access_key": secret, "endpoint": endpoint, "region": region}
    fields = {name: value for name, value in found.items() if value}
    # Without an endpoint, a key of AWS's form is more likely one of AWS's.
    return Reading("a block of credentials", fields, weak=bool(_AWS_KEY_ID.match(key_id)) and not endpoint)
