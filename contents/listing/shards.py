"""Cuts a range of object names into parts of about the same size, looking at few of the objects.

A cut is a name: what comes up to and including it belongs to the part before, the rest to the part after. It need not
be an object's name, and however badly it was chosen, the parts are disjoint and complete. Only the balance is at stake.

Nobody tells how many objects lie between two names. But names grow like trees: all that start with `img_0` are usually
about as many as all that start with `img_1`. So we look for the first place where names differ, take each character
found there for one branch, and look into the branches that lie across an ideal cut, until the branches are small.
"""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from clouds import Page
from contents.listing.walker import Listable, Unreliable, UnreliableServerError

Look = Callable[[str, str, int], Page]  # (prefix, after, limit)

# A branch with fewer objects than this is as small as it needs to be.
SMALL = 100
# A branch with up to as many is counted: one page of a listing.
COUNTED = 1000
# What a larger branch weighs, in objects, as long as nothing is known but that it is larger.
LARGE = 50_000.0
# With fewer the last one, which is seldom full, tips the scales.
FEWEST_BRANCHES = 8
# What it takes to split a branch into ten.
USUAL_LOOKS = 12
# So long may the looks take.
SPLITTING_SECONDS = 20.0
# A cut this near to its ideal place, in parts, is good enough.
TOLERANCE = 0.05


class OutOfLooksError(Exception):
    """The allowed number of looks, or the time for them, is used up."""


@dataclass
class Branch:
    """All names that start with `prefix`. `before` comes before all of them and after those of the branch before."""

    before: str
    prefix: str
    weight: float
    small: bool = False
    counted: bool = False


def cuts(look: Look, prefix: str, parts: int, most_looks: int) -> list[str]:
    """Names that cut everything under `prefix` into up to `parts` parts, in order."""
    tree = _Tree(look, most_looks)
    branches = [Branch("", prefix, LARGE)]
    while unknown := [branch for branch in branches if not branch.counted]:
        # Half a generation would compare large branches with larger ones.
        if len(unknown) >= max(parts, FEWEST_BRANCHES) or len(unknown) * USUAL_LOOKS > tree.looks_left:
            break
        branches = [
            child for branch in branches for child in ([branch] if branch.counted else tree.split(branch, None))
        ]
        tree.count(branches)
    across = _across(branches, parts)
    branches = [
        child for branch in branches for child in (tree.split(branch, branch.weight) if branch in across else [branch])
    ]
    return _balanced(branches, parts)


def _across(branches: list[Branch], parts: int) -> list[Branch]:
    """The larger branches well inside of which an ideal cut lies."""
    ideal = sum(branch.weight for branch in branches) / parts
    found, end = [], 0.0
    for branch in branches:
        start, end = end, end + branch.weight
        if not branch.small and int(end / ideal - TOLERANCE) > int(start / ideal + TOLERANCE):
            found.append(branch)
    return found


def _balanced(branches: list[Branch], parts: int) -> list[str]:
    """Cut before the branches that begin nearest to the ideal places, each part getting one branch at least."""
    total = sum(branch.weight for branch in branches)
    starts, end = [], 0.0
    for branch in branches:
        starts.append(end)
        end += branch.weight
    chosen: list[int] = []
    for number in range(1, min(parts, len(branches))):
        first = chosen[-1] + 1 if chosen else 1
        last = len(branches) - (min(parts, len(branches)) - number)
        ideal = total * number / parts
        chosen.append(min(range(first, last + 1), key=lambda index: abs(starts[index] - ideal)))
    return [branches[index].before for index in chosen]


