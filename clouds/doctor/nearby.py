"""What lies near a path in which nothing was found: the directory of a file, or names like those in the path.

Best effort, within the store's own time limit. What lies around the path may be none of our business: a place that is
refused is passed over.
"""

from collections.abc import Callable
from difflib import get_close_matches
from typing import TypeVar

from clouds.failures import StoreError, safe_name
from clouds.store import Store

MOST_SIBLINGS = 200
MOST_SUGGESTIONS = 3
# Of a deep path, this many directories are looked into, from the last one up.
MOST_LEVELS = 6
CLOSE = 0.6
Answer = TypeVar("Answer")


def nearby(store: Store, prefix: str) -> tuple[str, ...]:
    """Directories that may be meant by `prefix` (ends with a slash, nothing lies below it), the nearest first.

    Only the directory right above it when the path is a file's. Else never one that is a part of the path itself.
    """
    segments = prefix.removesuffix("/").split("/")
    if _is_file(store, prefix.removesuffix("/")):
        return (_joined(segments[:-1]),)
    # The lowest directory that exists is where the path goes wrong.
    for level in range(len(segments) - 1, max(-1, len(segments) - 1 - MOST_LEVELS), -1):
        above, name, below = _joined(segments[:level]), segments[level], segments[level + 1 :]
        names = _folders(store, above)
        if name in names:  # right so far, and nothing in it has a name like the next one
            return ()
        if names:
            candidates = [f"{above}{other}/" for other in _close(name, names, MOST_SUGGESTIONS)]
            found = [_followed(store, candidate, below) for candidate in candidates]
            # Those in which the rest of the path exists are meant, if there are any.
            whole = [path for path, complete in found if complete]
            return tuple(dict.fromkeys(whole or [path for path, _ in found]))
    return ()


def _is_file(store: Store, key: str) -> bool:
    """Some tools mark directories by objects of their name in which there is nothing."""
    page = _answer(lambda: store.page(key, after="", limit=1))
    entries = [entry for entry in page.entries if entry.key == key and not entry.directory] if page else []
    return any(entry.size or "." in entry.key.rpartition("/")[2].strip(".") for entry in entries)


def _followed(store: Store, directory: str, below: list[str]) -> tuple[str, bool]:
    """As far down as the rest of the path, or names like those in it, exist. And whether that is the whole rest."""
    whole = directory + _joined(below)
    inside = _answer(lambda: store.keys(whole, limit=1)) if below else [whole]
    if inside:
        return whole, True
    nearest = _close(below[0], _folders(store, directory), 1)
    if not nearest:
        return directory, False
    return _followed(store, f"{directory}{nearest[0]}/", below[1:])


def _folders(store: Store, directory: str) -> list[str]:
    """Names of those that can be shown, without their slashes."""
    names = _answer(lambda: store.folders(directory, limit=MOST_SIBLINGS)) or []
    return [name.removesuffix("/") for name in names if name == safe_name(name)]


def _close(name: str, others: list[str], most: int) -> list[str]:
    return get_close_matches(name, others, n=most, cutoff=CLOSE)


def _joined(segments: list[str]) -> str:
    return "".join(f"{segment}/" for segment in segments)


def _answer(call: Callable[[], Answer]) -> Answer | None:
    try:
        return call()
    except StoreError:
        return None
