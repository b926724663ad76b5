"""Thumbnails in the Lightly datasource of all providers: written, read back, stale, and in nobody's way."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from contents.models import IndexedFile
from contents.places import Hindrance, places_for_thumbnails
from contents.thumbnails import metadata
from contents.thumbnails.cache import Picture
from datasources.models import Datasource, Purpose
from tests.contents.index.memory import indexed
from tests.contents.media.making import encoded, jpeg, picture, rotated_jpeg, video
from tests.contents.support import connect, green, on_every_server
from tests.contents.thumbnails.buckets import Bucket, size_of
from tests.servers import WORKING_RIGHTS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints", "sent")]
THUMBNAIL = "out/.lightly/thumbnails/street/1_thumb.jpg"
on_s3 = pytest.mark.parametrize("storage", ["S3"], indirect=True)


@on_every_server
def test_written_once_read_back_and_stale_when_the_file_changes(bucket: Bucket) -> None:
    bucket.put("in/street/1.jpg", jpeg((1000, 500)))
    indexed(bucket.input)
    bucket.cloud.requests.clear()
    assert size_of(bucket.make()) == (320, 160)
    assert bucket.reads() > 0
    head = bucket.store().head(THUMBNAIL)
    assert (head.content_type, head.metadata["longestside"]) == ("image/jpeg", "320")
    assert head.metadata["sourceversion"] == IndexedFile.objects.get(key="street/1.jpg").version
    assert size_of(bucket.make()) == (320, 160)
    assert bucket.reads() == 0
    bucket.put("in/street/1.jpg", jpeg((500, 1000)))
    indexed(bucket.input)
    bucket.cloud.requests.clear()
    assert size_of(bucket.make()) == (160, 320)
    assert bucket.reads() > 0
    again = bucket.store().head(THUMBNAIL)
    assert again.version != head.version
    assert size_of(bucket.make()) == (160, 320)
    assert bucket.reads() == 0


@on_s3
def test_the_type_says_what_the_bytes_are_whatever_the_name(bucket: Bucket) -> None:
    bucket.put("in/street/1.tiff", encoded(picture((400, 300)), "TIFF"))
    bucket.put("in/street/2.png", encoded(picture((400, 300), "RGBA", (255, 0, 0, 90)), "PNG"))
    bucket.put("in/street/3.mp4", video())
    bucket.put("in/street/4.jpg", rotated_jpeg(6))
    indexed(bucket.input)
    expected = {"1.tiff": "JPEG", "2.png": "WEBP", "3.mp4": "JPEG", "4.jpg": "JPEG"}
    data = b""
    for name, format_name in expected.items():
        assert isinstance(bucket.make(f"street/{name}"), Picture)
        stem, _, extension = name.partition(".")
        key = f"out/.lightly/thumbnails/street/{stem}_thumb.{extension}"
        data = bucket.store().read_range(key, 0, 10**6).data
        assert bucket.store().head(key).content_type == f"image/{format_name.lower()}"
        assert Image.open(io.BytesIO(data)).format == format_name
        assert b"Secret" not in data
    assert Image.open(io.BytesIO(data)).size == (48, 64)  # upright


def replace(bucket: Bucket, data: bytes, content_type: str = "image/jpeg") -> None:
    """By somebody who keeps what was said of the thumbnail."""
    store = bucket.store()
    store.write(THUMBNAIL, data, content_type=content_type, metadata=dict(store.head(THUMBNAIL).metadata))


@on_s3
@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"<script>alert(1)</script>", "image/jpeg"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image/svg+xml"),
        (jpeg((4000, 3000)), "image/jpeg"),
        (jpeg((300, 200))[:700], "image/jpeg"),
        (jpeg((300, 200)) + b"\0" * 2 * 1024**2, "image/jpeg"),
        (encoded(picture((300, 200)), "GIF"), "image/jpeg"),
        (b"", "image/jpeg"),
    ],
    ids=["html", "svg", "too many pixels", "truncated", "too large", "another format", "empty"],
)
def test_what_others_put_there_is_not_served(bucket: Bucket, data: bytes, content_type: str) -> None:
    bucket.put("in/street/1.jpg", jpeg((1000, 500)))
    indexed(bucket.input)
    good = bucket.make()
    replace(bucket, data, content_type)
    assert bucket.make() == good
    assert bucket.store().read_range(THUMBNAIL, 0, 10**6).data == getattr(good, "data", None)  # and mended


@on_s3
def test_what_is_read_back_is_encoded_anew(bucket: Bucket) -> None:
    """So nothing behind or inside of a picture comes to anybody."""
    bucket.put("in/street/1.jpg", jpeg((1000, 500)))
    indexed(bucket.input)
    bucket.make()
    replace(bucket, jpeg((320, 160), comment=b"<script>alert(1)</script>") + b"<script>alert(2)</script>")
    made = bucket.make()
    assert size_of(made) == (320, 160)
    assert b"script" not in getattr(made, "data", b"script")


@on_s3
@pytest.mark.parametrize("case", ["red", "no suffix", "no Lightly", "gone bucket"])
def test_without_lightly_the_cache_of_the_server_is_enough(bucket: Bucket, case: str) -> None:
    bucket.put("in/street/1.jpg", jpeg((1000, 500)))
    indexed(bucket.input)
    if case == "red":
        Datasource.objects.filter(pk=bucket.lightly.pk).update(latest_check=None)
    elif case == "no suffix":
        Datasource.objects.filter(pk=bucket.lightly.pk).update(thumbnail_suffix="")
    elif case == "no Lightly":
        Datasource.objects.filter(pk=bucket.lightly.pk).delete()
    else:
        config = bucket.lightly.config
        path = config.path.replace(config.bucket, "there-is-no-such-bucket")
        bucket.lightly.set_config(type(config).model_validate(config.revealed() | {"fullPath": path}))
        bucket.lightly.save()
    assert size_of(bucket.make()) == (320, 160)
    if case != "gone bucket":
        return
    # It is not asked again for a while.
    bucket.cloud.requests.clear()
    assert size_of(bucket.make()) == (320, 160)
    assert not [each for each in bucket.cloud.requests if "no-such-bucket" in each.path]


@on_s3
def test_nothing_of_somebody_elses_is_replaced(bucket: Bucket) -> None:
    bucket.put("in/street/1.jpg", jpeg((1000, 500)))
    bucket.put("in/street/2.jpg", jpeg((1000, 500)))
    indexed(bucket.input)
    Datasource.objects.filter(pk=bucket.lightly.pk).update(thumbnail_suffix="small/[filename].[extension]")
    bucket.put("out/small/street/1.jpg", b"of somebody")
    assert size_of(bucket.make()) == (320, 160)
    assert bucket.store().read_range("out/small/street/1.jpg", 0, 100).data == b"of somebody"
    bucket.make("street/2.jpg")
    assert bucket.store().head("out/small/street/2.jpg").content_type == "image/jpeg"


@on_s3
def test_originals_are_never_written_over(bucket: Bucket) -> None:
    """One path for Input and Lightly, and thumbnails beside the samples: refused, with the reason."""
    bucket.put("in/street/1.jpg", jpeg((1000, 500)))
    bucket.lightly.delete()
    rights = WORKING_RIGHTS
    bucket.input.delete()
    both = green(connect(bucket.dataset, Purpose.INPUT_OUTPUT, bucket.cloud.grant(bucket.bucket, "in/", rights)))
    indexed(both)
    Datasource.objects.filter(pk=both.pk).update(thumbnail_suffix="[filename].[extension]")
    assert places_for_thumbnails(bucket.dataset) is Hindrance.AMONG_SAMPLES
    assert size_of(bucket.make()) == (320, 160)
    data = bucket.opened(both).read_range("in/street/1.jpg", 0, 10**6).data
    assert data == jpeg((1000, 500))
    Datasource.objects.filter(pk=both.pk).update(thumbnail_suffix=".lightly/t/[filename].[extension]")
    bucket.make()
    assert bucket.opened(both).head("in/.lightly/t/street/1.jpg").metadata["way"] == metadata.WAY
