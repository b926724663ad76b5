"""Relevant filenames files: which of a datasource's files a person wants.

One line each: a file's whole name; or a beginning of names and a `*`, then perhaps, after white space, patterns in the
manner of .gitignore that take files out again (`!` puts them back in): `subdir/* subdir/image_4* !subdir/image_41.png`.
All names are relative to the root of the Input datasource.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError

from contents.listing.sorted_names import SortedNames, beginnings

# https://docs.python.org/3/library/stdtypes.html#str.splitlines knows more line ends than an editor does.
_LINE = re.compile(r"\r\n|\r|\n")
# Each of them is a program of its own to match names with.
MOST_EXCLUDING = 10_000
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


class Rule:
    """A line with a `*`: all names that begin with `prefix`, without those that `patterns` take out."""

    def __init__(self, prefix: str, patterns: str = "") -> None:
        self.prefix = prefix
        self.patterns = patterns

    @cached_property
    def excluded(self) -> GitIgnoreSpec | None:
        """Raises what pathspec raises for no pattern."""
        return GitIgnoreSpec.from_lines(self.patterns.split()) if self.patterns else None

    def covers(self, name: str) -> bool:
        return name.startswith(self.prefix) and not (self.excluded and self.excluded.match_file(name))


@dataclass(frozen=True)
class Parts:
    """What a file says, in the form in which it is looked up. A million lines stay on disk in this form.

    `starts`: where covered names lie, none the beginning of another; `whole`: those of them without exclusions.
    `stems` are the exact names without their extensions; `stem_starts`: as `starts`, of the JSON files beside them.
    """

    exact: SortedNames
    starts: SortedNames
    whole: SortedNames
    stems: SortedNames
    stem_starts: SortedNames


class RelevantFilenames:
    """`rules`: those with exclusions."""

    def __init__(self, parts: Parts, rules: Iterable[Rule]) -> None:
        self.parts = parts
        self._by_prefix: dict[str, list[Rule]] = {}
        for rule in rules:
            self._by_prefix.setdefault(rule.prefix, []).append(rule)
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix})

    def covers(self, name: str) -> bool:
        return self.parts.exact.has(name) or self.covers_by_rule(name)

    def covers_by_rule(self, name: str) -> bool:
        if self.parts.whole.begin(name):
            return True
        # As many look-ups as there are lengths of prefixes, not as there are lines.
        found = (self._by_prefix.get(name[:length], ()) for length in self._lengths if length <= len(name))
        return any(rule.covers(name) for rules in found for rule in rules)

    def next_start(self, after: str) -> str | None:
        if self.parts.starts.begin(after):
            return after
        found = (self.parts.exact.after(after), self.parts.starts.after(after))
        return min((start for start in found if start is not None), default=None)


class Sidecars:
    """The names of the JSON files (predictions, metadata) that belong to relevant files.

    `street/1.jpg` has `street/1.json`, and the frames of `video.mp4` have `video-007-mp4.json`.
    """

    def __init__(self, relevant: RelevantFilenames, extensions: Iterable[str]) -> None:
        self.relevant = relevant
        self.extensions = sorted(extensions)

    def covers(self, name: str) -> bool:
        stem = name.removesuffix(".json")
        if self.relevant.parts.stems.has(stem):
            return True
        return any(self.relevant.covers(candidate) for candidate in self._candidates(stem))

    def _candidates(self, stem: str) -> Iterator[str]:
        for extension in self.extensions:
            yield f"{stem}.{extension}"
            yield f"{stem}.{extension.upper()}"
        if frame := _FRAME.fullmatch(stem):
            yield f"{frame['stem']}.{frame['extension']}"

    def next_start(self, after: str) -> str | None:
        starts = self.relevant.parts.stem_starts
        return after if starts.begin(after) else starts.after(after)


def _stem(name: str) -> str:
    """Without the extension, if there is one: `a/b.jpg` -> `a/b`, `a.b/c` -> `a.b/c`."""
    directory, slash, file = name.rpartition("/")
    return directory + slash + (file.rpartition(".")[0] or file)


def parse_relevant_filenames(content: bytes) -> RelevantFilenames:
    """Raises RelevantFilenamesError."""
    names, rules = read_lines(content)
    parts = {part: SortedNames.of(found) for part, found in names_of_parts(names, rules).items()}
    return RelevantFilenames(Parts(**parts), [rule for rule in rules if rule.patterns])


def read_lines(content: bytes) -> tuple[set[str], list[Rule]]:
    """The whole names, and the rules. Raises RelevantFilenamesError."""
    exact: set[str] = set()
    rules: list[Rule] = []
    excluding = 0
    for number, line in enumerate(lines_of(content), start=1):
        parsed = parse_line(line, number)
        if isinstance(parsed, Rule):
            rules.append(parsed)
            excluding += bool(parsed.patterns)
            if excluding > MOST_EXCLUDING:
                raise RelevantFilenamesError(
                    f"Line {number}: more than {MOST_EXCLUDING:,} lines have exclusions after the *."
                )
        elif parsed:
            exact.add(parsed)
    return exact, rules


def names_of_parts(exact: set[str], rules: list[Rule]) -> dict[str, Iterable[str]]:
    """The names of each part of `Parts`."""
    stems = {_stem(name) for name in exact}
    return {
        "exact": exact,
        "starts": beginnings(rule.prefix for rule in rules),
        "whole": beginnings(rule.prefix for rule in rules if not rule.patterns),
        "stems": stems,
        "stem_starts": beginnings(itertools.chain(stems, (_stem(rule.prefix) for rule in rules))),
    }


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
    return _rule(name, rest, number) if star else name


def _rule(prefix: str, rest: str, number: int) -> Rule:
    """`rest` is what follows the first * of a line."""
    patterns = rest.lstrip("*")
    if patterns and not patterns[0].isspace():
        raise RelevantFilenamesError(
            f"Line {number}: only white space may follow the *. What comes before it is the beginning of the names; "
            "exclusions come after white space, such as: images/* *.png"
        )
    rule = Rule(prefix, patterns.strip())
    try:
        rule.excluded  # noqa: B018 - made once here, so that it can't fail later
    except (GitIgnorePatternError, ValueError):
        raise RelevantFilenamesError(f"Line {number}: this is not a pattern as in .gitignore.") from None
    return rule
