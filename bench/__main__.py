"""`make bench`: how fast we are, as ratios between two ways measured side by side in one run.

Ratios travel between machines; milliseconds don't. Nothing here passes or fails, but a page that does not come ends it.
`make bench QUICK=1` measures little, and shows that everything still runs.
"""

import argparse
import os

import tests.plugin  # noqa: F401 - a throw-away data directory, before Django reads its settings
from bench import admin, annotations, contents, home, indexing, large, media, probing, runs, selection
from bench.measuring import FULL, QUICK

MEASUREMENTS = (
    probing.against_one_by_one,
    probing.session_reuse,
    probing.silent_server,
    home.growth,
    admin.growth,
    annotations.against_parsing,
    indexing.against_bare_list,
    indexing.against_bare_list_on_postgres,
    indexing.memory,
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
    large.memory,
    # Last, for they take memory, which a process counts as the peak of those that it starts.
    media.thumbnails,
    media.exact_frame,
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description="Measures speed.")
    parser.add_argument("--quick", action="store_true", help="measure little: shows that the bench runs")
    effort = QUICK if parser.parse_args().quick else FULL
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    print(f"{'what':<58}{'ours':>10}{'other':>10}{'ratio':>8}   other")
    for measure in MEASUREMENTS:
        found = measure(effort)
        print(
            f"{found.what:<58}{found.ours:>7.0f} ms{found.other:>7.0f} ms{found.ratio:>7.1f}x   {found.other_name}",
            flush=True,
        )


if __name__ == "__main__":
    main()
