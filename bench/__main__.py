"""`make bench`: how fast we are, as ratios between two ways measured side by side in one run.

Ratios travel between machines; milliseconds don't. Nothing here passes or fails.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable

import tests.plugin  # noqa: F401 - a throw-away data directory, before Django reads its settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")

Measured = tuple[str, float, str, float]


def median_ms(action: Callable[[], object], times: int) -> float:
    durations = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        durations.append((time.perf_counter() - started) * 1000)
    return statistics.median(durations)


def main() -> None:
    from bench import admin, home, probing

    print(f"{'what':<58}{'ours':>10}{'other':>10}{'ratio':>8}   other")
    probes = [probing.against_one_by_one, probing.session_reuse, probing.silent_server]
    for measure in [*probes, home.growth, admin.growth]:
        what, ours, other_name, other = measure()
        print(f"{what:<58}{ours:>7.0f} ms{other:>7.0f} ms{other / ours:>7.1f}x   {other_name}")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
