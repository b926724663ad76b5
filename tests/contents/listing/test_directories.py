"""What listings hold besides files: directories are no samples, and a path with nothing else is empty."""

from __future__ import annotations

import pytest

from clouds import Deadline, open_store, parse_config
from clouds.doctor.probe import LISTED, probe
from clouds.permissions import READ_ONLY, Permission, State
from contents.listing.folder import IMAGES, VIDEOS, samples_folder
from contents.listing.walker import walk
from tests.clouds.conftest import MakePlace
from tests.clouds.doctor.scenarios import Place
from tests.servers import AzureCloud

CLOUDS = ["S3", "AZURE", "GCS", "OBS"]


def put_directories(place: Place, *names: str) -> None:
    """As this cloud's tools and file systems mark them, down from the first."""
    for name in names:
        if isinstance(place.cloud, AzureCloud):
            place.cloud.put_directory(place.bucket, name)
        else:
            place.cloud.put(place.bucket, f"{name}/", b"")
            place.cloud.put(place.bucket, f"{name}_$folder$", b"")  # of Hadoop


def samples(place: Place, media: frozenset[str]) -> list[str]:
    folder = samples_folder(media)
    store = open_store(parse_config(place.config, place.endpoints), place.endpoints, Deadline(10))
    stretches = list(walk(store, "input/", next_start=folder.next_start, page_size=3))
    store.close()
    return [entry.key for stretch in stretches for entry in stretch.entries if folder.counts(entry)]


@pytest.mark.parametrize("provider", CLOUDS)
def test_directories_are_no_samples(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider)
    put_directories(place, "input/clips", "input/clips/street.mp4", "input/empty.mp4", "input/x.jpg")
    for name in ("clips/street.mp4/0001.jpg", "clips/real.mp4"):
        place.cloud.put(place.bucket, f"input/{name}", b"12345")
    place.cloud.put(place.bucket, "input/nothing.mp4", b"")  # a file, though there is nothing in it
    assert samples(place, VIDEOS) == ["clips/real.mp4", "nothing.mp4"]
    assert samples(place, IMAGES) == ["clips/street.mp4/0001.jpg"]


@pytest.mark.parametrize("provider", CLOUDS)
def test_directories_alone_are_nothing(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider)
    for name in ("input/deep", "input/deep/er"):
        if isinstance(place.cloud, AzureCloud):
            place.cloud.put_directory(place.bucket, name)
        else:
            place.cloud.put(place.bucket, f"{name}/", b"")
    report = probe(parse_config(place.config, place.endpoints), READ_ONLY, place.endpoints, 15)
    assert [report.verdicts[permission].state for permission in READ_ONLY] == [State.GRANTED] * 2
    assert report.empty


@pytest.mark.parametrize("provider", CLOUDS)
def test_files_behind_many_directories_are_found(provider: str, make_place: MakePlace) -> None:
    place = make_place(provider)
    directories = [f"input/{number:03}" for number in range(LISTED + 1)]
    if isinstance(place.cloud, AzureCloud):
        put_directories(place, *directories)
    else:
        for name in directories:
            place.cloud.put(place.bucket, f"{name}/", b"")
    place.cloud.put(place.bucket, "input/z.jpg", b"12345")
    report = probe(parse_config(place.config, place.endpoints), READ_ONLY, place.endpoints, 15)
    assert not report.empty
    assert report.verdicts[Permission.READ].state is State.GRANTED
