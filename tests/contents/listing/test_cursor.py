"""Cursors: good on any process of this server, and for one person's listing alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core import signing
from pytest_django import Settings

from clouds.s3 import clients as s3
from contents.listing import relevant_files
from contents.listing.cursor import Cursor, Kind, unseal_cursor
from contents.listing.walker import Range
from datasets.models import Dataset
from datasets.services import create_dataset
from datasources.models import Datasource, Purpose
from teams.models import User
from tests.conftest import Call
from tests.contents.support import IMAGES, Listings, Storage, connect, relevant_file

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("endpoints")]


def test_cursors_outlive_the_process(on_s3: Dataset, storages: dict[str, Storage], listings: Listings) -> None:
    """Nothing is kept between two requests but what may be lost."""
    name = relevant_file(storages["S3"], "a+b.png\nzz.png")
    cursors = listings.answer("list/dnc", dncShards=2, relevantFilenamesFileName=name)["cursors"]
    relevant_files.forget_all()
    s3._session.cache_clear()
    found = [row["fileName"] for cursor in cursors for row in listings.all("list", cursor=cursor)]
    assert found == ["a+b.png", "zz.png"]


def test_cursors_of_others_and_made_up_ones(
    on_s3: Dataset, listings: Listings, call: Call, alice: User, bob: User, storages: dict[str, Storage]
) -> None:
    cursor = listings.answer("list")["cursor"]
    shard = listings.answer("metadata/list/dnc", dncShards=1)["cursors"][0]
    boxes = listings.answer("predictions/list", taskName="boxes")["cursor"]
    other = create_dataset(name="other", owner=alice)
    connect(other, Purpose.INPUT_OUTPUT, storages["S3"].input)
    bobs = Listings(call(bob), on_s3)
    assert bobs.answer("list")["data"]
    foreign: list[Callable[[], Any]] = [
        lambda: bobs.refusal("list", cursor=cursor),
        lambda: Listings(call(alice), other).refusal("list", cursor=cursor),
        lambda: listings.refusal("metadata/list", cursor=cursor),
        lambda: listings.refusal("list", cursor=shard),
        lambda: listings.refusal("predictions/list", cursor=boxes, taskName="other"),
        lambda: listings.refusal("list", cursor=cursor[:-2] + "xx"),
        lambda: listings.refusal("list", cursor="made-up"),
        lambda: listings.refusal("list", cursor="W10:x:y"),
        lambda: listings.refusal("list", cursor="\0"),
    ]
    for ask in foreign:
        status, code, error = ask()
        assert (status, code) == (422, "MALFORMED_REQUEST")
        assert "Start" in error
    Datasource.objects.filter(purpose=Purpose.INPUT).update(revision=7)
    assert listings.refusal("list", cursor=cursor)[0] == 422


# Sealed by release 0.2.0 with the key below: one in the midst of a listing, one at the beginning of another.
KEY_THEN = "of-the-last-release-" + "x" * 50
SEALED_THEN = [
    ".eJyLVkrBAZR0lBJxAKCUKQ6gpGOso1ScmFuQk1oMVKakY6BjaGkABSB-WmJOcaqOUlC5RbxuYlIyUE1KZpF-SmpqgX5qkV5Bei5QpCAnMTNPL6sgHao8"
    "FgCbgTHb:1xX61J:gBBP1m_It7-jiRXUJDK80SMnJbF3cdmQ6ABCBWppM3k",
    ".eJyLVkrBAZR0lBJxAKCUKQ6gpGOso1RQlJqSmVySmZ9XDFSalF-RCqTzSnNyIISSXk5mekZJTqV-UWpOalliXoleSUWJkk5JUWmqjlJQuUW8bmJSMlAn"
    "GKUl5hSnxgIAEAM1_g:1xX61J:eyO34U_hcdjbcRODei9PbwR1JB5cMTYoS0V-J3gdiBg",
]


def test_cursors_of_the_last_release_still_work(settings: Settings) -> None:
    settings.SECRET_KEY = KEY_THEN
    dataset, user_id = Dataset(pk="d" * 24), "a" * 24
    midst, beginning = (
        unseal_cursor(text, dataset=dataset, user_id=user_id, kind=kind, task="")
        for text, kind in zip(SEALED_THEN, [Kind.SAMPLES, Kind.PREDICTIONS], strict=True)
    )
    assert midst == Cursor(
        dataset_id="d" * 24,
        user_id="a" * 24,
        datasource_id="5" * 24,
        revision=3,
        kind=Kind.SAMPLES,
        task="",
        start=0,
        end=1_900_000_000,
        relevant_file="",
        redirect=False,
        run="Rw8_-abc",
        after="dir/deep/er.pgm",
        until="plain.jpg",
    )
    assert midst.range == Range("dir/deep/er.pgm", "plain.jpg")
    assert (beginning.task, beginning.relevant_file, beginning.redirect) == ("boxes", ".lightly/relevant.txt", True)
    assert (beginning.start, beginning.end, beginning.range, beginning.done) == (None, None, Range(), False)


def test_a_listing_goes_on_with_a_cursor_of_the_last_release(on_s3: Dataset, listings: Listings, alice: User) -> None:
    datasource = on_s3.datasources.get(purpose=Purpose.INPUT)
    who = (on_s3.pk, alice.pk, datasource.pk, datasource.revision)
    rest = ("samples", "", None, None, "", False, "run-then", "dir/deep/er.pgm", "plain.jpg", False)
    then = signing.dumps((*who, *rest), salt="datasources.listing", compress=True)
    assert listings.names("list", cursor=then) == sorted(
        name for name in IMAGES if "dir/deep/er.pgm" < name <= "plain.jpg"
    )
