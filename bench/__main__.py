"""`make bench`: how fast we are, as ratios between two ways measured side by side in one run.

Ratios travel between machines; milliseconds don't. A goal that is missed ends nothing: the table says so. What can't be
measured says why in its line; with QUICK=1, which shows that everything still runs, the exit status is 1 then.
`--only WORD` measures what has the word in its name, such as `probing` or `workers.ratio`.
"""

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator

import django

import tests.plugin  # noqa: F401 - a throw-away data directory, before Django reads its settings
from bench import annotations, indexing, listing, media, probing, runs, selection, starting, throughput, workers
from bench.measuring import FULL, QUICK, USUAL, Effort, Measured
from bench.pages import admin, contents, home, lists, polls


def large_memory(effort: Effort) -> Measured:
    """The module loads models, so Django comes first."""
    django.setup()
    from bench import large

    return large.memory(effort)


MEASUREMENTS: tuple[Callable[[Effort], Measured | Iterator[Measured]], ...] = (
    probing.verdicts,
    probing.silent_server,
    home.against_empty,
    home.growth,
    polls.unchanged,
    polls.crowd,
    lists.health,
    lists.inbox,
    lists.history,
    admin.growth,
    annotations.against_parsing,
    indexing.against_bare_list,
    indexing.against_bare_list_on_postgres,
    indexing.memory,
    listing.through_the_client,
    contents.overview,
    contents.problem,
    contents.search,
    contents.gallery,
    contents.against_empty,
    contents.sizes,
    contents.folders,
    selection.balance,
    selection.diversity,
    selection.memory,
    runs.embedding,
    runs.reading,
    workers.ratio,
    throughput.checks,
    starting.seconds,
    starting.memory,
    large_memory,
    # Last, for they take memory, which a process counts as the peak of those that it starts.
    media.thumbnails,
    media.exact_frame,
)


def main() -> None:
    arguments = _arguments()
    effort = QUICK if arguments.quick else FULL if arguments.full else USUAL
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    began = time.monotonic()
    failed = _measure(effort, arguments.only)
    print(f"{time.monotonic() - began:.0f} s; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    sys.exit(1 if failed and arguments.quick else 0)


def _measure(effort: Effort, only: str) -> bool:
    """Prints the table. Whether anything could not be measured."""
    print(f"{'what':<56}{'ours':>12}{'floor':>12}{'naive':>12}{'ratio':>7}{'goal':>9} {'met':<4}{'took':>6}  floor is")
    failed = False
    for measure in MEASUREMENTS:
        name = f"{measure.__module__.rpartition('.')[2]}.{measure.__name__}"
        if only not in name:
            continue
        started = time.monotonic()
        try:
            found = measure(effort)
            for each in [found] if isinstance(found, Measured) else found:
                print(_line(each, time.monotonic() - started), flush=True)
                started = time.monotonic()
        except Exception as error:  # noqa: BLE001 - whatever it is, the others are measured all the same
            failed = True
            reason = f"{type(error).__name__}: {str(error)[:200]}".replace("\n", " ")
            print(f"{name:<56}can't be measured: {reason}", flush=True)
            traceback.print_exc(limit=-3)
    return failed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="Measures speed.")
    parser.add_argument("--quick", action="store_true", help="measure little: shows that the bench runs")
    parser.add_argument("--full", action="store_true", help="measure what takes long in the size that the goals name")
    parser.add_argument("--only", default="", metavar="WORD", help="measure what has this word in its name")
    return parser.parse_args()


def _line(found: Measured, seconds: float) -> str:
    unit = found.unit
    naive = "-" if found.naive is None else f"{_figure(found.naive)} {unit}"
    goal = str(found.goal) if found.goal else "-"
    line = f"{found.what:<56}{_figure(found.ours) + ' ' + unit:>12}{_figure(found.floor) + ' ' + unit:>12}{naive:>12}"
    line += f"{found.ratio:>6.2f}x{goal:>9} {found.verdict:<4}{seconds:>5.0f}s  {found.floor_name}"
    return f"{line}. {found.note}" if found.note else line


def _figure(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}"


if __name__ == "__main__":
    main()
