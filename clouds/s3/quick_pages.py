"""Reads pages of listings several times as fast as botocore, which walks through its model for each field.

botocore still reads everything else of the answer, and the whole of it wherever this here is in doubt. The event is the
one with which botocore itself corrects answers before it parses them: `before-parse` in botocore/handlers.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from xml.etree import ElementTree

_ROOT, _ROW = "ListBucketResult", "Contents"
# What clouds.s3.store looks at.
_TEXTS = frozenset({"Key", "ETag", "StorageClass"})


def read_quickly(client: Any) -> None:
    """Of this client of S3, from now on."""
    client.meta.events.register_last("before-parse.s3.ListObjectsV2", _take_rows)


def _take_rows(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Moves the entries of a page from the bytes of the answer to what botocore adds to what it parses."""
    if response_dict["status_code"] != 200:
        return
    try:
        # Made-up entities are no danger: answers of servers that people choose came through clouds.calls.answers.
        root = ElementTree.fromstring(response_dict["body"])  # noqa: S314
        name_space = root.tag.removesuffix(_ROOT)
        rows = [_row(element, len(name_space)) for element in root.iterfind(name_space + _ROW)]
    except (ElementTree.ParseError, ValueError):
        return
    if not rows or not root.tag.endswith(_ROOT):
        return
    rest = ElementTree.Element(root.tag)
    rest.extend([element for element in root if element.tag != name_space + _ROW])
    response_dict["body"] = ElementTree.tostring(rest)
    customized_response_dict[_ROW] = rows


def _row(element: ElementTree.Element, at: int) -> dict[str, Any]:
    """As botocore gives it. `at`: where names begin, after their name space. Raises ValueError."""
    row: dict[str, Any] = {}
    for field in element:
        name = field.tag[at:]
        if name in _TEXTS:
            row[name] = field.text or ""
        elif name == "Size":
            row[name] = int(field.text or "")
        elif name == "LastModified":
            row[name] = datetime.fromisoformat(field.text or "")
            if row[name].tzinfo is None:
                raise ValueError(field.text)  # botocore knows what is meant
    return row
