"""Uploads in parts: for objects that one request can't write.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from clouds.store import content_md5

Calls = Callable[..., Any]


def begin(call: Calls, key: str, content_type: str, encryption: dict[str, str]) -> str:
    answer = call("create_multipart_upload", Key=key, ContentType=content_type, **encryption)
    return str(answer["UploadId"])


def write(call: Calls, key: str, upload: str, number: int, data: bytes) -> str:
    checked = content_md5(data)
    answer = call("upload_part", Key=key, UploadId=upload, PartNumber=number, Body=data, ContentMD5=checked)
    return str(answer["ETag"])


def end(call: Calls, key: str, upload: str, parts: Sequence[str]) -> None:
    told = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(parts, 1)]
    call("complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Parts": told})


def drop(call: Calls, key: str, upload: str) -> None:
    call("abort_multipart_upload", Key=key, UploadId=upload)
