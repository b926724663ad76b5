"""`make profile`: where the time goes, as pages with flame graphs in var/profiles, one for each of the main actions.

Each action has a process of its own, because settings are read once. So has the storage.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from pyinstrument import Profiler

import tests.plugin  # noqa: F401 - a throw-away data directory, before Django reads its settings

FOLDER = Path("var/profiles")
INTERVAL_SECONDS = 0.002
DATASETS, NAMES, TIMES = 1_000, 50_000, 20

Work = Callable[[], object]
Prepared = contextlib.AbstractContextManager[Work]


@contextlib.contextmanager
def check() -> Iterator[Work]:
    """Four permissions at a storage that answers at once: what is left is ours and the SDK's."""
    from bench import probing
    from clouds.permissions import ALL

    with probing.place("S3", latency=0) as place:
        place.probe(ALL)
        yield lambda: [place.probe(ALL) for _ in range(TIMES)]


@contextlib.contextmanager
def home() -> Iterator[Work]:
    from bench.pages import installation

    installation.prepare()
    from teams.services import create_user
    from tests.dashboard.test_queries import make_datasets

    user = create_user(email="home@example.com")
    make_datasets(user, DATASETS)
    client = installation.signed_in(user.email)
    installation.get(client, "/")

    def pages() -> None:
        for _ in range(TIMES):
            installation.get(client, "/")

    yield pages


@contextlib.contextmanager
def listing() -> Iterator[Work]:
    """Pages of the REST API with signed URLs."""
    from bench import indexing
    from bench.pages import installation

    with indexing.bucket(NAMES) as port:
        os.environ |= indexing.environment(port)
        installation.prepare()
        from django.test import Client

        from teams.services import create_token

        source = indexing.datasource("listing")
        token, client = create_token(user=source.dataset.owner, name="bench"), Client()

        def pages() -> None:
            asked = {"token": token}
            for _ in range(TIMES):
                answer = client.get(f"/v1/datasets/{source.dataset_id}/datasource/list", asked)
                assert answer.status_code == 200, answer.content
                asked["cursor"] = answer.json()["cursor"]

        yield pages


@contextlib.contextmanager
def index() -> Iterator[Work]:
    from bench import indexing
    from bench.pages import installation

    with indexing.bucket(NAMES) as port:
        os.environ |= indexing.environment(port)
        installation.prepare()
        source = indexing.datasource("index")
        yield lambda: indexing.build(source)


@contextlib.contextmanager
def selection() -> Iterator[Work]:
    from bench import selection as measured
    from bench.measuring import QUICK

    yield lambda: (measured.diversity(QUICK), measured.balance(QUICK))


ACTIONS: dict[str, Callable[[], Prepared]] = {
    "check": check,
    "home": home,
    "list": listing,
    "index": index,
    "selection": selection,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="profiles", description="Writes flame graphs.")
    parser.add_argument("--only", choices=sorted(ACTIONS), help="just this one")
    only = parser.parse_args().only
    if only is None:
        for name in ACTIONS:
            subprocess.run([sys.executable, "-m", "bench.profiles", "--only", name], check=True)
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"{only:<10} {_written(only, ACTIONS[only])}")


def _written(name: str, prepared: Callable[[], Prepared]) -> Path:
    with prepared() as work:
        profiler = Profiler(interval=INTERVAL_SECONDS)
        with profiler:
            work()
    path = FOLDER / f"{name}.html"
    path.write_text(profiler.output_html(), encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
