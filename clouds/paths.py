"""Paths and addresses as people type them, and names as clouds list them."""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

# A path segment of a bucket: no control characters, which no console shows and no client can type.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def normalise_path(value: str, *, scheme: str, bucket_pattern: re.Pattern[str], example: str) -> str:
    """`scheme://bucket/some/dir/` from what a person typed. Raises ValueError with a sentence and an example."""

    def wrong(what: str) -> ValueError:
        return ValueError(f"{what} For example: {example}")

    text = value.strip()
    if not text:
        raise wrong("The path is missing.")
    if _CONTROL.search(text):
        raise wrong("The path contains a line break or another control character.")
    found_scheme, separator, rest = text.partition("://")
    if scheme:
        if not separator:
            raise wrong(f"The path must start with {scheme}://.")
        if found_scheme != scheme:
            raise wrong(f"The path must start with {scheme}://, not {found_scheme}://.")
    elif separator:
        raise wrong("Give the container and the path in it, not an address.")
    else:
        rest = text
    bucket, _, key = rest.partition("/")
    if not bucket:
        raise wrong("The name of the bucket is missing." if scheme else "The name of the container is missing.")
    if not bucket_pattern.fullmatch(bucket):
        raise wrong(f"{bucket!r} can't be the name of a {'bucket' if scheme else 'container'}.")
    key = key.removesuffix("/")
    segments = key.split("/") if key else []
    if any(segment in {".", ".."} for segment in segments):
        raise wrong("The path must not contain '.' or '..' as a directory.")
    if any(not segment.strip() for segment in segments):
        raise wrong("The path contains an empty directory name (two slashes in a row).")
    prefix = f"{scheme}://" if scheme else ""
    return "/".join([f"{prefix}{bucket}", *segments]) + "/"


def directory_names(prefix: str, keys: Iterable[str]) -> list[str]:
    """The directories directly below `prefix` in which these keys lie, without doubles, in order."""
    names = (key.removeprefix(prefix).split("/", 1) for key in keys)
    return list(dict.fromkeys(f"{parts[0]}/" for parts in names if len(parts) == 2))


def web_address(value: str, *, example: str, hosts: re.Pattern[str]) -> SplitResult:
    """The parts of an http or https address that people type as an endpoint, whose host `hosts` matches whole.

    Raises ValueError, in a sentence with the example.
    """

    def wrong(what: str) -> ValueError:
        return ValueError(f"{what} For example: {example}")

    try:
        parts = urlsplit(value)
        _port = parts.port  # read here, as reading it may raise
    except ValueError:
        raise wrong("This is not an address.") from None
    if parts.scheme not in {"http", "https"}:
        raise wrong("The endpoint must start with https:// (or http:// in a private network).")
    if not parts.hostname or not hosts.fullmatch(parts.hostname):
        raise wrong("The endpoint has no valid host name.")
    if parts.username is not None or parts.password is not None:
        raise wrong("The endpoint must not carry a user name or password.")
    return parts
