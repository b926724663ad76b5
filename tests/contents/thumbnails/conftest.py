import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from contents.thumbnails.cache import Cache
from contents.thumbnails.files import cache
from datasets.models import Dataset
from tests.contents.index.conftest import memory, sent, source
from tests.contents.support import Storage
from tests.contents.thumbnails.buckets import Bucket

__all__ = ["memory", "sent", "source"]


@pytest.fixture
def kept(settings: Settings, tmp_path: Path) -> Cache:
    settings.LIGHTLY_THUMBNAILS_DIR = tmp_path / "thumbnails"
    return cache()


@pytest.fixture
def bucket(storage: Storage, dataset: Dataset, kept: Cache) -> Iterator[Bucket]:
    with contextlib.ExitStack() as stack:
        yield Bucket(storage, dataset, kept, stack)
