"""Numbers for Prometheus, counted anew from database and broker at each scrape: several processes serve one product.

The table of checks is pruned, so nothing here is a counter: what happened is told for the last hour, as gauges.
Labels are bounded: providers, purposes, outcomes and triggers, never names or paths.
"""

import logging
import math
import platform
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

from django.db import DatabaseError
from django.db.models import Count, Q
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from clouds import PROVIDERS, Cause
from core.version import platform_version
from datasources.models import Datasource, DatasourceState, Outcome, Purpose, Trigger
from datasources.states import GIVEN_UP, NO_CAUSE, cause_of_check
from monitoring.health import Scope
from monitoring.machinery import QueueLine, machinery
from monitoring.rates import milliseconds_of, quantile
from monitoring.work_metrics import disk_families, work_families

logger = logging.getLogger(__name__)

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
LAST_HOUR = timedelta(hours=1)
QUANTILES = {"0.5": 0.5, "0.9": 0.9, "0.99": 0.99}
# Seconds, up to the longest deadline that a check may have.
BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0)


def exposition() -> bytes:
    """All metrics in the text format, version 0.0.4."""
    registry = CollectorRegistry()
    registry.register(_Everything())
    return generate_latest(registry)


class _Everything(Collector):
    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: else registering would collect once more, to learn the names."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield _build()
        yield from disk_families()
        # One of them may fail half-way, and half of the numbers could look well.
        found: list[Metric] = []
        try:
            found += _of_database()
        except DatabaseError as error:
            logger.warning("The database can't be asked for metrics (%s)", type(error).__name__)
            found = []
        yield GaugeMetricFamily("lightly_database_up", "1 if the database answers.", value=int(bool(found)))
        yield from found


def _of_database() -> Iterator[Metric]:
    yield _datasources()
    yield _not_green()
    yield _expiring()
    yield _checks_last_hour()
    yield _causes_last_hour()
    yield from _durations()
    yield from _machinery()
    yield from work_families()


def _build() -> GaugeMetricFamily:
    family = GaugeMetricFamily("lightly_build_info", "Which release this is; always 1.", labels=["version", "python"])
    family.add_metric([platform_version(), platform.python_version()], 1)
    return family


def _datasources() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "lightly_datasources", "Datasources by what their latest check said.", labels=["provider", "purpose", "outcome"]
    )
    grouped = Datasource.objects.values_list("provider", "purpose", "state").order_by()
    counts = {(provider, purpose, state): count for provider, purpose, state, count in grouped.annotate(n=Count("*"))}
    for labels in product(PROVIDERS, Purpose.values, DatasourceState.values):
        family.add_metric(labels, counts.get(labels, 0))
    return family


def _not_green() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "lightly_datasources_not_green",
        "Datasources that are red or unknown, by the cause of the first permission that is.",
        labels=["outcome", "cause"],
    )
    # Checks that were given up have no outcome.
    bad = Datasource.objects.filter(latest_check__outcome__in=[Outcome.RED, Outcome.UNKNOWN])
    grouped = bad.order_by().values_list("latest_check__outcome", "cause")
    counts = Counter[tuple[str, str]]()
    for outcome, cause, count in grouped.annotate(n=Count("*")):
        counts[OUTCOMES[outcome], _known_cause(cause)] += count
    for labels, count in sorted(counts.items()):
        family.add_metric(labels, count)
    return family


def _causes_last_hour() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "lightly_check_causes_last_hour",
        "Why checks did not end green within the last hour.",
        labels=["provider", "cause"],
    )
    bad = Scope().finished_checks(LAST_HOUR).exclude(outcome=Outcome.GREEN)
    grouped = bad.annotate(cause=cause_of_check()).order_by().values_list("provider", "cause")
    counts = Counter[tuple[str, str]]()
    for provider, cause, count in grouped.annotate(n=Count("*")):
        if provider in PROVIDERS:
            counts[provider, _known_cause(cause)] += count
    for labels, count in sorted(counts.items()):
        family.add_metric(labels, count)
    return family


def _known_cause(cause: str) -> str:
    """Rows of other releases may have causes that this one does not know."""
    return cause if cause in {*Cause, GIVEN_UP, NO_CAUSE} else "other"


def _expiring() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "lightly_datasources_expiring",
        "Datasources whose credential ends within so many days (0: has ended).",
        labels=["days"],
    )
    now = timezone.now()
    days = {
        f"in_{number}": Count("pk", filter=Q(expires_at__lte=now + timedelta(days=number))) for number in (0, 7, 30)
    }
    for name, count in Datasource.objects.exclude(expires_at=None).aggregate(**days).items():
        family.add_metric([name.removeprefix("in_")], count)
    return family


