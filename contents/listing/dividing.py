"""Where to cut the names below a prefix of a store, so that parts of about one size can be listed side by side."""

import time
from collections.abc import Callable
from dataclasses import replace

from clouds import Page, Store
from contents.listing import shards
from contents.listing.walker import Unreliable, UnreliableServerError

SPLITTING_SECONDS = 20.0


def nothing_is_hidden(name: str) -> bool:
    return False


def guessed_cuts(
    store: Store, prefix: str, parts: int, *, hidden: str = "", seconds: float = SPLITTING_SECONDS
) -> list[str]:
    """Up to `parts` - 1 names, in order, relative to the prefix: from a look here and there, for so long at most.

    `hidden` is a folder whose names don't count. Raises StoreError, and UnreliableServerError where the server does not
    list from a name on.
    """
    ends_at = time.monotonic() + seconds
    hides: Callable[[str], bool] = (lambda name: name.startswith(hidden)) if hidden else nothing_is_hidden

    def look(begin: str, after: str, limit: int) -> Page:
        """A cloud page by relative names, without what is hidden."""
        if time.monotonic() > ends_at:
            raise shards.OutOfLooksError
        if hides(after):
            after = shards.successor(hidden)
        first, start = prefix + begin, prefix + after if after else ""
        page = store.page(first, after=start, limit=limit)
        in_range = all(entry.key.startswith(first) and entry.key > start for entry in page.entries)
        if page.starts_at_front or not in_range:
            raise UnreliableServerError(Unreliable.DISORDERED)
        if page.more and not page.entries:
            raise UnreliableServerError(Unreliable.STUCK)
        entries = [replace(entry, key=entry.key[len(prefix) :]) for entry in page.entries]
        visible = [entry for entry in entries if not hides(entry.key)]
        if page.more and not visible and hidden and shards.successor(hidden).startswith(begin):
            return look(begin, hidden, limit)
        return Page(visible, page.more)

    return shards.cuts(look, "", parts, 16 * parts + 32)
