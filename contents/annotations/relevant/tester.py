"""Tells what each line of a relevant filenames file matches, and why not. The rule itself is that of the listings.

Every name of the datasource is looked at once, and once more where lines match nothing. Memory grows with the lines of
the file, not with the names.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from contents.annotations.findings import Notes, Position, shown
from contents.annotations.relevant import rules
from contents.annotations.relevant.meant import Meant
from contents.annotations.report import MOST_LISTED, Report
from contents.annotations.summaries import Categories
from contents.listing.folder import LIGHTLY_FOLDER
from contents.listing.relevant_filenames import MOST_EXCLUDING, RelevantFilenamesError, Rule, lines_of, parse_line

MOST_LINES = 1_000_000


@dataclass(slots=True)
class Line:
    """`parsed` is None where the line is no name and no pattern; `problem` says why.

    `matches`: files; `new`: those that no earlier line matches; `within`: those that begin like a rule, before its
    exclusions.
    """

    number: int
    text: str
    parsed: Rule | str | None = None
    problem: str = ""
    matches: int = 0
    new: int = 0
    within: int = 0
    repeated: bool = False


@dataclass(slots=True)
class Outcome:
    """`relevant` of `files` are relevant; by top folder (empty for files in none) the same two numbers."""

    path: str
    lines: list[Line] = field(default_factory=list)
    files: int = 0
    relevant: int = 0
    folders: Categories = field(default_factory=Categories)
    relevant_folders: Categories = field(default_factory=Categories)
    report: Report = field(default_factory=Report)
    corrected: bytes = b""


def check_relevant_filenames(
    content: bytes, names: Callable[[], Iterable[str]], media: frozenset[str], path: str = ""
) -> Outcome:
    """`names` gives all samples of the Input datasource, each time it is called. `media`: the dataset's extensions.

    `path` is where the file lies in the Lightly datasource; empty if it was pasted.
    """
    tested = Outcome(path)
    notes = Notes(path or "relevant filenames", most=MOST_LISTED)
    try:
        texts = lines_of(content)
    except RelevantFilenamesError:
        notes.add(rules.NOT_TEXT, expected="UTF-8")
        tested.report.add_findings(notes)
        return tested
    tested.lines = [_line(number, text) for number, text in enumerate(texts, start=1) if text.strip()]
    _count(tested, names())
    meant = Meant([line for line in tested.lines if not (line.matches or line.repeated)])
    if meant:
        meant.look(names())
    _note_file(tested, content, len(texts), notes)
    for line in tested.lines:
        _note_line(line, meant.of(line.number), media, notes)
    tested.report.files = tested.report.read = 1
    tested.report.add_findings(notes)
    tested.corrected = _corrected(tested.lines, meant)
    return tested


def _line(number: int, text: str) -> Line:
    line = Line(number, text)
    try:
        line.parsed = parse_line(text, number)
    except RelevantFilenamesError as error:
        line.problem = str(error).partition(": ")[2]
    return line


def _count(tested: Outcome, names: Iterable[str]) -> None:
    exact: dict[str, Line] = {}
    by_prefix: dict[str, list[Line]] = {}
    seen: set[str] = set()
    for line in tested.lines:
        text = line.text.strip()
        line.repeated = text in seen
        seen.add(text)
        if line.repeated:
            continue
        if isinstance(line.parsed, Rule):
            by_prefix.setdefault(line.parsed.prefix, []).append(line)
        elif line.parsed is not None:
            exact[line.parsed] = line
    lengths = sorted({len(prefix) for prefix in by_prefix})
    for name in names:
        tested.files += 1
        folder = name.partition("/")[0] if "/" in name else ""
        tested.folders.add(folder)
        hits = [exact[name]] if name in exact else []
        for length in lengths:
            for line in by_prefix.get(name[:length], ()):
                line.within += 1
                if isinstance(line.parsed, Rule) and line.parsed.covers(name):
                    hits.append(line)
        if hits:
            tested.relevant += 1
            tested.relevant_folders.add(folder)
            min(hits, key=lambda line: line.number).new += 1
            for line in hits:
                line.matches += 1
    tested.folders.settle()
    tested.relevant_folders.settle()


def _note_file(tested: Outcome, content: bytes, lines: int, notes: Notes) -> None:
    first = Position(1, 1)
    if tested.path and not tested.path.startswith(LIGHTLY_FOLDER):
        notes.add(rules.PLACE, found=shown(tested.path), expected=f"{LIGHTLY_FOLDER}…")
    if content.startswith(b"\xef\xbb\xbf"):
        notes.add(rules.BOM, found="EF BB BF", position=first)
    returns = content.count(b"\r")
    if returns:
        notes.add(rules.LINE_ENDS, found=f"{returns} lines", position=first)
    if lines > MOST_LINES:
        notes.add(rules.TOO_MANY, found=f"{lines:,} lines", expected=f"at most {MOST_LINES:,}")
    excluding = sum(isinstance(line.parsed, Rule) and bool(line.parsed.patterns) for line in tested.lines)
    if excluding > MOST_EXCLUDING:
        notes.add(rules.MANY_EXCLUSIONS, found=f"{excluding:,} lines", expected=f"at most {MOST_EXCLUDING:,}")
    if not tested.lines:
        notes.add(rules.EMPTY, position=first)


def _note_line(line: Line, meant: str, media: frozenset[str], notes: Notes) -> None:
    position, found = Position(line.number, 1), shown(line.text.strip())
    fix = f"Is {shown(meant)} meant?" if meant else ""
    if line.text != line.text.strip():
        notes.add(rules.BLANK, found=shown(line.text), position=position)
    if line.repeated:
        notes.add(rules.COVERED, found=found, position=position)
        return
    if line.parsed is None:
        notes.add(rules.LINE, found=found, expected=line.problem, fix=fix, position=position)
    elif isinstance(line.parsed, Rule):
        excluded = line.parsed.excluded is not None
        if excluded and line.within and not line.matches:
            notes.add(rules.EXCLUDES_ALL, found=f"{found}: {line.within} files", position=position)
        elif not line.matches:
            notes.add(rules.NOTHING, found=found, fix=fix, position=position)
        elif excluded and line.matches == line.within:
            notes.add(rules.EXCLUDES_NOTHING, found=f"{found}: {line.within} files", position=position)
    elif line.parsed.rpartition(".")[2].lower() not in media:
        expected = ", ".join(sorted(media))
        notes.add(rules.EXTENSION, found=found, expected=expected, fix=fix, position=position)
    elif not line.matches:
        notes.add(rules.NOTHING, found=found, fix=fix, position=position)
    if line.matches and not line.new:
        notes.add(rules.COVERED, found=found, position=position)


def _corrected(lines: list[Line], meant: Meant) -> bytes:
    """The file with what is certain: no repetitions and no blanks around names, and names that differ from those of a
    single file only in how they are written are written as that file's. Lines that are no names and no patterns are
    left out, because a file with them is refused as a whole.
    """
    written: dict[str, None] = {}
    for line in lines:
        text = meant.certain(line.number) or line.text.strip()
        if _line(line.number, text).parsed is not None:
            written[text] = None
    return "".join(f"{text}\n" for text in written).encode("utf-8")
