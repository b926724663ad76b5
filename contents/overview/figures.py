"""The kept totals of an index as bars: what the pictures of the Contents tab show, and the tables behind them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.utils.formats import number_format
from django.utils.translation import gettext

from contents.index.totals import NONE, OTHERS, SIZE_ENDS, Table, Totals
from contents.models import FileKind

# So many bars a picture has; its table has all.
MOST_BARS = 10
MOST_MONTHS = 24
FEWEST_MONTHS = 12
COLUMN = 10
COLUMN_HEIGHT = 40


@dataclass(frozen=True)
class Bar:
    """`width`: of a hundred. `share`: in words."""

    label: str
    files: int
    bytes: int
    width: float
    share: str


@dataclass(frozen=True)
class Column:
    """A rectangle of a picture that is COLUMN_HEIGHT high."""

    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Chart:
    """`bars` are those of the picture, `rows` all. `columns` stand for bars where time passes from left to right."""

    key: str
    title: str
    head: str  # of the table's first column
    bars: list[Bar]
    rows: list[Bar]
    columns: list[Column]
    ends: tuple[str, str] = ("", "")  # what stands below the first and the last column

    @property
    def hidden(self) -> int:
        return len(self.rows) - len(self.bars)

    @property
    def width(self) -> int:
        """Of the picture with columns."""
        return COLUMN * len(self.columns)


Labelled = list[tuple[str, list[int]]]


def charts(totals: Totals) -> list[Chart]:
    """Those that have anything to show."""
    made = [
        chart("kinds", gettext("By kind"), gettext("Kind"), named(totals.kinds, kind_name), totals.files),
        chart("extensions", gettext("By extension"), gettext("Extension"), ranked(totals.extensions), totals.files),
        chart("folders", gettext("By top folder"), gettext("Folder"), ranked(totals.folders), totals.files),
        chart("sizes", gettext("By size"), gettext("Size"), named(totals.sizes, size_name), totals.files, most=100),
        _months(totals),
        _growth(totals),
        chart("classes", gettext("By storage class"), gettext("Storage class"), _classes(totals), totals.files),
    ]
    return [each for each in made if each.rows]


def kind_name(number: str) -> str:
    return str(FileKind(int(number)).label)


def size_name(number: str) -> str:
    """Of the class with this number, see SIZE_ENDS."""
    place = int(number)
    if place == 0:
        return gettext("empty")
    if place == len(SIZE_ENDS):
        return gettext("from %(size)s") % {"size": _short(SIZE_ENDS[-1])}
    if place == 1:
        return gettext("under %(size)s") % {"size": _short(SIZE_ENDS[1])}
    return gettext("%(low)s to %(high)s") % {"low": _short(SIZE_ENDS[place - 1]), "high": _short(SIZE_ENDS[place])}


def _short(size: int) -> str:
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} B"


def size_words(size: int) -> str:
    """With a unit that clouds use too: 1 kB are 1,000 bytes."""
    for unit, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{number_format(round(size / unit, 1), 1)} {name}"
    return f"{size} B"


def named(table: Table, name: Callable[[str], str]) -> Labelled:
    """Of a table whose labels are numbers: in their order."""
    return [(name(label), table[label]) for label in sorted(table, key=int)]


def ranked(table: Table) -> Labelled:
    """Those with the most files first; what is not kept apart comes last."""
    rows = sorted(table.items(), key=lambda row: (row[0] == OTHERS, -row[1][0], row[0]))
    names = {OTHERS: gettext("all others"), NONE: gettext("none"), "/": gettext("at the root")}
    return [(names.get(label, label), pair) for label, pair in rows]


def _classes(totals: Totals) -> Labelled:
    """Only where there are others beside the usual one."""
    if not totals.classes:
        return []
    files = totals.files - sum(pair[0] for pair in totals.classes.values())
    size = totals.bytes - sum(pair[1] for pair in totals.classes.values())
    usual = [(gettext("standard"), [files, size])] if files else []
    return usual + ranked(totals.classes)


def chart(key: str, title: str, head: str, rows: Labelled, files: int, *, most: int = MOST_BARS) -> Chart:
    """Of so many files in all. `head`: of the table's first column."""
    largest = max((pair[0] for _, pair in rows), default=0)
    bars = [_bar(label, pair, largest, files) for label, pair in rows]
    return Chart(key, title, head, bars[:most], bars, [])


def _bar(label: str, pair: Sequence[int], largest: int, files: int) -> Bar:
    percent = 100 * pair[0] / files if files else 0
    share = gettext("under 1 %") if 0 < percent < 1 else gettext("%(percent)s %%") % {"percent": round(percent)}
    # What is there is seen.
    width = max(0.5, round(100 * pair[0] / largest, 1)) if largest and pair[0] else 0
    return Bar(label, pair[0], pair[1], width, share)


def _months(totals: Totals) -> Chart:
    """How many files were last written in which month."""
    title = gettext("By month of the last write")
    return _by_month("months", title, _tables_of_months(totals), totals.files, empty_is_gap=True)


def _growth(totals: Totals) -> Chart:
    """How many of the files of today were there at the end of each month. What was deleted or replaced is not seen."""
    added: Table = {}
    files = size = 0
    for label, pair in _tables_of_months(totals).items():
        files, size = files + pair[0], size + pair[1]
        added[label] = [files, size]
    return _by_month("growth", gettext("Growth: today's files, by the end of each month"), added, totals.files)


def _tables_of_months(totals: Totals) -> Table:
    """From the oldest month to the newest, without the total of those that are not kept apart."""
    return {label: totals.months[label] for label in sorted(totals.months) if label != OTHERS}


def _by_month(key: str, title: str, months: Table, files: int, *, empty_is_gap: bool = False) -> Chart:
    """The newest months, from left to right. Those without files stand between them, as gaps or as high as before."""
    rows: Labelled = list(months.items())[::-1]
    made = chart(key, title, gettext("Month"), rows, files, most=1200)
    labels = list(months)
    shown = _months_up_to(labels[-1], labels[0]) if labels else []
    heights: list[int] = []
    for label in shown:
        before = 0 if empty_is_gap else (heights[-1] if heights else _before(months, label))
        heights.append(months.get(label, [before])[0])
    largest = max(heights, default=0)
    columns = []
    for place, count in enumerate(heights):
        height = max(1.0, round(COLUMN_HEIGHT * count / largest, 1)) if count else 0
        columns.append(Column(COLUMN * place, COLUMN_HEIGHT - height, height))
    bars = [bar for bar in made.rows if bar.label in set(shown)]
    ends = (shown[0], shown[-1]) if shown else ("", "")
    return replace(made, bars=bars, columns=columns, ends=ends)


def _before(months: Table, label: str) -> int:
    """The files of the newest month before this one."""
    return next((pair[0] for month, pair in reversed(months.items()) if month < label), 0)


def _months_up_to(last: str, first: str) -> list[str]:
    """FEWEST_MONTHS to MOST_MONTHS months in a row up to this one; beyond the fewest, none before `first`."""
    year, month = (int(part) for part in last.split("-"))
    found: list[str] = []
    while len(found) < MOST_MONTHS:
        label = f"{year:04}-{month:02}"
        if len(found) >= FEWEST_MONTHS and label < first:
            break
        found.append(label)
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found[::-1]
