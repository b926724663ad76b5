"""What a run is refused for: permissions, asked for once more before it reads anything, and files that expire soon."""

from __future__ import annotations

import time
from collections.abc import Sequence

from django.utils.translation import gettext

from clouds.permissions import Permission
from clouds.provider import provider_of
from contents.thumbnails.metadata import head_of
from core.threads import ContextPool
from jobs.runners import JobError
from runs import progress
from runs.models import LogLevel
from runs.scheduling import gate
from runs.worker.context import Context
from runs.worker.scratch import THREADS, Listed

_DAY = 24 * 3600.0


def demand_permissions(context: Context) -> None:
    """Raises JobError with the diagnosis, unless the configuration or the schedule says not to ask."""
    scheduled = context.run.scheduled
    if context.settings.bypass_verify or (scheduled is not None and scheduled.bypasses_gate):
        return
    if found := gate.findings(context.dataset):
        # Each as a whole: the run's message may have to be cut.
        for finding in found:
            progress.log(context.run, str(finding), LogLevel.ERROR)
        raise JobError(gate.words(found), is_final=True)


def expiring(context: Context, files: Sequence[Listed]) -> dict[str, str]:
    """Why files are left out that the storage deletes soon, by name: see `input_expiration` of the configuration.

    Asks the storage for each of them. Raises JobError, also where such a file shall end the run.
    """
    limit = context.settings.input_expiration
    if limit is None or not files or not provider_of(context.source).tells_expiry:
        return {}

    def days_of(file: Listed) -> float | None:
        with context.opened_source(Permission.READ, file.name) as store:
            head = head_of(store, context.source.prefix + file.name)
        return (head.expires - time.time()) / _DAY if head and head.expires else None

    found: dict[str, str] = {}
    with ContextPool(min(THREADS, len(files))) as pool:
        for file, days in zip(files, pool.map(days_of, files), strict=True):
            if days is None or days >= limit.min_days:
                continue
            found[file.name] = f"the storage deletes it in {max(0.0, days):.1f} days"
            if limit.aborts:
                words = gettext(
                    "The storage deletes %(name)s in %(days)s days, but input_expiration demands %(least)s. Change the"
                    " bucket's lifecycle rule, or let the run skip such files."
                )
                told = {"name": file.name, "days": f"{max(0.0, days):.1f}", "least": f"{limit.min_days:g}"}
                context.abort(words % told)
    return found
