"""What a check finds out beside the four permissions: whether browsers may load from there, and what is published of
the key. Runs beside the probe, with its store but in threads of its own, under a short limit, and neither delays nor
changes a bulb.
"""

import logging
import threading
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime

from clouds.config import CloudConfig, Endpoints, KeyFacts
from clouds.doctor.cors import CorsState, judge_preflight, judge_rules
from clouds.doctor.probe import PROBE_KEY
from clouds.doctor.shared import SharedStore
from clouds.failures import StoreError
from clouds.provider import provider_of
from clouds.store import Deadline, Store

logger = logging.getLogger(__name__)

MOST_SECONDS = 5.0


@dataclass
class Asides:
    """What is known so far."""

    cors: CorsState = CorsState.UNKNOWN
    key: KeyFacts | None = None

    def expires_at(self, config: CloudConfig) -> datetime | None:
        """The first of all ends that are known."""
        own = config.expiry()
        ends = [moment for moment in (own and own.moment, self.key and self.key.ends) if moment]
        return min(ends, default=None)


class SideQuestions:
    """Asks them in threads of its own, beginning as soon as it is made."""

    def __init__(
        self, config: CloudConfig, endpoints: Endpoints, origin: str, seconds: float, shared: SharedStore
    ) -> None:
        self.config = config
        self.endpoints = endpoints
        self.origin = origin
        self.deadline = Deadline(min(MOST_SECONDS, seconds))
        self.found = Asides()
        self.shared = shared
        self.threads = [self._spawn(self._ask_for_cors)]
        if provider_of(config).key_facts_reader:
            self.threads.append(self._spawn(self._ask_for_key))

    def results(self, *, wait: bool) -> Asides:
        """What was found. Waits for the rest until the time is over, or not at all."""
        for thread in self.threads:
            thread.join(self.deadline.remaining() if wait else 0)
        self.shared.release()  # if it is closed now, that wakes calls that still wait, where the SDK lets us
        return Asides(self.found.cors, self.found.key)

    def _spawn(self, step: Callable[[], None]) -> threading.Thread:
        # A daemon, so that a server which stays silent can't keep the process from ending.
        thread = threading.Thread(target=copy_context().run, args=(_without_raising(step),), daemon=True)
        thread.start()
        return thread

    def _ask_for_key(self) -> None:
        self.found.key = provider_of(self.config).key_facts(self.config, self.endpoints, self.deadline)

    def _ask_for_cors(self) -> None:
        try:
            if store := self.shared.wait(self.deadline):
                self.found.cors = self._judge(store)
        finally:
            self.shared.release()

    def _judge(self, store: Store) -> CorsState:
        """By the bucket's rules, if they can be read and allow it. Else by the answer that a browser would get, because
        some servers let everybody read without a rule, and most credentials may not read the rules."""
        by_rules = CorsState.UNKNOWN
        try:
            by_rules = judge_rules(store.cors_rules(), self.origin)
        except StoreError as error:
            logger.debug("CORS rules can't be read: %s", error.failure.cause)
        if by_rules is CorsState.ALLOWED:
            return by_rules
        try:
            key = self.config.prefix + PROBE_KEY
            asked = judge_preflight(store.preflight(key, origin=self.origin, deadline=self.deadline), self.origin)
        except StoreError as error:
            logger.debug("No answer to a preflight request: %s", error.failure.cause)
            return by_rules
        return by_rules if asked is CorsState.UNKNOWN else asked


def _without_raising(step: Callable[[], None]) -> Callable[[], None]:
    """Nothing found is an answer too. Of the unforeseen only the type is logged: its text may carry credentials."""

    def run() -> None:
        try:
            step()
        except StoreError as error:
            logger.debug("Nothing to note: %s", error.failure.cause)
        except Exception as error:  # noqa: BLE001 - SDKs raise all kinds of things
            logger.error("Unforeseen %s while asking side questions", type(error).__name__)

    return run
