"""What of OBS people paste: URLs of buckets and of the console, endpoints, the console's credentials.csv.

https://support.huaweicloud.com/intl/en-us/usermanual-obs/obs_03_0312.html
"""

import re

from clouds.obs.config import BUCKET, is_obs_host
from clouds.pasting import Pasted, Reading, Refusal
from clouds.pasting.pasted import Url, directory_of, place

_HOST = re.compile(r"(?:(?P<bucket>.+)\.)?(?P<endpoint>obs\.(?P<region>[a-z]{2,}-[a-z0-9-]+)\.[a-z0-9.-]+)")
# The consoles of the Open Telekom Cloud and of Huawei Cloud, and where their buckets are.
_DOMAINS = {"otc.t-systems.com": "otc.t-systems.com", "huaweicloud.com": "myhuaweicloud.com"}
_CONSOLE_PAGE = re.compile(r"/?obs/manager?/(?:buckets/)?(?P<bucket>[^/?]+)")
_AWS_KEY_ID = re.compile(r"A[KS]IA[A-Z2-7]{16}")


def recognise(pasted: Pasted, /) -> Reading | Refusal | None:
    return _location(pasted) or _keys(pasted)


def _location(pasted: Pasted) -> Reading | Refusal | None:
    scheme, rest = pasted.scheme_and_rest
    if scheme == "obs":
        bucket, _, key = rest.partition("/")
        return Reading("a path", {"path": f"obs://{rest}"}) if BUCKET.fullmatch(bucket) and "\n" not in key else None
    url = pasted.url
    if url is None or url.has_user:
        return None
    if domain := next((domain for host, domain in _DOMAINS.items() if _is_console(url, host)), None):
        return _console(url, domain)
    if host := _HOST.fullmatch(url.host):
        port = f":{url.port}" if url.port else ""
        endpoint = f"{url.scheme}://{host['endpoint']}{port}"
        bucket, key = (host["bucket"], url.path) if host["bucket"] else url.first_and_rest
        return _reading(
            "a URL of OBS" if bucket else "the endpoint of OBS", bucket, url.query.get("prefix", key), endpoint
        )
    if scheme and url.segments and not re.search(r"\.(?:amazonaws|windows|googleapis|google|azure)\.", f".{url.host}."):
        # Some server's own address: perhaps a store that speaks this protocol, with the bucket first in the path.
        bucket, key = url.first_and_rest
        found = _reading("an https URL", bucket, key, url.origin)
        return Reading(found.what, found.fields, found.notes, weak=True) if isinstance(found, Reading) else None
    return None


def _is_console(url: Url, host: str) -> bool:
    return url.host.startswith(("console", "auth", "storage.")) and url.host.endswith(f".{host}")


def _console(url: Url, domain: str) -> Reading | Refusal:
    page = _CONSOLE_PAGE.search(url.fragment)
    if not page:
        return Refusal(
            "This page of the console is about no bucket. Open the bucket in the OBS console and copy that URL."
        )
    region = url.query.get("region", "")
    known = re.fullmatch(r"[a-z]{2,}-[a-z0-9-]+", region)
    endpoint = f"https://obs.{region}.{domain}" if known else ""
    return _reading("a URL of the OBS console", page["bucket"], "", endpoint)


def _reading(what: str, bucket: str, key: str, endpoint: str) -> Reading | Refusal:
    fields, notes = {"endpoint": endpoint} if endpoint else {}, []
    if bucket:
        if not BUCKET.fullmatch(bucket):
            return Refusal(
                "The name of the bucket in it is not one that OBS allows. Enter the path as obs://bucket/path/."
            )
        directory = directory_of(key)
        fields["path"] = place("obs", bucket, directory)
        if directory != key:
            notes.append("The file's name was left out, as a datasource is a directory.")
    return Reading(what, fields, notes)


def _keys(pasted: Pasted) -> Reading | None:
    named = pasted.named
    key_id = named.get("accesskeyid") or named.get("accesskey") or named.get("ak", "")
    secret = named.get("secretaccesskey") or named.get("secretkey") or named.get("sk", "")
    if not (key_id or secret):
        return None
    found = {"access_key_id": key_id, "secret_access_key": secret, "endpoint": _endpoint(named)}
    fields = {name: value for name, value in found.items() if value}
    host = found["endpoint"].partition("://")[2].partition("/")[0].partition(":")[0]
    elsewhere = bool(host) and not is_obs_host(host) and not _HOST.fullmatch(host)
    return Reading("a block of credentials", fields, weak=elsewhere or bool(_AWS_KEY_ID.match(key_id)))


def _endpoint(named: dict[str, str]) -> str:
    endpoint = named.get("endpoint") or named.get("endpointurl", "")
    return endpoint if not endpoint or "://" in endpoint else f"https://{endpoint}"
