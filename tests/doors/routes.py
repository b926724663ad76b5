"""Every address there is, from the URL configuration: new ones are found by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver, reverse

# As path() and as re_path() spell a part.
_PART = re.compile(r"<(?:\w+:)?(?P<name>\w+)>")
_REGEX = re.compile(r"\(\?P<(?P<name>\w+)>.*?\)(?=/|$)")
# The REST API's, which tests/api/test_doors.py walks.
_OPERATION = re.compile(r"^v1/(datasets|docker|jobs|teams|versions)")


class Route(NamedTuple):
    name: str
    """With its namespace; of one without a name, the pattern of its address."""
    pattern: str
    parts: frozenset[str]
    """What its address names."""

    def path(self, known: dict[str, str]) -> str:
        """Raises KeyError for a part of which `known` has no example."""
        if self.name != self.pattern:
            return reverse(self.name, kwargs={part: known[part] for part in self.parts})
        path = _REGEX.sub(lambda part: known[part["name"]], self.pattern.removeprefix("^").removesuffix("$"))
        path = _PART.sub(lambda part: known[part["name"]], path)
        return "/" + (path if _REGEX.search(self.pattern) or not self.pattern.startswith("^") else f"{path}nothing")


def routes() -> list[Route]:
    """All but the operations of the REST API. Of patterns that stand twice the first, which is the one that answers."""
    found = {route.pattern: route for route in reversed(list(_routes(get_resolver())))}
    return sorted(route for route in found.values() if not _OPERATION.match(route.pattern))


def _routes(resolver: URLResolver, before: str = "", space: str = "") -> Iterator[Route]:
    for entry in resolver.url_patterns:
        pattern = before + str(entry.pattern).removeprefix("^" if before else "")
        if isinstance(entry, URLResolver):
            yield from _routes(entry, pattern, f"{space}{entry.namespace}:" if entry.namespace else space)
        else:
            yield _route(entry, pattern, space)


def _route(entry: URLPattern, pattern: str, space: str) -> Route:
    parts = frozenset(found["name"] for found in _PART.finditer(pattern))
    return Route(f"{space}{entry.name}" if entry.name else pattern, pattern, parts)
