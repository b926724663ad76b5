"""What each problem of a listing means for a run, and what to do about it."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

from contents.models import InsideProblem, Problem, Topic
from contents.problems.explained import Explained, Severity
from contents.problems.inside_words import INSIDE

PROBLEMS = {
    Problem.ZERO_BYTES: Explained(
        "zero-bytes",
        Severity.ERROR,
        gettext_noop("The file has no content, mostly because an upload broke off. A run drops it as corrupt."),
        gettext_noop("Upload it again, or delete it."),
    ),
    Problem.TINY: Explained(
        "tiny",
        Severity.WARNING,
        gettext_noop("No image or video fits into less than 100 bytes. Often it is a placeholder or a broken upload."),
        gettext_noop("Look into one of them, then upload them again or delete them."),
    ),
    Problem.HUGE: Explained(
        "huge",
        Severity.WARNING,
        gettext_noop("Images over 100 MB and videos over 50 GB take very long to read, and may not fit into memory."),
        gettext_noop("Scale images down, or cut videos into parts: ffmpeg -i in.mp4 -c copy -f segment out%03d.mp4"),
    ),
    Problem.UNSUPPORTED: Explained(
        "unsupported",
        Severity.WARNING,
        gettext_noop("Lightly does not read files of this type, and leaves them out without a word."),
        gettext_noop("Convert them if they are samples. The overview says how, for each extension."),
    ),
    Problem.NO_EXTENSION: Explained(
        "no-extension",
        Severity.WARNING,
        gettext_noop("Lightly chooses files by their extension, so a file without one is left out."),
        gettext_noop("Rename them if they are samples, for example to .jpg."),
    ),
    Problem.UPPER_CASE: Explained(
        "upper-case-extension",
        Severity.HINT,
        gettext_noop("Lightly reads such files. Other tools may not, and predictions must name them exactly so."),
        gettext_noop("Nothing has to be done. Take care that predictions and metadata use the same spelling."),
    ),
    Problem.HIDDEN: Explained(
        "hidden",
        Severity.WARNING,
        gettext_noop("Leftovers of other programs (._x, .DS_Store, x~). Those named like images count as corrupt."),
        gettext_noop("Delete them. Copy from a Mac with COPYFILE_DISABLE=1 so that no ._ files come along."),
    ),
    Problem.CONTROL: Explained(
        "invisible-characters",
        Severity.ERROR,
        gettext_noop("The name holds line breaks or characters that can't be seen or that turn the text around."),
        gettext_noop("Rename the file. In lists of file names, each line is one name, so it can't be named there."),
    ),
    Problem.PATH: Explained(
        "no-path",
        Severity.ERROR,
        gettext_noop("The name has an empty part, or . or .. as one (//, ./, ../, / at an end). Listings skip it."),
        gettext_noop("Rename the file. Programs that join paths wrongly make such names: look at what uploaded it."),
    ),
    Problem.BLANK: Explained(
        "blank",
        Severity.WARNING,
        gettext_noop("The name or a folder in it begins or ends with a blank, which gets lost in copying and typing."),
        gettext_noop("Rename the file without it."),
    ),
    Problem.LONG: Explained(
        "long",
        Severity.ERROR,
        gettext_noop("The name has more than 1,024 bytes. Most clouds and tools don't take it; here it is shortened."),
        gettext_noop("Give the file a shorter name, or move it up some folders."),
    ),
    Problem.NOT_NFC: Explained(
        "decomposed",
        Severity.WARNING,
        gettext_noop("Letters with accents are stored in two pieces, as on Macs. Typed elsewhere, the name differs."),
        gettext_noop("Rename the files to NFC before you upload them, for example with convmv -f utf8 -t utf8 --nfc."),
    ),
    Problem.TWIN: Explained(
        "twins",
        Severity.WARNING,
        gettext_noop("Names that differ only in capitals or in how accents are stored. On many disks they are one."),
        gettext_noop("Keep one of each, or give them names that differ."),
    ),
    Problem.SAME_CONTENT: Explained(
        "same-content",
        Severity.HINT,
        gettext_noop("The cloud tells the same digest and size for these files: they are copies of each other."),
        gettext_noop("Keep one of each, so that a selection does not count it twice."),
    ),
    Problem.ARCHIVED: Explained(
        "archived",
        Severity.ERROR,
        gettext_noop("The file is in an archive class and can't be read before it is restored, which may take hours."),
        gettext_noop("Restore it, and change the lifecycle rule that moves files there."),
    ),
}

TOPICS = {Topic.NEW: "new", Topic.CHANGED: "changed", Topic.GONE: "gone"}
AnyProblem = Problem | InsideProblem
EXPLAINED: dict[AnyProblem, Explained] = dict([*PROBLEMS.items(), *INSIDE.items()])
BY_SLUG: dict[str, AnyProblem | Topic] = {
    **{explained.slug: problem for problem, explained in EXPLAINED.items()},
    **{slug: topic for topic, slug in TOPICS.items()},
}


def label_of(what: AnyProblem | Topic) -> str:
    if isinstance(what, Problem | InsideProblem):
        return str(what.label)
    words = {
        Topic.NEW: gettext("New files"),
        Topic.CHANGED: gettext("Changed files"),
        Topic.GONE: gettext("Files that are gone"),
    }
    return words[what]
