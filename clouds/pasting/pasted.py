"""A pasted text, taken apart once for all recognisers."""

import itertools
import json
import posixpath
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from clouds.pasting.clutter import MOST_CHARACTERS, cleaned

_BARE_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+(?::\d+)?(?:[/?].*)?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://", re.ASCII)
# The last part of a key is a file's name if it has an ending. Directories are called v1.2, but hardly v1.jpg.
_FILE = re.compile(r"[^/]+\.(?:[A-Za-z][A-Za-z0-9]{1,4}|7z)")
# `NAME = value`, `"Name": "value"`, `export NAME='value'`, `$Env:NAME="value"`, on lines or glued to one line, as a box
# of one line makes of several.
_LABEL = re.compile(
    r"(?:(?:export|setx?)[ \t]+|\$env:)?(?:aws|obs)?[_ -]?"
    r"(access[_ -]?key[_ -]?id|secret[_ -]?access[_ -]?key|secret[_ -]?key|access[_ -]?key|session[_ -]?token"
    r"|default[_ -]?region|region|endpoint(?:[_ -]?url)?|role[_ -]?arn|external[_ -]?id|(?<![A-Za-z0-9])[as]k)"
    r"[\"']?[ \t]*[=:][ \t]*",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True)
class Url:
    """An http(s) address. `segments`: the path's names, decoded; `query`, `fragment`: decoded."""

    scheme: str
    host: str  # lower case
    port: int | None
    path: str  # decoded, without the first slash
    query: dict[str, str]
    raw_query: str
    fragment: str
    has_user: bool

    @property
    def segments(self) -> list[str]:
        return [part for part in self.path.split("/") if part]

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}{f':{self.port}' if self.port else ''}"

    @property
    def first_and_rest(self) -> tuple[str, str]:
        """The path's first name, and what stands behind it: bucket and key where the bucket stands in the path."""
        first, _, rest = self.path.partition("/")
        return first, rest


@dataclass(frozen=True)
class Pasted:
    """`raw`: exactly what was pasted; `text`: without quotation marks and the like around it."""

    raw: str = field(repr=False)

    @cached_property
    def text(self) -> str:
        return cleaned(self.raw, word=False) if len(self.raw) <= MOST_CHARACTERS else ""

    @cached_property
    def scheme_and_rest(self) -> tuple[str, str]:
        """`("s3", "bucket/key")` of s3://bucket/key; empty if there is no scheme."""
        found = _SCHEME.match(self.text)
        return (found[1].lower(), self.text[found.end() :]) if found else ("", "")

    @cached_property
    def url(self) -> Url | None:
        """The text as an http(s) address, also where people left out https://."""
        text = self.text
        if self.scheme_and_rest[0] not in {"http", "https"}:
            if not _BARE_HOST.fullmatch(text):
                return None
            text = f"https://{text}"
        if re.search(r"[\r\n\t]", text):
            return None
        try:
            parts = urllib.parse.urlsplit(text)
            port, host = parts.port, (parts.hostname or "").lower()
        except ValueError:
            return None
        if not host:
            return None
        return Url(
            parts.scheme.lower(),
            host,
            port,
            urllib.parse.unquote(parts.path).removeprefix("/"),
            dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True)),
            parts.query,
            urllib.parse.unquote(parts.fragment),
            parts.username is not None or parts.password is not None,
        )

    @cached_property
    def json(self) -> dict[str, Any]:
        """The text as a JSON object; empty if it is none."""
        found = _parsed(self.json_text)
        return found if isinstance(found, dict) else {}

    @cached_property
    def json_text(self) -> str:
        """The text, or the JSON document that lies in it as a JSON string, as a key file does in a secrets manager."""
        inner = _parsed(self.raw.strip().lstrip("\ufeff"))
        return inner if isinstance(inner, str) and not isinstance(_parsed(self.text), dict) else self.text

    @cached_property
    def named(self) -> dict[str, str]:
        """The values that have a name in a block of keys, by names such as `accesskeyid` or `region`.

        From environment files, credentials files of the AWS CLI, its JSON, and the CSV that consoles save.
        """
        return dict(self._from_json(self.json)) or self._from_csv() or self._from_lines()

    def _from_json(self, part: Any) -> Iterator[tuple[str, str]]:
        if not isinstance(part, dict):
            return
        for name, value in part.items():
            if isinstance(value, str):
                yield _plain(name), value
            else:
                yield from self._from_json(value)

    def _from_csv(self) -> dict[str, str]:
        """A line of names and a line of values. Glued to one line, the values are what follows the last name."""
        found = re.fullmatch(
            r"(?P<names>[^\r\n]*access key id[^\r\n]*?secret access key(?:,[^\r\n,]*)??)\s+(?P<values>\S[^\r\n]*)"
            r"|(?P<glued>.*access key id,secret access key)(?P<rest>[^,\s]+,[^,\s]+)",
            self.text.strip(),
            re.IGNORECASE,
        )
        if not found:
            return {}
        names, values = (found["names"] or found["glued"]), (found["values"] or found["rest"])
        pairs = zip(names.split(","), values.split(","), strict=False)
        return {_plain(name): cleaned(value) for name, value in pairs if cleaned(value)}

    def _from_lines(self) -> dict[str, str]:
        labels = list(_LABEL.finditer(self.text))
        named: dict[str, str] = {}
        for label, following in itertools.zip_longest(labels, labels[1:]):
            rest = self.text[label.end() : following.start() if following else len(self.text)]
            # A quoted value ends with its quotation mark, any other with the first blank.
            value = re.match(r"\"[^\"\r\n]*\"|'[^'\r\n]*'|[^\s\"']+", rest.strip())
            if value:
                named.setdefault(_plain(label[1]), cleaned(value[0]))
        return named


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _plain(name: str) -> str:
    """`AWS_ACCESS_KEY_ID`, `Access key ID`, `AccessKeyId`: accesskeyid."""
    plain = re.sub(r"[^a-z0-9]", "", str(name).lower())
    return re.sub(r"^(?:aws|obs)(?=[a-z])", "", plain)


def directory_of(key: str) -> str:
    """The directory of an object, or the directory itself: `street/` of street/a.jpg, of street/ and of street."""
    return posixpath.dirname(key) + "/" if _FILE.fullmatch(posixpath.basename(key)) else key


def place(scheme: str, bucket: str, key: str) -> str:
    """A path as people write it: `s3://bucket/street/`. Without double slashes, which no form of it has."""
    names = [part for part in key.split("/") if part]
    prefix = f"{scheme}://" if scheme else ""
    return "/".join([f"{prefix}{bucket}", *names]) + "/"