class _Tree:
    def __init__(self, look: Look, most_looks: int) -> None:
        self._look = look
        self.looks_left = most_looks

    def look(self, prefix: str, after: str, limit: int) -> Page:
        if not self.looks_left:
            raise OutOfLooksError
        self.looks_left -= 1
        if not after.startswith(prefix) and after:  # beyond the last name there could be
            return Page([], more=False)
        return self._look(prefix, after, limit)

    def split(self, branch: Branch, weight: float | None) -> list[Branch]:
        """Its own branches. The larger ones share `weight`; without one, each counts as much as any large one."""
        if branch.small:
            return [branch]
        found: list[Branch] = []
        try:
            self._grow(branch, found)
        except OutOfLooksError:
            if not found:
                return [branch]
            # What was not looked at any more stays with the last one.
            found[-1].small = found[-1].counted = False
        large = [child for child in found if not child.counted]
        rest = 0.0 if weight is None else weight - sum(child.weight for child in found if child.counted)
        for child in large:
            child.weight = LARGE if weight is None else max(rest / len(large), float(SMALL))
        return found or [branch]

    def count(self, branches: list[Branch]) -> None:
        """Weigh those that fit into one page."""
        unknown = [branch for branch in branches if not branch.counted]
        if len(unknown) > self.looks_left:
            return
        with contextlib.suppress(OutOfLooksError):
            for branch in unknown:
                page = self.look(branch.prefix, "", COUNTED)
                if not page.more:
                    branch.weight, branch.counted = float(len(page.entries)), True

    def _grow(self, branch: Branch, found: list[Branch]) -> None:
        page = self.look(branch.prefix, "", SMALL)
        if not page.entries:
            return
        prefix = self._trunk(branch.prefix, page.entries[0].key)
        before = branch.before
        while page.entries:
            # An object named exactly like the trunk is counted to the first branch.
            names = [entry.key for entry in page.entries if entry.key != prefix]
            while names:
                child = names[0][: len(prefix) + 1]
                inside = sum(name.startswith(child) for name in names)
                whole = inside < len(names) or not page.more
                found.append(Branch(before, child, float(inside), small=whole, counted=whole))
                # An object named exactly so is counted to the branch before.
                before = successor(child)
                names = names[inside:] if whole else []
            if not page.more:
                return
            page = self.look(prefix, before, SMALL)

    def _trunk(self, prefix: str, first: str) -> str:
        """The longest beginning that all names starting with `prefix` share; `first` is the first of them."""
        shortest, longest = len(prefix), len(first)
        while shortest < longest:
            middle = (shortest + longest + 1) // 2
            other = self.look(first[:shortest], successor(first[:middle]), 1).entries
            if other:
                longest = min(middle - 1, _shared(first, other[0].key))
            else:
                shortest = middle
        return first[:shortest]


def _shared(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


_SURROGATES = (0xD800, 0xDFFF)  # no characters, and in no cloud's names
_LAST = 0x10FFFF


def successor(prefix: str) -> str:
    """The shortest name that comes after all names starting with `prefix`, which is not empty."""
    trimmed = prefix.rstrip(chr(_LAST))
    if not trimmed:
        return prefix + chr(_LAST)
    code = ord(trimmed[-1]) + 1
    return trimmed[:-1] + chr(_SURROGATES[1] + 1 if code == _SURROGATES[0] else code)


def predecessor(name: str) -> str:
    """A name shortly before `name`, which is not empty. Plain characters only: no server takes offence at them."""
    code = ord(name[-1]) - 1
    if code < 0:
        return name[:-1]
    return name[:-1] + chr(_SURROGATES[0] - 1 if code == _SURROGATES[1] else code) + "~"


def guessed_cuts(
    store: Listable, prefix: str, parts: int, *, hidden: str = "", seconds: float = SPLITTING_SECONDS
) -> list[str]:
    """Up to `parts` - 1 names, in order, relative to the prefix: from a look here and there, for so long at most.

    `hidden` is a folder whose names don't count. Raises StoreError, and UnreliableServerError where the server does not
    list from a name on.
    """
    ends_at = time.monotonic() + seconds

    def hides(name: str) -> bool:
        return bool(hidden) and name.startswith(hidden)

    def look(begin: str, after: str, limit: int) -> Page:
        """A cloud page by relative names, without what is hidden."""
        if time.monotonic() > ends_at:
            raise OutOfLooksError
        if hides(after):
            after = successor(hidden)
        first, start = prefix + begin, prefix + after if after else ""
        page = store.page(first, after=start, limit=limit)
        in_range = all(entry.key.startswith(first) and entry.key > start for entry in page.entries)
        if page.starts_at_front or not in_range:
            raise UnreliableServerError(Unreliable.DISORDERED)
        if page.more and not page.entries:
            raise UnreliableServerError(Unreliable.STUCK)
        entries = [replace(entry, key=entry.key[len(prefix) :]) for entry in page.entries]
        visible = [entry for entry in entries if not hides(entry.key)]
        if page.more and not visible and hidden and successor(hidden).startswith(begin):
            return look(begin, hidden, limit)
        return Page(visible, page.more)

    return cuts(look, "", parts, 16 * parts + 32)
