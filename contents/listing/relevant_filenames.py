"""Relevant filenames files: which of a datasource's files a person wants.

One line each: a file's whole name; or a beginning of names and a `*`, then perhaps, after white space, patterns in the
manner of .gitignore that take files out again (`!` puts them back in): `subdir/* subdir/image_4* !subdir/image_41.png`.
All names are relative to the root of the Input datasource.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError

# https://docs.python.org/3/library/stdtypes.html#str.splitlines knows more line ends than an editor does.
_LINE = re.compile(r"\r\n|\r|\n")
_FRAME = re.compile(r"(?P<stem>.+)-\d+-(?P<extension>[A-Za-z0-9]+)")


class RelevantFilenamesError(ValueError):
    """A sentence that says which line is wrong, and how."""


class Names(Protocol):
    """Some of all possible names."""

    def covers(self, name: str) -> bool: ...

    def next_start(self, after: str) -> str | None:
        """The first place after `after` where covered names may lie: `after` itself if it lies among such.

        None: there are none any more. So a listing need not read what lies between.
        """


def is_clean(name: str) -> bool:
    """Whether a name says where a file is without detours."""
    return all(segment not in {"", ".", ".."} for segment in name.split("/"))


@dataclass(frozen=True)
class Rule:
    """A line with a `*`: all names that begin with `prefix`, without those that are excluded."""

    prefix: str
    excluded: GitIgnoreSpec | None

    def covers(self, name: str) -> bool:
        return name.startswith(self.prefix) and not (self.excluded and self.excluded.match_file(name))


class RelevantFilenames:
    def __init__(self, exact: Iterable[str], rules: Iterable[Rule]) -> None:
        self.exact = frozenset(exact)
        self.rules = list(rules)
        self._by_prefix: dict[str, list[Rule]] = {}
        for rule in self.rules:
            self._by_prefix.setdefault(rule.prefix, []).append(rule)
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix})
        self._starts = _Starts(self.exact, self._by_prefix)

    def covers(self, name: str) -> bool:
        return name in self.exact or self.covers_by_rule(name)

    def covers_by_rule(self, name: str) -> bool:
        # As many look-ups as there are lengths of prefixes, not as there are lines.
        found = (self._by_prefix.get(name[:length], ()) for length in self._lengths if length <= len(name))
        return any(rule.covers(name) for rules in found for rule in rules)

    def next_start(self, after: str) -> str | None:
        return self._starts.next_start(after)


class Sidecars:
    """The names of the JSON files (predictions, metadata) that belong to relevant files.

    `street/1.jpg` has `street/1.json`, and the frames of `video.mp4` have `video-007-mp4.json`.
    """

    def __init__(self, relevant: RelevantFilenames, extensions: Iterable[str]) -> None:
        self.relevant = relevant
        self.extensions = sorted(extensions)
        self.stems = {_stem(name) for name in relevant.exact}
        self._starts = _Starts((), {*self.stems, *(_stem(rule.prefix) for rule in relevant.rules)})

    def covers(self, name: str) -> bool:
        stem = name.removesuffix(".json")
        return stem in self.stems or any(self.relevant.covers(candidate) for candidate in self._candidates(stem))

    def _candidates(self, stem: str) -> Iterator[str]:
        for extension in self.extensions:
            yield f"{stem}.{extension}"
            yield f"{stem}.{extension.upper()}"
        if frame := _FRAME.fullmatch(stem):
            yield f"{frame['stem']}.{frame['extension']}"

    def next_start(self, after: str) -> str | None:
        return self._starts.next_start(after)


class _Starts:
    """Names and beginnings of names in order, none of them part of another."""

    def __init__(self, exact: Iterable[str], prefixes: Iterable[str]) -> None:
        self.names: list[str] = []
        self.prefixes: set[str] = set()
        kinds = dict.fromkeys(exact, False) | dict.fromkeys(prefixes, True)
        for name in sorted(kinds):  # a prefix comes before all that starts with it
            if not (self.names and self.names[-1] in self.prefixes and name.startswith(self.names[-1])):
                self.names.append(name)
                if kinds[name]:
                    self.prefixes.add(name)

    def next_start(self, after: str) -> str | None:
        index = bisect_right(self.names, after)
        if index and self.names[index - 1] in self.prefixes and after.startswith(self.names[index - 1]):
            return after
        return self.names[index] if index < len(self.names) else None


def _stem(name: str) -> str:
    """Without the extension, if there is one: `a/b.jpg` -> `a/b`, `a.b/c` -> `a.b/c`."""
    directory, slash, file = name.rpartition("/")
    return directory + slash + (file.rpartition(".")[0] or file)


def parse_relevant_filenames(content: bytes) -> RelevantFilenames:
    """Raises RelevantFilenamesError."""
    exact: set[str] = set()
    rules: list[Rule] = []
    for number, line in enumerate(lines_of(content), start=1):
        parsed = parse_line(line, number)
        if isinstance(parsed, Rule):
            rules.append(parsed)
        elif parsed:
            exact.add(parsed)
    return RelevantFilenames(exact, rules)


def lines_of(content: bytes) -> list[str]:
    """Raises RelevantFilenamesError."""
    try:
        return _LINE.split(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise RelevantFilenamesError("The file is not UTF-8 text.") from None


def parse_line(line: str, number: int) -> Rule | str:
    """A file's whole name, empty for an empty line, or a rule. Raises RelevantFilenamesError."""
    name, star, rest = line.strip().partition("*")
    if name.startswith("/") or any(segment in {".", ".."} for segment in name.split("/")):
        raise RelevantFilenamesError(
            f"Line {number}: names are relative to the datasource's root, without a leading / or ./ or ../ in them."
        )
    return Rule(name, _excluded(number, rest)) if star else name


def _excluded(number: int, rest: str) -> GitIgnoreSpec | None:
    """The patterns in what follows the first * of a line."""
    patterns = rest.lstrip("*")
    if patterns and not patterns[0].isspace():
        raise RelevantFilenamesError(
            f"Line {number}: only white space may follow the *. What comes before it is the beginning of the names; "
            "exclusions come after white space, such as: images/* *.png"
        )
    try:
        return GitIgnoreSpec.from_lines(patterns.split()) if patterns.strip() else None
    except (GitIgnorePatternError, ValueError):
        raise RelevantFilenamesError(f"Line {number}: this is not a pattern as in .gitignore.") from None
