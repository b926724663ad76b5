"""The product's Celery application with the tests' kinds of job: `celery --app tests.jobs.worker_app worker`."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
django.setup()

from lightly_platform.celery import app  # noqa: E402
from tests.jobs import rehearsal  # noqa: E402

if rows := os.environ.get("TEST_ROWS_OF_A_SLICE"):
    from contents.index import listing

    listing.ROWS_OF_A_SLICE = int(rows)

if names := os.environ.get("TEST_ANNOTATIONS_OF_A_SLICE"):
    from contents.annotation_reports import parts

    parts.MOST_NAMES = parts.MOST_READ = int(names)
    parts.SPARE_SECONDS = 1000.0

if names := os.environ.get("TEST_NAMES_OF_A_PART"):
    from runs.worker import scratch

    scratch.NAMES_OF_A_PART = int(names)
    # Only now, because others take it from there.
    from runs.worker.outputs import writing

    writing.SAMPLES_OF_A_SHARD = int(names)

__all__ = ["app", "rehearsal"]
