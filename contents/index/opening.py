"""A datasource's store for the slices of a job. What goes wrong becomes a sentence that the job's page shows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext

from clouds import CloudConfig, Store, StoreError
from clouds.doctor.diagnosis import UNREADABLE, diagnose
from clouds.failures import PASSING
from clouds.patient import Patience
from clouds.permissions import Permission, Verdict, state_of
from clouds.pool import STORES
from contents.listing.walker import Unreliable, UnreliableServerError
from contents.models import Index
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, UnreadableConfigError
from jobs.runners import JobError

# Two attempts and the pause between them end within a slice of the queue. The job tries again after that.
PATIENCE = Patience(call_seconds=6.0, attempts=2)
LONGEST_CALL_SECONDS = 14.0


class Opened(NamedTuple):
    config: CloudConfig
    store: Store


@contextlib.contextmanager
def opened(index: Index) -> Iterator[Opened]:
    """Raises JobError, also for what goes wrong with the store inside."""
    datasource = Datasource.objects.filter(pk=index.datasource_id, revision=index.revision).first()
    if datasource is None:
        raise JobError(
            gettext("The datasource was changed or removed while it was indexed. Start again."), is_final=True
        )
    with store_of(datasource, Permission.LIST) as found:
        yield found


@contextlib.contextmanager
def store_of(datasource: Datasource, permission: Permission) -> Iterator[Opened]:
    """The same for what needs this permission."""
    try:
        config = datasource.config
    except UnreadableConfigError:
        raise JobError(f"{UNREADABLE.tried} {UNREADABLE.fix}", is_final=True) from None
    try:
        with STORES.borrowed(config, configured_endpoints(), PATIENCE) as store:
            yield Opened(config, store)
    except StoreError as error:
        raise job_error(error, permission, config) from None
    except UnreliableServerError as error:
        raise JobError(unreliable_words(error.problem), is_final=True) from None


def job_error(error: StoreError, permission: Permission, config: CloudConfig, key: str = "") -> JobError:
    """What the job says of a failure at this key (relative to the datasource's root)."""
    verdict = Verdict(state_of(error.failure), failure=error.failure, key=config.prefix + key)
    words = diagnose(permission, verdict, config, PATIENCE.call_seconds)
    sentence = f"{words.summary[:1].upper()}{words.summary[1:]}. {words.cause} {words.fix}"
    return JobError(sentence, is_final=error.failure.cause not in PASSING)


def unreliable_words(problem: Unreliable) -> str:
    if problem is Unreliable.STUCK:
        return gettext("The storage server says that there are more files, but does not list them.")
    return gettext("The storage server does not list the files in order of their names, so some would be missing.")
