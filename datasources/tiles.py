"""What the top of the health page shows: tiles, bars, and whether the machinery runs, in words."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from datasources.health import Filters, Light, Machinery, Overview, cause_words
from datasources.pulse import Sign

MOST_BARS = 6
# A check that waits longer than this is worth a look; see bulbs.NO_WORKER_AFTER for the page of one dataset.
LONG_WAIT = timedelta(minutes=1)
LONG_QUEUE = 500


@dataclass(frozen=True)
class Bar:
    label: str
    count: int
    percent: float  # of the longest bar
    cause: str = ""  # to filter by; "" for what is left over


@dataclass(frozen=True)
class Column:
    """A head of the table. Its link sorts by it, or the other way round if that is so already."""

    label: str
    next_sort: str
    aria_sort: str  # "" if the table is sorted by another one
    is_number: bool


@dataclass(frozen=True)
class Line:
    """One part of the machinery. `look` is a state of the style sheets, `word` says the same."""

    name: str
    look: str
    word: str
    text: str


def bars(overview: Overview, light: Light) -> list[Bar]:
    """Why datasources are red or unknown, the most frequent cause first."""
    counted = overview.causes[light]
    shown, rest = counted[:MOST_BARS], sum(count for _, count in counted[MOST_BARS:])
    longest = max([count for _, count in shown] + [rest], default=1)
    found = [Bar(cause_words(cause), count, 100 * count / longest, cause) for cause, count in shown]
    return [*found, Bar("Other causes", rest, 100 * rest / longest)] if rest else found


_HEADS = {
    "dataset": "Dataset",
    "state": "State",
    "provider": "Where",
    "checked": "Checked",
    "took": "Took",
    "expires": "Expires",
    "team": "Team",
}


def columns(filters: Filters) -> list[Column]:
    """In the order in which the table shows them; the keys are those of health.SORTS."""
    direction = "descending" if filters.is_descending else "ascending"
    return [
        Column(
            label,
            next_sort=f"-{key}" if key == filters.sort else key,
            aria_sort=direction if key == filters.sorted_by else "",
            is_number=key == "took",
        )
        for key, label in _HEADS.items()
    ]


def cause_choices(overview: Overview, chosen: str) -> list[tuple[str, str]]:
    """Causes to filter by, with their labels: all there are now, and the chosen one."""
    causes = {cause for counted in overview.causes.values() for cause, _ in counted} | ({chosen} if chosen else set())
    return sorted(((cause, cause_words(cause)) for cause in causes), key=lambda choice: choice[1])


def machine_lines(found: Machinery, *, with_names: bool) -> list[Line]:
    return [
        _speaker("Worker", found.worker, "did something", "No check starts; see that a worker runs.", with_names),
        _speaker(
            "Scheduler", found.scheduler, "sent a sweep", "Nothing is re-checked; see that beat runs.", with_names
        ),
        _queue(found),
        _open_checks(found),
    ]


def _speaker(name: str, sign: Sign | None, did: str, if_silent: str, with_name: bool) -> Line:
    if sign is None:
        return Line(name, "denied", "never seen", f"None has been seen yet. {if_silent}")
    who = f" on {sign.who}" if sign.who and with_name else ""
    text = f"It last {did}{who} {age_words(sign.seconds)} ago."
    if sign.is_recent:
        return Line(name, "granted", "alive", text)
    return Line(name, "denied", "silent", f"{text} {if_silent}")


def _queue(found: Machinery) -> Line:
    if found.queue_length is None:
        text = "Redis can't be reached. Checks wait in the database and start once it is back."
        return Line("Queue", "denied", "out of reach", text)
    count = found.queue_length
    text = f"{count} message{'' if count == 1 else 's'} wait{'s' if count == 1 else ''} for a worker."
    return Line(
        "Queue", "unknown" if count > LONG_QUEUE else "granted", "long" if count > LONG_QUEUE else "reachable", text
    )


def _open_checks(found: Machinery) -> Line:
    if found.oldest_open is None:
        return Line("Open checks", "granted", "none", "Every check that was asked for is done.")
    waits = timezone.now() - found.oldest_open
    text = f"{found.queued} queued, {found.running} running; the oldest is {age_words(waits.total_seconds())} old."
    if found.undispatched:
        text += f" {found.undispatched} not handed to the queue yet."
    if waits > LONG_WAIT:
        return Line("Open checks", "unknown", "late", text)
    return Line("Open checks", "checking", "under way", text)


def age_words(seconds: float) -> str:
    """A duration in its largest sensible unit."""
    for unit, size, until in (("s", 1, 100), ("min", 60, 5400), ("h", 3600, 172_800)):
        if seconds < until:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} days"
