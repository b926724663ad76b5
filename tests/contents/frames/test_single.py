"""Any frame of a video by its number, as somebody looks at it."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageChops

from contents.models import IndexedFile
from contents.tasks import make_frame
from contents.thumbnails.reasons import Reason, words_of
from core import pulse
from core.queues import Queue
from datasets.models import Dataset
from teams.models import User
from tests.conftest import Login
from tests.contents.frames.test_bulk import decoded
from tests.contents.index.memory import indexed
from tests.contents.media.making import jpeg, rotated, video
from tests.contents.thumbnails.buckets import Bucket

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("endpoints"),
    pytest.mark.parametrize("storage", ["S3"], indirect=True),
]
Sent = list[tuple[str, Queue]]
NAMES = ("street/clip.mp4", "broken.mp4", "a.jpg")


class Video:
    def __init__(self, client: Client, dataset: Dataset, index: int) -> None:
        self.client, self.dataset, self.index = client, dataset, index

    def row(self, name: str) -> int:
        return int(IndexedFile.objects.get(index=self.index, key=name).pk)

    def ask(self, number: str, name: str = NAMES[0], *, part: bool = True) -> str:
        address = reverse("contents:frame", args=[self.dataset.pk, "input", self.row(name)])
        response = self.client.get(address, {"number": number}, headers={"HX-Request": "true"} if part else {})
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        return html.unescape(response.content.decode())

    def made(self, number: int, name: str = NAMES[0]) -> str:
        """After a worker has made it."""
        make_frame(str(self.index), str(self.row(name)), str(number))
        return self.ask(str(number), name)

    def picture(self, number: int) -> Any:
        return self.client.get(
            reverse("contents:frame-picture", args=[self.dataset.pk, "input", self.row(NAMES[0]), number])
        )


@pytest.fixture
def seen(bucket: Bucket, login: Login, alice: User, sent: Sent) -> Video:
    pulse.leave_worker_signs([Queue.CONTENTS.value])
    bucket.put("in/street/clip.mp4", rotated(video(frames=120)))
    bucket.put("in/broken.mp4", b"no video at all")
    bucket.put("in/a.jpg", jpeg())
    index = indexed(bucket.input)
    sent.clear()
    return Video(login(alice), bucket.dataset, index.pk)


def test_a_frame_is_made_once_and_named_as_predictions_name_it(seen: Video, sent: Sent) -> None:
    waiting = seen.ask("7")
    assert "hx-get" in waiting
    assert "tries=1" in waiting
    assert len(sent) == 1
    seen.ask("7")
    assert len(sent) == 1
    assert seen.picture(7).status_code == 422
    shown = seen.made(7)
    assert "street/clip-007-mp4.png" in shown
    assert "The video has 120 frames" in shown
    assert "hx-trigger" not in shown
    assert re.search(r'<img[^>]*src="([^"]*)"', shown)
    answer = seen.picture(7)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    assert answer["X-Content-Type-Options"] == "nosniff"
    found = Image.open(io.BytesIO(answer.content)).convert("RGB")
    expected = decoded(rotated(video(frames=120)))[7]
    assert found.size == (160, 96)  # stored pixels, unrotated
    assert max(high for _, high in ImageChops.difference(found, expected).getextrema()) <= 4  # type: ignore[misc]


def test_what_there_is_none_of(seen: Video, sent: Sent) -> None:
    assert "The video has 120 frames" in seen.made(120)
    assert words_of(Reason.OTHER_CONTENT) in seen.made(0, "broken.mp4")
    assert words_of(Reason.NO_MEDIA) in seen.ask("0", "a.jpg")
    assert sent == []


@pytest.mark.parametrize("number", ["", "x", "-1", "1.5", "99999999", "٣", "5000001"])
def test_what_is_no_number(seen: Video, sent: Sent, number: str) -> None:
    assert "Enter the number of a frame" in seen.ask(number)
    assert sent == []


def test_without_javascript_it_is_a_page(seen: Video) -> None:
    seen.made(3)
    page = seen.ask("3", part=False)
    assert "<!doctype html>" in page.lower()
    assert "street/clip-003-mp4.png" in page
