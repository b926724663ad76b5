"""A store in memory, and servers that do not do what they should."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from clouds import Entry, Page

Key = Callable[[str], Any]


def plain(name: str) -> str:
    return name


def utf_16(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")


def by_directory(name: str) -> list[str]:
    return name.split("/")


class Bucket:
    """Lists as the Store protocol wants it; `order` is the server's own. Counts the pages it gave."""

    missing_key_denial_is_proof: ClassVar[bool] = True

    def __init__(self, keys: Iterable[str], *, order: Key = plain, directories: bool = False) -> None:
        self.order = order
        self.keys_in_order = sorted(set(keys), key=order)
        self.directories = directories
        self.asked: list[str] = []

    def page(self, prefix: str, *, after: str, limit: int) -> Page:
        assert not after or after.startswith(prefix)
        assert len(self.asked) < 10_000, "an endless walk"
        self.asked.append(after)
        return self.answer(prefix, after, limit)

    def answer(self, prefix: str, after: str, limit: int) -> Page:
        """Subclasses get this wrong."""
        found = self.below(prefix, after)
        return page_of(found[:limit], len(found) > limit)

    def below(self, prefix: str, after: str) -> list[str]:
        return [
            key
            for key in self.keys_in_order
            if key.startswith(prefix) and (not after or self.order(key) > self.order(after))
        ]

    def in_plain_order(self) -> bool:
        return not self.directories

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a walk has no business with Store.{name}")


def page_of(keys: Iterable[str], more: bool) -> Page:
    return Page([Entry(key, 1_700_000_000, 1) for key in keys], more)


class IgnoresTheStart(Bucket):
    def answer(self, prefix: str, after: str, limit: int) -> Page:
        return super().answer(prefix, "", limit)


class IncludesTheStart(Bucket):
    """Repeats the last name of the page before, as the first one."""

    def answer(self, prefix: str, after: str, limit: int) -> Page:
        page = super().answer(prefix, after, limit)
        first = [after] if after in self.keys_in_order else []
        return page_of([*first, *(entry.key for entry in page.entries)], page.more)


class RepeatsTheLast(Bucket):
    """Gives the last name of each page twice."""

    def answer(self, prefix: str, after: str, limit: int) -> Page:
        page = super().answer(prefix, after, limit)
        return Page(page.entries + page.entries[-1:], page.more)


class GivesMoreThanAsked(Bucket):
    def answer(self, prefix: str, after: str, limit: int) -> Page:
        return super().answer(prefix, after, limit + 3)


class SaysMoreAtTheEnd(Bucket):
    """An empty page, and that there is more."""

    def answer(self, prefix: str, after: str, limit: int) -> Page:
        page = super().answer(prefix, after, limit)
        return Page(page.entries, more=True)


class GivesForeignNames(Bucket):
    """What does not start with the prefix, too."""

    def answer(self, prefix: str, after: str, limit: int) -> Page:
        page = super().answer(prefix, after, limit)
        return page_of(["../secret.jpg", *(entry.key for entry in page.entries), "other/x.jpg"], page.more)


class OnlyForeignNames(Bucket):
    def answer(self, prefix: str, after: str, limit: int) -> Page:
        return page_of(["other/x.jpg"], more=True)


class ShufflesPages(Bucket):
    """The names of a page stand in no order."""

    def answer(self, prefix: str, after: str, limit: int) -> Page:
        page = super().answer(prefix, after, limit)
        return Page(page.entries[1::2] + page.entries[::2], page.more)


class BeginsInTheMiddle(Bucket):
    """Pages come in the wrong order: the first one is the second."""

    def answer(self, prefix: str, after: str, limit: int) -> Page:
        if after:
            return super().answer(prefix, "", limit)
        names = self.below(prefix, "")
        return page_of(names[limit : 2 * limit], more=True)


class GoesInCircles(Bucket):
    """Begins at the front again after the end."""

    def answer(self, prefix: str, after: str, limit: int) -> Page:
        page = super().answer(prefix, after, limit)
        return page if page.entries else super().answer(prefix, "", limit)
