"""An index against a bare loop that lists the same bucket and keeps nothing, and the memory both take.

Each measurement is a process of its own, whose peak of memory is its own. The bucket is bench/bucket.py, a process too,
so what is measured is this platform: the SDK that reads the pages, the walk, the rows, the database.
"""

import contextlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from bench.measuring import Effort, Measured, at_most

if TYPE_CHECKING:
    from datasources.models import Datasource

# An argument by which tests.plugin starts a server for the process.
ON_POSTGRES = "--postgres"


def against_bare_list(effort: Effort) -> Measured:
    return _against_bare_list(effort)


def against_bare_list_on_postgres(effort: Effort) -> Measured:
    return _against_bare_list(effort, ON_POSTGRES)


def _against_bare_list(effort: Effort, *options: str) -> Measured:
    """One of each, because each takes long."""
    count = effort.names
    with bucket(count) as port:
        bare, index = run("bare", port), run("index", port, *options)
    assert bare["files"] == index["files"] == count
    what, goal = f"index of {count:,} names, {index['database']}", at_most(1 / 0.6)
    return Measured(what, index["seconds"], bare["seconds"], "bare list loop", goal, unit="s")


def memory(effort: Effort) -> Measured:
    """Peaks of resident memory."""
    full, part = effort.names, effort.names // 10
    with bucket(full) as port:
        large = run("index", port)
    with bucket(part) as port:
        small = run("index", port)
    what, goal = f"memory of an index of {full:,} names", at_most(1.2)
    return Measured(what, large["megabytes"], small["megabytes"], f"{part:,} names", goal, unit="MB")


def run(what: str, port: int, *options: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.indexing", what, str(port), *options]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ})
    found: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    return found


@contextlib.contextmanager
def bucket(count: int) -> Iterator[int]:
    server = subprocess.Popen([sys.executable, "-m", "bench.bucket", str(count)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.communicate()


def environment(port: int) -> dict[str, str]:
    """Of a process that shall find this bucket."""
    return {"LIGHTLY_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}", "LIGHTLY_ALLOWED_PRIVATE_HOSTS": "127.0.0.1"}


def main() -> None:
    import tests.plugin  # noqa: F401 - a throw-away data directory, before Django reads its settings

    what, port = sys.argv[1], sys.argv[2]
    os.environ |= {"DJANGO_SETTINGS_MODULE": "lightly_platform.settings", **environment(int(port))}
    from bench.pages import installation

    installation.prepare()
    source = datasource("bench")
    files, seconds = (_bare if what == "bare" else build)(source)
    from django.db import connection

    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"files": files, "seconds": seconds, "megabytes": megabytes, "database": connection.display_name}))


def fields(prefix: str) -> dict[str, str]:
    """Of a datasource in the stand-in's bucket, as the form has them."""
    return {
        "type": "S3",
        "fullPath": f"s3://bench/{prefix}",
        "s3Region": "eu-central-1",
        "s3AccessKeyId": "AKIAEXAMPLE",
        "s3SecretAccessKey": "x" * 40,
    }


def datasource(name: str) -> "Datasource":
    """Of a dataset with this name: where the names of the bucket are."""
    from clouds import parse_config
    from datasets.services import create_dataset
    from datasources.endpoints import configured_endpoints
    from datasources.models import Datasource, Purpose
    from teams.services import create_user

    dataset = create_dataset(name=name, owner=create_user(email=f"{name}@example.com"))
    source = Datasource(dataset=dataset, purpose=Purpose.INPUT)
    source.set_config(parse_config(fields("in/"), configured_endpoints()))
    source.save()
    return source


def _bare(source: "Datasource") -> tuple[int, float]:
    from clouds.pool import STORES
    from contents.index.opening import PATIENCE
    from datasources.endpoints import configured_endpoints

    started, files, after, more = time.perf_counter(), 0, "", True
    config = source.config
    with STORES.borrowed(config, configured_endpoints(), PATIENCE) as store:
        while more:
            page = store.page(config.prefix, after=after, limit=1000)
            files += len(page.entries)
            after, more = page.entries[-1].key, page.more
    return files, time.perf_counter() - started


def build(source: "Datasource") -> tuple[int, float]:
    """By the code of the workers, slice by slice, in one process; without the broker."""
    from contents.index import services
    from jobs import lifecycle
    from jobs.models import JobState, ShardState
    from jobs.runners import Slice

    started = time.perf_counter()
    job, _ = services.start(source, by=None)
    while job.is_open:
        for shard in job.shards.filter(state=ShardState.QUEUED).order_by("number"):
            mine = lifecycle.claim(shard.pk, "bench")
            assert mine
            step = mine.runner.run(Slice(job, shard.number, mine.shard.cursor, time.monotonic() + 30))
            assert lifecycle.store(mine, step)
        job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    return job.done, time.perf_counter() - started


if __name__ == "__main__":
    main()
