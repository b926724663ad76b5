"""Reads one object of a configuration, as its version knows it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from contents.annotations.findings import Steps
from runs.configuration.settings import Ignored
from runs.selection.parsing.fields import Fields
from runs.selection.parsing.problems import Notes

LONGEST_NAME = 1024  # bytes of an object's name, the least that a provider allows (S3)


class Version(StrEnum):
    """By the path that a configuration came on: `config`, `config/v2`, `config/v3`, `config/vX`."""

    PLAIN = "PLAIN"
    V2 = "V2"
    V3 = "V3"
    V4 = "V4"


ALL = frozenset(Version)
# What came with v3, and what came with vX. The plain one is a free object and knows everything.
SINCE_V3 = ALL - {Version.V2}
SINCE_V4 = frozenset({Version.PLAIN, Version.V4})
ONLY_V2 = frozenset({Version.PLAIN, Version.V2})


class Keys(Fields):
    """Keys outside `known` count as unknown. `ignored` collects those that change nothing."""

    def __init__(
        self, value: Any, steps: Steps, notes: Notes, what: str, known: Iterable[str], ignored: list[Ignored]
    ) -> None:
        super().__init__(value, steps, notes, what)
        self.what = what
        self.known = tuple(known)
        self.ignored = ignored

    def take(self, key: str) -> Any:
        return super().take(key) if key in self.known else None

    def has(self, key: str) -> bool:
        return key in self.known and super().has(key)

    def inner(self, key: str, what: str, known: Iterable[str]) -> "Keys | None":
        """The object under a key, or None if there is none or it is none, which is then noted."""
        value = self.take(key)
        if value is None:
            return None
        found = Keys(value, self.at(key), self.notes, what, known, self.ignored)
        return found if found.usable else None

    def flag(self, key: str, default: bool) -> bool:
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.notes.add(self.at(key), value, "true or false", "Write it without quotes.")
            return default
        return value

    def plain_text(self, key: str) -> str:
        """A text that may be empty; left out counts as empty."""
        value = self.take(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.notes.add(self.at(key), value, "a text", "Write it in quotes.")
            return ""
        return value

    def file_name(self, key: str, example: str) -> str:
        """The name of a file in the Lightly datasource; empty for none."""
        name = self.plain_text(key)
        if not name:
            return ""
        if len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME:
            self.notes.add(self.at(key), name, f"a name of at most {LONGEST_NAME} bytes", "Use a shorter name.")
        elif not name.isprintable() or "\\" in name or any(part in {"", ".", ".."} for part in name.split("/")):
            fix = f"Write it relative to the Lightly datasource, with / between folders, such as {example}."
            self.notes.add(self.at(key), name, "the name of a file below .lightly/", fix)
        else:
            return name
        return ""

    def without_meaning(self, keys: Iterable[str], reason: str) -> None:
        """Notes which of some keys are there, after they were checked."""
        for key in keys:
            if key in self.present:
                self.ignored.append(Ignored(".".join(map(str, self.at(key))), reason))

    @property
    def present(self) -> tuple[str, ...]:
        """Known keys that nobody took yet."""
        return tuple(key for key in self.known if self.has(key))

    def finish(self) -> None:
        """Notes every key that is left over."""
        self.refuse_rest(self.what, self.known)


def camel_case(value: Any, steps: Steps, notes: Notes) -> Any:
    """The same with keys such as `enable_training` spelled `enableTraining`, at all depths.

    The plain configuration is a free object, and documents show it in either spelling.
    """
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for key, each in value.items():
        first, *others = str(key).split("_")
        name = first + "".join(word.title() for word in others)
        if name in found:
            notes.add((*steps, str(key)), each, f"{name} only once", "Remove one of the two spellings.")
        found[name] = camel_case(each, (*steps, name), notes)
    return found
