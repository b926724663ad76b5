"""Pictures of files on real storage servers, made as workers make them."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from contents.media.problems import MediaProblem
from contents.models import IndexedFile
from contents.tasks import make_preview, make_thumbnail
from contents.thumbnails.cache import Cache, Entry, Picture, Refusal
from contents.thumbnails.files import PREVIEW_SIDE, TILE_SIDE, listed, refusal_of, stored_name
from contents.thumbnails.making import IMAGE_PIECE_BYTES
from contents.thumbnails.reasons import Reason, words_of
from datasets.models import Dataset
from datasources.models import Datasource, Purpose
from tests.contents.index.memory import indexed
from tests.contents.media.making import jpeg, png_of, rotated_jpeg, video
from tests.contents.support import READING, Storage, connect, on_every_server

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints", "sent")]

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HOSTILE = {
    "svg.jpg": (SVG, Reason.OTHER_CONTENT),
    "page.png": (b"<!doctype html><script>alert(1)</script>", Reason.OTHER_CONTENT),
    "eps.jpg": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", Reason.OTHER_CONTENT),
    "bomb.png": (png_of(40_000, 40_000, data=b"\0" * 4000), Reason.TOO_MANY_PIXELS),
    "broken.jpg": (jpeg((640, 480))[:2000], Reason.TRUNCATED),
    "zero.jpg": (b"", Reason.EMPTY),
    "playlist.mp4": (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/x.ts\n", Reason.OTHER_CONTENT),
    "sdp.mp4": (b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 9 RTP/AVP 96\n", Reason.OTHER_CONTENT),
}


class Bucket:
    """A bucket of its own, connected as Input."""

    def __init__(self, storage: Storage, dataset: Dataset, kept: Cache) -> None:
        self.cloud = storage.cloud
        self.bucket = storage.cloud.make_bucket()
        self.kept = kept
        self.datasource: Datasource = connect(dataset, Purpose.INPUT, storage.cloud.grant(self.bucket, "in/", READING))

    def put(self, **files: bytes) -> None:
        for name, data in files.items():
            self.cloud.put(self.bucket, f"in/{name.replace('__', '.')}", data)

    def index(self) -> None:
        self.found = indexed(self.datasource)

    def made(self, name: str, side: int = TILE_SIDE) -> Entry | None:
        """What a worker leaves in the cache."""
        file = IndexedFile.objects.get(index=self.found.pk, key=name)
        make = make_thumbnail if side == TILE_SIDE else make_preview
        make(str(self.found.pk), str(file.pk))
        there = listed(self.found.pk, file.pk)
        assert there
        return refusal_of(there) or self.kept.read(stored_name(there, side))


@pytest.fixture
def bucket(storage: Storage, dataset: Dataset, kept: Cache) -> Bucket:
    return Bucket(storage, dataset, kept)


on_s3 = pytest.mark.parametrize("storage", ["S3"], indirect=True)


def shown(entry: Entry | None) -> Image.Image:
    assert isinstance(entry, Picture), entry
    return Image.open(io.BytesIO(entry.data))


@on_every_server
def test_on_every_server(bucket: Bucket) -> None:
    """An image in one piece and one in several, and a video; and what is gone by now, or another one."""
    noise = Image.effect_noise((2600, 2600), 200)
    target = io.BytesIO()
    noise.save(target, "BMP")
    assert len(target.getvalue()) > IMAGE_PIECE_BYTES
    bucket.put(
        a__jpg=jpeg((1000, 500)), b__bmp=target.getvalue(), c__mp4=video(), d__jpg=jpeg((640, 480)), e__jpg=jpeg()
    )
    bucket.index()
    assert shown(bucket.made("a.jpg")).size == (320, 160)
    assert shown(bucket.made("b.bmp")).size == (320, 320)
    assert shown(bucket.made("c.mp4")).format == "JPEG"
    IndexedFile.objects.filter(key="d.jpg").update(key="gone.jpg")
    gone = bucket.made("gone.jpg")
    assert isinstance(gone, Refusal)
    # This server says of what is missing that it is denied, to whoever may read a part of the bucket.
    is_hidden = bucket.cloud.provider == "S3Compatible"
    assert gone.reason is (Reason.PERMISSION if is_hidden else Reason.MISSING)
    assert gone.detail
    bucket.put(e__jpg=jpeg((640, 480)))
    entry = bucket.made("e.jpg")
    assert isinstance(entry, Refusal)
    assert entry.reason is Reason.CHANGED


@on_s3
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(bucket: Bucket, name: str) -> None:
    data, reason = HOSTILE[name]
    bucket.put(**{name.replace(".", "__"): data})
    bucket.index()
    entry = bucket.made(name)
    assert isinstance(entry, Refusal)
    assert entry.reason is reason
    assert words_of(reason)


@on_s3
def test_upright_and_without_anything_of_the_camera(bucket: Bucket) -> None:
    bucket.put(a__jpg=rotated_jpeg(6))
    bucket.index()
    entry = bucket.made("a.jpg")
    assert shown(entry).size == (48, 64)
    assert isinstance(entry, Picture)
    assert b"Secret" not in entry.data
    assert b"secret" not in entry.data


@on_s3
def test_a_preview_is_larger(bucket: Bucket) -> None:
    bucket.put(a__jpg=jpeg((3200, 1600)))
    bucket.index()
    assert shown(bucket.made("a.jpg", PREVIEW_SIDE)).size == (1600, 800)
    assert shown(bucket.made("a.jpg")).size == (320, 160)


@on_s3
def test_a_message_that_comes_twice_or_too_late(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket.put(a__jpg=jpeg())
    bucket.index()
    first = bucket.made("a.jpg")
    bucket.put(a__jpg=b"something else")
    assert bucket.made("a.jpg") == first
    make_thumbnail("123456", "1")
    bucket.datasource.delete()
    make_thumbnail(str(bucket.found.pk), str(IndexedFile.objects.get().pk))


def test_every_fault_of_a_file_has_words() -> None:
    """Those that end in an error, not those that are only remarked."""
    for problem in ("OTHER_CONTENT", "TRUNCATED", "CORRUPT", "TOO_MANY_PIXELS", "NO_VIDEO", "TIMED_OUT"):
        assert Reason(MediaProblem[problem].value).name == problem
    assert all(words_of(reason) for reason in Reason)
