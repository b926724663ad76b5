"""Opens some files one after the other, while the beginnings of the next ones are on their way.

Decoding needs a processor and reading waits for a network, so each is done while the other is. A store is used by one
file at a time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from clouds import CloudConfig, Store
from clouds.pool import STORES
from contents.index.opening import PATIENCE
from contents.media.pieces import Pieces
from contents.models import FileKind
from contents.reading.rows import Wanted
from core.threads import ContextPool
from datasources.endpoints import configured_endpoints

# So many files are on their way at once, each with a piece of this size at most.
AHEAD = 6
IMAGE_PIECE_BYTES = 4 * 1024**2
VIDEO_PIECE_BYTES = 8 * 1024**2


class _Coming(NamedTuple):
    file: Wanted
    pieces: Pieces
    first: Future[bytes]


def piece_bytes(kind: int) -> int:
    return VIDEO_PIECE_BYTES if kind == FileKind.VIDEO else IMAGE_PIECE_BYTES


def coming(config: CloudConfig, files: Sequence[Wanted]) -> Iterator[tuple[Wanted, Pieces]]:
    """Each file with what reads it, in order.

    Errors of the first piece are raised again by whoever reads it: here they only mean that it has not come yet.
    """
    count = min(AHEAD, len(files))
    with contextlib.ExitStack() as stack:
        stores = [stack.enter_context(STORES.borrowed(config, configured_endpoints(), PATIENCE)) for _ in range(count)]
        pool = ContextPool(count)
        # What has not begun is dropped. What is under way ends first, because its store goes back to the pool.
        stack.callback(pool.shutdown, wait=True, cancel_futures=True)
        under_way = [_begun(pool, stores[place], config, files[place]) for place in range(count)]
        for place, file in enumerate(files):
            this = under_way[place % count]
            with contextlib.suppress(Exception):
                this.first.result()
            yield file, this.pieces
            if place + count < len(files):
                under_way[place % count] = _begun(pool, stores[place % count], config, files[place + count])


def _begun(pool: ThreadPoolExecutor, store: Store, config: CloudConfig, file: Wanted) -> _Coming:
    most = piece_bytes(file.kind)
    pieces = Pieces(store, config.prefix + file.key, size=file.size, version=file.version, piece_bytes=most)
    return _Coming(file, pieces, pool.submit(pieces.read, 0, min(file.size, most)))
