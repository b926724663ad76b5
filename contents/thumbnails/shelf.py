"""The Lightly datasource as a second cache of thumbnails, beside the one on this server's disk.

Whatever goes wrong with it, the picture is shown: nothing here raises for the storage, and a storage that makes trouble
is left alone for a minute.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.core.cache import cache

from clouds import Store, StoreError
from clouds.patient import Patience
from clouds.pool import STORES
from clouds.store import Head
from contents.media.thumbnails import Thumbnail
from contents.models import IndexedFile
from contents.places import Hindrance, Places, places_for_thumbnails
from contents.thumbnails import metadata, written
from contents.thumbnails.files import Listed
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, Purpose

logger = logging.getLogger(__name__)

# Two calls and the opening of the store, with the reading of the file itself, end within a slice of the queue.
QUICK = Patience(call_seconds=2.5, attempts=1)
TROUBLE_SECONDS = 60
Answer = TypeVar("Answer")


@dataclass
class Shelf:
    """The place of one file's thumbnail."""

    target: Datasource
    name: str
    file: IndexedFile
    _head: Head | None = None

    def look(self) -> Thumbnail | None:
        """The thumbnail of the file as it was listed, if there is a good one."""
        return self._with_store(self._look)

    def put(self, thumbnail: Thumbnail) -> None:
        self._with_store(lambda store, key: self._put(store, key, thumbnail))

    def _look(self, store: Store, key: str) -> Thumbnail | None:
        self._head = metadata.head_of(store, key)
        if self._head is None or not metadata.is_usable(self._head, self.file):
            return None
        return written.read_back(store, key, self._head)

    def _put(self, store: Store, key: str, thumbnail: Thumbnail) -> None:
        try:
            written.write(store, key, self.name, thumbnail, self.file, self._head)
        except written.TakenError:
            logger.info("A thumbnail was not written: a file of somebody else's is in its place")

    def _with_store(self, action: Callable[[Store, str], Answer]) -> Answer | None:
        """None also where the storage makes trouble."""
        mark = f"lightly-trouble:{self.target.pk}:{self.target.revision}"
        config = self.target.readable_config()
        if config is None or cache.get(mark):
            return None
        try:
            with STORES.borrowed(config, configured_endpoints(), QUICK) as store:
                return action(store, config.prefix + self.name)
        except StoreError as error:
            cache.set(mark, 1, TROUBLE_SECONDS)
            logger.warning("Lightly of %s is left alone for a minute: %s", self.target.dataset_id, error)
            return None


def shelf_of(listed: Listed) -> Shelf | None:
    """None where there are to be no thumbnails of this file, or Lightly's bulbs are not green."""
    if listed.datasource.purpose == Purpose.LIGHTLY:
        return None
    places: Places | Hindrance = places_for_thumbnails(listed.datasource.dataset)
    name = places.thumbnail_of(listed.file.key) if isinstance(places, Places) else ""
    return Shelf(places.target, name, listed.file) if isinstance(places, Places) and name else None
