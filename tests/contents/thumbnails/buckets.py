"""A bucket of its own, connected as Input and, elsewhere in it, as Lightly, both of them green."""

from __future__ import annotations

import contextlib
import io
from urllib.parse import unquote

from PIL import Image

from clouds import Store, open_store
from clouds.store import CallLimit
from contents.index.queries import look_at
from contents.media.thumbnails import LONGEST_SIDE
from contents.models import IndexedFile
from contents.tasks import make_thumbnail
from contents.thumbnails.cache import Cache, Entry, Picture
from contents.thumbnails.files import listed, stored_name
from datasets.models import Dataset
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, Purpose
from tests.contents.support import READING, Storage, connect, green
from tests.servers import WORKING_RIGHTS


class Bucket:
    def __init__(self, storage: Storage, dataset: Dataset, kept: Cache, stack: contextlib.ExitStack) -> None:
        self.cloud, self.dataset, self.kept, self.stack = storage.cloud, dataset, kept, stack
        self.bucket = self.cloud.make_bucket()
        self.input = green(connect(dataset, Purpose.INPUT, self.cloud.grant(self.bucket, "in/", READING)))
        self.lightly = green(connect(dataset, Purpose.LIGHTLY, self.cloud.grant(self.bucket, "out/", WORKING_RIGHTS)))

    def put(self, name: str, data: bytes) -> None:
        self.cloud.put(self.bucket, name, data)

    def make(self, key: str = "street/1.jpg") -> Entry | None:
        """What a worker leaves in an empty cache, after a new look at the Input."""
        index = look_at(self.dataset, Purpose.INPUT).index
        file = IndexedFile.objects.get(index=index, key=key) if index else None
        assert index
        assert file
        there = listed(index.pk, file.pk)
        assert there
        self.kept.forget(stored_name(there, LONGEST_SIDE))
        make_thumbnail(str(index.pk), str(file.pk))
        return self.kept.read(stored_name(there, LONGEST_SIDE))

    def store(self) -> Store:
        return self.opened(self.lightly)

    def opened(self, datasource: Datasource) -> Store:
        store = open_store(datasource.config, configured_endpoints(), CallLimit(10))
        self.stack.callback(store.close)
        return store

    def reads(self) -> int:
        """How often the original was read since the last time."""
        found = [each for each in self.cloud.requests if each.method == "GET" and "in/street" in unquote(each.path)]
        self.cloud.requests.clear()
        return len(found)


def size_of(entry: Entry | None) -> tuple[int, int]:
    assert isinstance(entry, Picture), entry
    return Image.open(io.BytesIO(entry.data)).size
