from pathlib import Path

import pytest
from pytest_django import Settings

from contents.thumbnails.cache import Cache
from contents.thumbnails.files import cache
from tests.contents.index.conftest import memory, sent, source

__all__ = ["memory", "sent", "source"]


@pytest.fixture
def kept(settings: Settings, tmp_path: Path) -> Cache:
    settings.LIGHTLY_THUMBNAILS_DIR = tmp_path / "thumbnails"
    return cache()
