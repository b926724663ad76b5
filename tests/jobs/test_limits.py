"""Which limit has to be above which."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings

from core import broker
from core.queues import OLD_QUEUE, RULES, Queue
from jobs import lifecycle
from jobs.runners import Runner
from tests.jobs.rehearsal import Rehearsal


def test_nothing_that_still_runs_is_delivered_again() -> None:
    again_after = django_settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert django_settings.CELERY_TASK_ACKS_LATE
    for queue, rules in RULES.items():
        assert again_after >= 2 * rules.longest_seconds, queue
        limits = broker.time_limits(queue)
        if rules.may_be_killed:
            assert limits["soft_time_limit"] == rules.slice_seconds < limits["time_limit"] == rules.longest_seconds
        else:
            assert limits == {}
    # A check may take as long as the operator allows, and a job's slice of checks twice that.
    assert RULES[Queue.PATIENT].slice_seconds > 2 * 120 + 5
    assert RULES[Queue.CONTENTS].slice_seconds <= 30
    assert RULES[Queue.RUNS].slice_seconds <= 60


@pytest.mark.parametrize("queue", list(Queue))
def test_a_lease_is_longer_than_a_slice_can_be(queue: Queue) -> None:
    class Some(Rehearsal):
        kind = "tests.some"
        slice_seconds = 7.0

    Some.queue = queue
    runner: Runner = Some()
    longest = RULES[queue].longest_seconds if RULES[queue].may_be_killed else 7
    assert lifecycle.lease_seconds(runner) > longest


def test_the_old_queue_is_none_of_ours() -> None:
    assert OLD_QUEUE not in set(Queue)
