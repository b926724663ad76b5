"""Walks through the names below a prefix of an opened store, page by page, and never gives a name twice.

Plain Python: a job that indexes a bucket uses this as well as the REST API. How long a call to the cloud may take, and
whether it is tried again, is decided by whoever opens the store.

A walk goes on by asking the server for what comes after a name. Some servers ignore that and begin at the front again,
and some have an order of their own. So every page is checked here, in one place for all clouds.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from clouds import Entry, Page, StoreError

# The largest page that all clouds give.
PAGE_SIZE = 1000

NextStart = Callable[[str], str | None]
"""The first place at or after a name where wanted names may lie; None where there are none any more."""


class Listable(Protocol):
    """What a walk needs of a clouds.Store."""

    def page(self, prefix: str, *, after: str, limit: int) -> Page: ...

    def in_plain_order(self) -> bool: ...


@dataclass(frozen=True)
class Range:
    """The names after `after` (empty: from the front) up to and including `until` (empty: to the end).

    Both are relative to the prefix of the walk, and neither needs to be the name of an object.
    """

    after: str = ""
    until: str = ""


WHOLE = Range()


@dataclass
class Oddities:
    """What a server did that it should not. The walk has made up for it; who walks may want to tell somebody."""

    starts_at_front: bool = False  # it ignores the name after which to begin
    behind: int = 0  # entries at or before that name
    repeated: int = 0  # entries that stood right before
    foreign: int = 0  # entries that don't start with the prefix

    def __bool__(self) -> bool:
        return self.starts_at_front or bool(self.behind or self.repeated or self.foreign)


@dataclass(frozen=True)
class Stretch:
    """A page of a walk: the entries, named relative to the prefix. `reached` is the `after` with which to go on."""

    entries: list[Entry]
    reached: str
    more: bool


class Unreliable(StrEnum):
    STUCK = "stuck"  # the server says that there is more, and never gives it
    DISORDERED = "disordered"  # names come in no order that we know, so some would be lost


class UnreliableServerError(Exception):
    """A server's pages can't be put together to a complete listing. `place` says which one, where it is known."""

    def __init__(self, problem: Unreliable, place: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.place = place


Order = Callable[[str], str]


def _plain(name: str) -> str:
    return name


def _utf_16(name: str) -> str:
    """As servers order names that hold strings in UTF-16: it differs for rare characters (emoji) only."""
    return name.encode("utf-16-be", "surrogatepass").decode("latin-1")


def _by_directory(name: str) -> str:
    """As servers with real directories order names: all of `a/` before `a-b`."""
    return name.replace("/", "\0")


def walk(
    store: Listable,
    prefix: str,
    part: Range = WHOLE,
    *,
    next_start: NextStart | None = None,
    page_size: int = PAGE_SIZE,
    oddities: Oddities | None = None,
) -> Iterator[Stretch]:
    """One stretch per page of the cloud; the last one says that there is no more.

    `prefix` is empty or ends with a slash. `next_start` lets the walk skip what nobody wants; what it skips may still
    be given. `oddities` is filled in on the way. Raises StoreError and UnreliableServerError.
    """
    noticed = Oddities() if oddities is None else oddities
    return _Walk(store, prefix, part, next_start, page_size, noticed).stretches()


def begins_where_asked(store: Listable, prefix: str, after: str) -> bool:
    """Whether the server lists from `after` on (a name relative to the prefix, not empty) and not from the front.

    Raises StoreError.
    """
    page = store.page(prefix, after=prefix + after, limit=1)
    return not page.starts_at_front and all(entry.key > prefix + after for entry in page.entries)


@dataclass
class _Walk:
    store: Listable
    prefix: str
    part: Range
    next_start: NextStart | None
    page_size: int
    oddities: Oddities
    order: Order = field(default=_plain)

    def stretches(self) -> Iterator[Stretch]:
        after, more, marker_passed, continuing = self.part.after, True, False, False
        while more:
            start = self._skipped(after)
            if start is None or (self.part.until and start >= self.part.until):
                yield Stretch([], after, more=False)
                return
            asked = self.prefix + start if start or marker_passed else ""
            page = self.store.page(self.prefix, after=asked, limit=self.page_size)
            entries = self._checked(page, start)
            if page.more and not asked and [entry.key for entry in page.entries] == [self.prefix]:
                marker_passed = True  # a directory's marker, an object named like the prefix, fills a page alone
            elif not entries and (page.more or (continuing and page.entries)):
                raise UnreliableServerError(Unreliable.STUCK)
            else:
                inside = [entry for entry in entries if not self.part.until or entry.key <= self.part.until]
                after, more = inside[-1].key if inside else after, page.more and len(inside) == len(entries)
                yield Stretch(inside, after, more)
            continuing = True

    def _skipped(self, after: str) -> str | None:
        if self.next_start is None:
            return after
        start = self.next_start(after)
        # Only where names come in plain order is everything before the start also before it in the server's eyes.
        if start is None or start > after:
            return start if self._in_plain_order else after
        return after

    def _checked(self, page: Page, start: str) -> list[Entry]:
        """The page's entries that lie below the prefix and after `start`, by their relative names, each once."""
        given: list[Entry] = []
        for entry in page.entries:
            name = entry.key.removeprefix(self.prefix)
            if not entry.key.startswith(self.prefix):
                self.oddities.foreign += 1
            elif name and name == (given[-1].key if given else start):
                self.oddities.repeated += 1
            elif name:
                given.append(entry.named(name))
        self._learn_order(start, [entry.key for entry in given])
        new = [entry for entry in given if not start or self.order(entry.key) > self.order(start)]
        self.oddities.behind += len(given) - len(new)
        self.oddities.starts_at_front |= page.starts_at_front or len(new) < len(given)
        return new

    def _learn_order(self, start: str, names: list[str]) -> None:
        """Settle on an order in which these names ascend, and come after `start` if there is such an order."""
        whole = [start, *names] if start else names
        if _ascends(whole, self.order):
            return
        orders = [_plain, _utf_16] if self._in_plain_order else [_by_directory]
        for candidates in (whole, names):
            for order in orders:
                if _ascends(candidates, order):
                    self._settle(order)
                    return
        raise UnreliableServerError(Unreliable.DISORDERED)

    def _settle(self, order: Order) -> None:
        # A range is cut in plain order: in another one, names would fall between two ranges.
        if order is not _plain and self.part.until:
            raise UnreliableServerError(Unreliable.DISORDERED)
        self.order = order

    @cached_property
    def _in_plain_order(self) -> bool:
        return self.store.in_plain_order()


def _ascends(names: list[str], order: Order) -> bool:
    return all(one < other for one, other in itertools.pairwise(map(order, names)))


def next_stretch(stretches: Iterator[Stretch], *, is_first: bool) -> Stretch | None:
    """None where the storage fails after it gave something: that is kept, and whoever goes on tries again."""
    try:
        return next(stretches)
    except StoreError:
        if is_first:
            raise
        return None
