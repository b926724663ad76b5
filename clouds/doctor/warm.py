"""Stores of checks that came out green, kept for the next check of the same datasource: connections, role sessions and
tokens are there already.
"""

import time
from dataclasses import dataclass, field

from clouds.config import CloudConfig, Endpoints
from clouds.patient import RENEWED_AFTER
from clouds.pool import IdleStores
from clouds.provider import provider_of
from clouds.store import Deadline, Store


@dataclass
class WarmStore:
    """`deadline`: the one that the store has asked for since it was opened. `readable`: a file that could be read."""

    store: Store
    deadline: Deadline
    readable: str = ""
    opened_at: float = field(default_factory=time.monotonic)

    def close(self) -> None:
        self.store.close()


class WarmStores:
    """At most `most_idle`, each for `idle_seconds` after its check."""

    def __init__(self, *, idle_seconds: float = 120.0, most_idle: int = 16) -> None:
        self._idle: IdleStores[WarmStore] = IdleStores(idle_seconds=idle_seconds, most_idle=most_idle)

    def take(self, config: CloudConfig, endpoints: Endpoints, deadline: Deadline) -> WarmStore | None:
        """For these very fields, so that who changes a datasource gets a new one. Its calls end by `deadline`."""
        found = self._idle.take((config, endpoints))
        if found is None:
            return None
        session_seconds = provider_of(config).session_seconds
        if session_seconds and time.monotonic() - found.opened_at > session_seconds * RENEWED_AFTER:
            found.close()
            return None
        found.deadline.begin_anew(deadline.remaining())
        return found

    def keep(self, config: CloudConfig, endpoints: Endpoints, opened: WarmStore) -> None:
        self._idle.keep((config, endpoints), opened)

    def close(self) -> None:
        """All that no check uses now."""
        self._idle.close()


# Of this process.
CHECKED = WarmStores()
