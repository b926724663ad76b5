"""What the top of the health page shows: bars, and whether the machinery runs, in words; and the table's heads."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_noop, ngettext

from core.pulse import Sign
from core.queues import Queue
from core.words import duration_words
from datasources.models import DatasourceState
from monitoring.health import Filters, Summary, cause_words
from monitoring.machinery import Machinery, QueueLine

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


def bars(summary: Summary, state: DatasourceState) -> list[Bar]:
    """Why datasources are red or unknown, the most frequent cause first."""
    counted = summary.causes[state]
    shown, rest = counted[:MOST_BARS], sum(count for _, count in counted[MOST_BARS:])
    longest = max([count for _, count in shown] + [rest], default=1)
    found = [Bar(cause_words(cause), count, 100 * count / longest, cause) for cause, count in shown]
    return [*found, Bar(gettext("Other causes"), rest, 100 * rest / longest)] if rest else found


_HEADS = {
    "dataset": gettext_noop("Dataset"),
    "state": gettext_noop("State"),
    "provider": gettext_noop("Where"),
    "checked": gettext_noop("Checked"),
    "took": gettext_noop("Took"),
    "expires": gettext_noop("Expires"),
    "team": gettext_noop("Team"),
}


def columns(filters: Filters) -> list[Column]:
    """In the order in which the table shows them; the keys are those of health.SORTS."""
    direction = "descending" if filters.is_descending else "ascending"
    return [
        Column(
            gettext(label),
            next_sort=f"-{key}" if key == filters.sort else key,
            aria_sort=direction if key == filters.sorted_by else "",
            is_number=key == "took",
        )
        for key, label in _HEADS.items()
    ]


def cause_choices(summary: Summary, chosen: str) -> list[tuple[str, str]]:
    """Causes to filter by, with their labels: all there are now, and the chosen one."""
    causes = {cause for counted in summary.causes.values() for cause, _ in counted} | ({chosen} if chosen else set())
    return sorted(((cause, cause_words(cause)) for cause in causes), key=lambda choice: choice[1])


def machine_lines(found: Machinery, *, with_names: bool) -> list[Line]:
    return [
        _speaker(
            gettext("Worker"),
            found.worker,
            gettext("No check can start. Make sure that a worker runs."),
            with_names,
        ),
        _speaker(
            gettext("Scheduler"),
            found.scheduler,
            gettext("Scheduled checks do not run. Make sure that the scheduler runs."),
            with_names,
        ),
        _queue(found),
        *(_workers_of(line) for line in found.queues),
        _open_checks(found),
    ]


def _speaker(name: str, sign: Sign | None, if_silent: str, with_name: bool) -> Line:
    if sign is None:
        unseen = gettext("Not seen yet.")
        return Line(
            name,
            "denied",
            gettext("never seen"),
            f"{unseen} {if_silent}",
        )
    who = f" on {sign.who}" if sign.who and with_name else ""
    text = gettext("Last run %(age)s ago%(who)s.") % {
        "who": who,
        "age": duration_words(timedelta(seconds=sign.seconds)),
    }
    if sign.is_recent:
        return Line(name, "granted", gettext("alive"), text)
    return Line(name, "denied", gettext("silent"), f"{text} {if_silent}")


def _queue(found: Machinery) -> Line:
    if found.queue_length is None:
        text = gettext("Redis can't be reached. Checks wait in the database and start once it is back.")
        return Line(gettext("Queue"), "denied", gettext("out of reach"), text)
    count = found.queue_length
    text = ngettext("%(count)s message waits for a worker.", "%(count)s messages wait for a worker.", count) % {
        "count": number_format(count, force_grouping=True)
    }
    return Line(
        gettext("Queue"),
        "unknown" if count > LONG_QUEUE else "granted",
        gettext("long") if count > LONG_QUEUE else gettext("reachable"),
        text,
    )


_QUEUE_NAMES = {
    Queue.CHECKS: gettext_noop("Checks people wait for"),
    Queue.PATIENT: gettext_noop("Background work"),
    Queue.CONTENTS: gettext_noop("Contents"),
    Queue.RUNS: gettext_noop("Runs"),
}


def _workers_of(line: QueueLine) -> Line:
    """Whether what waits in this queue is taken."""
    name, waiting = gettext(_QUEUE_NAMES[line.queue]), line.waiting or 0
    messages = ngettext("%(count)s message waits.", "%(count)s messages wait.", waiting) % {
        "count": number_format(waiting, force_grouping=True)
    }
    if line.worker and line.worker.is_recent:
        return Line(name, "granted", gettext("served"), messages)
    how = gettext("No worker is running for this queue. Start one with make worker QUEUES=%(queue)s.") % {
        "queue": line.queue.value
    }
    return Line(name, "denied" if waiting else "unknown", gettext("not served"), f"{messages} {how}")


def _open_checks(found: Machinery) -> Line:
    if found.oldest_open is None:
        return Line(gettext("Open checks"), "granted", gettext("none"), gettext("No checks are waiting."))
    waits = timezone.now() - found.oldest_open
    text = gettext("%(queued)s queued, %(running)s running; the oldest is %(age)s old.") % {
        "queued": number_format(found.queued, force_grouping=True),
        "running": number_format(found.running, force_grouping=True),
        "age": duration_words(waits),
    }
    if found.undispatched:
        rest = gettext("%(undispatched)s not sent to the queue yet.") % {
            "undispatched": number_format(found.undispatched, force_grouping=True)
        }
        text = f"{text} {rest}"
    if waits > LONG_WAIT:
        return Line(gettext("Open checks"), "unknown", gettext("late"), text)
    return Line(gettext("Open checks"), "checking", gettext("under way"), text)
