"""What a gallery shows, as its address says it. What makes no sense in it is left out."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import QueryDict

from contents.gallery.queries import MEDIA, Chosen
from contents.models import FileKind, InsideProblem, Problem
from contents.problems.words import BY_SLUG

KINDS = {"images": FileKind.IMAGE, "videos": FileKind.VIDEO}
LONGEST_PREFIX = 500
LONGEST_NAME = 2 * 1024


class Choice(NamedTuple):
    kind: str = ""
    problem: str = ""
    prefix: str = ""
    folders: bool = False

    @property
    def chosen(self) -> Chosen:
        kinds = (int(KINDS[self.kind]),) if self.kind else MEDIA
        return Chosen(kinds, int(BY_SLUG[self.problem]) if self.problem else 0, self.prefix)

    @property
    def is_filtered(self) -> bool:
        return bool(self.kind or self.problem or self.prefix)

    def query(self, **more: str) -> str:
        """For an address, with its question mark."""
        told: dict[str, Any] = {"kind": self.kind, "problem": self.problem, "prefix": self.prefix}
        told |= {"view": "folders" if self.folders else ""} | more
        return f"?{urlencode({name: value for name, value in told.items() if value})}"


def choice_of(query: QueryDict) -> Choice:
    kind, problem = query.get("kind", ""), query.get("problem", "")
    prefix = name_in(query, "prefix")[:LONGEST_PREFIX]
    # A problem's files are few, and lie anywhere: folders would hide them.
    is_problem = isinstance(BY_SLUG.get(problem), Problem | InsideProblem)
    folders = query.get("view") == "folders" and not is_problem
    if folders:
        prefix = prefix[: prefix.rfind("/") + 1]
    return Choice(kind if kind in KINDS else "", problem if is_problem else "", prefix, folders)


def name_in(query: QueryDict, parameter: str) -> str:
    """No name that is stored has NUL in it."""
    return query.get(parameter, "").replace("\0", "")[:LONGEST_NAME]
