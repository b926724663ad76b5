"""The folders of a datasource that are listed, and which of their files count. Pure."""

from dataclasses import dataclass

from clouds import Entry
from contents.listing import shards
from contents.listing.relevant_filenames import Names, RelevantFilenames, Sidecars, is_clean

IMAGES = frozenset({"png", "jpg", "jpeg", "bmp", "gif", "tiff", "tif", "webp", "ppm", "pgm"})
VIDEOS = frozenset({"mov", "mp4", "avi", "m4v", "hevc", "mpg", "mpeg", "webm"})
LIGHTLY_FOLDER = ".lightly/"
PREDICTIONS_FOLDER = ".lightly/predictions/"
METADATA_FOLDER = ".lightly/metadata/"
EMBEDDINGS_FOLDER = ".lightly/embeddings/"


@dataclass(frozen=True)
class Folder:
    """One folder of a datasource. All names are relative to it, but `path`, which leads to it from the root.

    `start` and `end` are Unix seconds, both included.
    """

    path: str
    extensions: frozenset[str]
    hidden: str = ""  # a folder in it that nobody sees
    ignored: str = ""  # a file in it that does not count
    names: Names | None = None  # None: all
    start: int | None = None
    end: int | None = None

    def counts(self, entry: Entry) -> bool:
        name = entry.key
        if entry.directory:
            return False
        if self.start is not None and entry.modified < self.start:
            return False
        if self.end is not None and entry.modified > self.end:
            return False
        _stem, dot, extension = name.rpartition(".")
        return (
            bool(dot)
            and extension.lower() in self.extensions
            and name != self.ignored
            and not self.hides(name)
            and is_clean(name)
            and (self.names is None or self.names.covers(name))
        )

    def hides(self, name: str) -> bool:
        return bool(self.hidden) and name.startswith(self.hidden)

    def next_start(self, after: str) -> str | None:
        """The name after which to go on: `after`, or a later one if nothing that counts lies between; None: nowhere."""
        if self.hides(after):
            after = shards.successor(self.hidden)
        if self.names:
            start = self.names.next_start(after)
            if start is None:
                return None
            if start > after:
                after = max(after, shards.predecessor(start))
        return after


def samples_folder(
    media: frozenset[str], relevant: RelevantFilenames | None = None, start: int | None = None, end: int | None = None
) -> Folder:
    """The whole datasource without what Lightly keeps in it. `media` is IMAGES or VIDEOS."""
    return Folder("", media, hidden=LIGHTLY_FOLDER, names=relevant, start=start, end=end)


def sidecars_folder(
    path: str,
    media: frozenset[str],
    relevant: RelevantFilenames | None = None,
    start: int | None = None,
    end: int | None = None,
) -> Folder:
    """A folder with a JSON file for each of some samples, beside the one that describes them all."""
    names = Sidecars(relevant, media) if relevant else None
    return Folder(path, frozenset({"json"}), ignored="schema.json", names=names, start=start, end=end)