def _checks_last_hour() -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "lightly_checks_last_hour", "Checks that ended within the last hour.", labels=["provider", "outcome", "trigger"]
    )
    grouped = Scope().finished_checks(LAST_HOUR).values_list("provider", "outcome", "trigger").order_by()
    counts = {
        (provider, outcome, trigger): count for provider, outcome, trigger, count in grouped.annotate(n=Count("*"))
    }
    for provider, (outcome, name), trigger in product(PROVIDERS, OUTCOMES.items(), Trigger.values):
        family.add_metric([provider, name, trigger.lower()], counts.get((provider, outcome, trigger), 0))
    return family


OUTCOMES = {Outcome.GREEN: "green", Outcome.RED: "red", Outcome.UNKNOWN: "unknown", "": "given_up"}


def _durations() -> Iterator[Metric]:
    quantiles = GaugeMetricFamily(
        "lightly_check_duration_last_hour_seconds",
        "How long the checks took that ended within the last hour.",
        labels=["provider", "quantile"],
    )
    histogram = GaugeHistogramMetricFamily(
        "lightly_check_seconds_last_hour",
        "The same as a histogram. Of the last hour, so without rate() or increase().",
        labels=["provider"],
    )
    for provider, times in milliseconds_of(Scope().finished_checks(LAST_HOUR)).items():
        if provider in PROVIDERS:
            for name, share in QUANTILES.items():
                quantiles.add_metric([provider, name], quantile(times, share) / 1000)
            histogram.add_metric([provider], *_buckets(times))
    yield quantiles
    yield histogram


def _buckets(times: list[tuple[int, int]]) -> tuple[list[tuple[str, float]], float]:
    """How many took at most as long, by limit; and all seconds together."""
    limits = [*BUCKETS, math.inf]
    counted = [sum(count for ms, count in times if ms <= limit * 1000) for limit in limits]
    names = ["+Inf" if math.isinf(limit) else str(limit) for limit in limits]
    return list(zip(names, map(float, counted), strict=True)), sum(ms * count for ms, count in times) / 1000


def _machinery() -> Iterator[Metric]:
    now, found = timezone.now(), machinery(Scope())
    states = GaugeMetricFamily("lightly_open_checks", "Checks that wait or run.", labels=["state"])
    states.add_metric(["queued"], found.queued)
    states.add_metric(["running"], found.running)
    yield states
    yield GaugeMetricFamily(
        "lightly_undispatched_checks", "Checks that wait and that no broker took yet.", value=found.undispatched
    )
    oldest = (now - found.oldest_open).total_seconds() if found.oldest_open else 0
    yield GaugeMetricFamily("lightly_oldest_open_check_seconds", "Age of the oldest open check; 0: none.", value=oldest)
    up = int(found.queue_length is not None)
    yield GaugeMetricFamily("lightly_broker_up", "1 if the message broker answers.", value=up)
    # Absent when not known: a made-up number could look well.
    if found.queue_length is not None:
        yield GaugeMetricFamily("lightly_queue_length", "Messages no worker has taken yet.", value=found.queue_length)
    yield from _queues(found.queues)
    if found.worker:
        yield GaugeMetricFamily(
            "lightly_worker_heartbeat_age_seconds", "Since a worker last did something.", value=found.worker.seconds
        )
    if found.scheduler:
        yield GaugeMetricFamily(
            "lightly_scheduler_heartbeat_age_seconds",
            "Since the broker last took a sweep from the scheduler.",
            value=found.scheduler.seconds,
        )


def _queues(lines: list[QueueLine]) -> Iterator[GaugeMetricFamily]:
    waiting = GaugeMetricFamily("lightly_queue_messages", "As lightly_queue_length, by queue.", labels=["queue"])
    ages = GaugeMetricFamily(
        "lightly_queue_worker_heartbeat_age_seconds",
        "Since a worker that takes work from this queue last gave a sign of life.",
        labels=["queue"],
    )
    up = GaugeMetricFamily(
        "lightly_queue_worker_up", "1 if a worker that takes work from this queue lives.", labels=["queue"]
    )
    for line in lines:
        if line.waiting is not None:
            waiting.add_metric([line.queue.value], line.waiting)
        if line.worker:
            ages.add_metric([line.queue.value], line.worker.seconds)
        up.add_metric([line.queue.value], int(line.worker is not None and line.worker.is_recent))
    yield waiting
    yield ages
    yield up
