"""Tries list, read, write and overwrite on a Store, in parallel, under one deadline. Never raises.

What each step proves was observed on real servers (docs/permission-check.md):

* list: ask for the first names under the path. An empty answer is an answer.
* read: fetch the first byte of an object found there; without one, fetch a key that isn't there, which clouds answer
  with "missing" only to those who may read. Where they say 403 instead, nothing is proven. The object we wrote, if
  we could, then tells for certain.
* write: create one fixed key on condition that it does not exist. "It exists" proves the right as well as a success.
  Where the server knows no such condition, the key is written without.
* overwrite: replace that key.

The key is deleted afterwards if that is allowed. If not, this one tiny object stays, and is reused ever after. Another
check of the same path may delete it under our hands, so no verdict rests on its being there still. The verdicts are
told before that, as soon as they are known.

With the store of an earlier check, whose connections and session are warm, the file that could be read then is asked
for beside the listing. Such a store can only make a green check quicker: whatever else it comes to may be the fault of
an old connection, and is asked again with a new one.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial

from clouds import spans
from clouds.config import CloudConfig, Endpoints
from clouds.doctor.nearby import nearby
from clouds.doctor.shared import SharedStore
from clouds.doctor.warm import WarmStore, WarmStores
from clouds.failures import OWN_OBJECT, Cause, Failure, StoreError
from clouds.permissions import Evidence, Permission, State, Verdict, state_of
from clouds.provider import open_store
from clouds.store import Deadline, Store

logger = logging.getLogger(__name__)

PROBE_DIRECTORY = ".lightly/"
PROBE_KEY = f"{PROBE_DIRECTORY}permission-check"
PROBE_CONTENT = b"Lightly Platform writes this file to check its permissions. You may delete it.\n"
# Put after our key, it is the name of an object that nobody ever writes.
NEVER_THERE = "-missing"
# How often we write the key anew when another check of the same path has deleted it meanwhile.
MOST_ATTEMPTS = 3
# How many names are asked for, in the one request that proves listing. Every cloud gives as many at once.
LISTED = 1000


@dataclass(frozen=True)
class Report:
    """`milliseconds`: until the verdicts were known."""

    verdicts: dict[Permission, Verdict]
    milliseconds: int
    empty: bool = False  # nothing found under the path, though it could be listed
    is_directory: bool = True  # False: nothing found, and nothing marks the path as an existing directory either
    similar: tuple[str, ...] = field(default=())  # existing directories nearest to a path in which nothing was found


def probe(
    config: CloudConfig,
    needs: frozenset[Permission],
    endpoints: Endpoints,
    deadline_seconds: float,
    stores: WarmStores | None = None,
    tell: Callable[[Report], None] | None = None,
    shared: SharedStore | None = None,
) -> Report:
    """Judge the permissions in `needs`; the others come back as skipped, untried. Ends within the deadline.

    `stores`: where the store of an earlier check may be, and this one's stays if all is granted. `tell` is called when
    the verdicts are known, before the test file is removed. After that, only whether it was removed may change.
    `shared`: for who asks something else of the same store meanwhile.
    """
    if shared is None:
        shared = SharedStore()
        shared.release()
    return _Probe(config, needs, endpoints, Deadline(deadline_seconds), stores, shared).run(tell)


class _Probe:
    """One run. The steps write verdicts as they learn them; at the deadline those still missing become unknown."""

    def __init__(
        self,
        config: CloudConfig,
        needs: frozenset[Permission],
        endpoints: Endpoints,
        deadline: Deadline,
        stores: WarmStores | None,
        shared: SharedStore,
    ) -> None:
        self.config = config
        self.needs = needs
        self.endpoints = endpoints
        self.deadline = deadline
        self.key = config.prefix + PROBE_KEY
        # Not the user's: our key and the objects with which some tools and clouds mark directories.
        directory = config.prefix + PROBE_DIRECTORY
        self.markers = {config.prefix, directory, directory.removesuffix("/")}
        self.stores = stores
        self.shared = shared
        self.store: Store | None = None
        self.closed = threading.Lock()  # guards verdicts: what a late thread still learns after the end is dropped
        self.ended = False
        self.started = time.monotonic()
        self.judged = threading.Event()  # the verdicts are known; what is left is to clean up
        self.milliseconds = 0  # until then
        self._begin()

    def _begin(self) -> None:
        """Nothing is known."""
        self.verdicts: dict[Permission, Verdict] = {}
        self.found: list[str] | None = None  # names under the path; None while unknown
        self.is_directory = True
        self.similar: tuple[str, ...] = ()

    def run(self, tell: Callable[[Report], None] | None) -> Report:
        main = _spawn(self._all_steps)
        if self.judged.wait(self.deadline.remaining()) and tell:
            with self.closed:
                known = self._report()
            tell(known)
        main.join(self.deadline.remaining())
        with self.closed:
            self.ended = True
            report = self._report()
            store, self.store = self.store, None
        # Only now: it wakes calls that still wait, where the SDK lets us, and what those learn of it is no verdict.
        if store:
            self.shared.give_up(store.close)
        return report

    def _report(self) -> Report:
        verdicts = {permission: self._final(permission) for permission in Permission}
        took = self.milliseconds or _since(self.started)
        return Report(verdicts, took, self.found == [], self.is_directory, self.similar)

    def _final(self, permission: Permission) -> Verdict:
        if permission not in self.needs:
            return Verdict(State.SKIPPED)
        timeout = Verdict(State.UNKNOWN, failure=Failure(Cause.TIMEOUT), key=self._tried_key(permission))
        return self.verdicts.get(permission, timeout)

    def _tried_key(self, permission: Permission) -> str:
        return self.config.prefix if permission is Permission.LIST else self.key

    def _all_steps(self) -> None:
        warm = self.stores.take(self.config, self.endpoints, self.deadline) if self.stores else None
        if warm is not None:
            self.store = warm.store
            self.shared.lend(warm.store)
            if self._ask(warm, is_new=False):
                return
            with self.closed:
                if self.ended:
                    return
                self.store = None
                self._begin()
            self.shared.give_up(warm.store.close)
        try:
            store = self.store = open_store(self.config, self.endpoints, self.deadline)
        except Exception as error:  # noqa: BLE001 - see _failure_of
            self.shared.lend(None)
            failure = _failure_of(error)
            for permission in self.needs:
                self._conclude(permission, Verdict(state_of(failure), failure=failure, key=self._tried_key(permission)))
            self._judge()
            return
        self.shared.lend(store)
        self._ask(WarmStore(store, self.deadline), is_new=True)
        if self.ended and self.store is not None:  # it ended before the store was open
            self.shared.give_up(store.close)

    def _ask(self, opened: WarmStore, *, is_new: bool) -> bool:
        """All that there is to ask. False, and nothing is judged, if a store that is not new does not do for that."""
        store = opened.store
        session = None if is_new else _Beside(lambda: self._try(store.confirm, key=self.config.prefix))
        writer = _spawn(lambda: self._write_steps(store)) if Permission.WRITE in self.needs else None
        self._read_steps(opened)
        if writer:
            writer.join(self.deadline.remaining())
            self._read_back(store)
        does = self._is_green() and (session is None or session.is_granted(self.deadline))
        if does or is_new:
            self._judge()
        if writer:
            self._clean_up(store)
        if does and self.stores and store.checks_may_keep:
            with self.closed:
                if not self.ended:
                    self.store = None
                    self.shared.give_up(partial(self.stores.keep, self.config, self.endpoints, opened))
        return does or is_new

    def _is_green(self) -> bool:
        with self.closed:
            known = [self.verdicts.get(permission) for permission in self.needs]
        return all(verdict and verdict.state is State.GRANTED for verdict in known)

    def _judge(self) -> None:
        self.milliseconds = _since(self.started)
        self.judged.set()

    def _read_steps(self, opened: WarmStore) -> None:
        prefix, store = self.config.prefix, opened.store
        known = opened.readable
        again = _Beside(lambda: self._read_first_byte(store, known)) if known else None
        names: list[str] = []
        listed = self._try(lambda: names.extend(store.keys(prefix, limit=LISTED)), prefix, Permission.LIST)
        if listed.state is State.GRANTED:
            theirs = [name for name in names if name not in self.markers | {self.key}]
            files = [name for name in theirs if not name.endswith("/")]
            self.found = files or (theirs if len(names) >= LISTED else [])  # else files may come later
            # The root of a bucket is there whenever the bucket is.
            self.is_directory = bool(theirs or self.markers & set(names) or not prefix)
            first = self.found[0].removeprefix(prefix) if self.found else ""
            listed = replace(listed, evidence=Evidence(len(self.found), len(names) >= LISTED, first))
        self._conclude(Permission.LIST, listed)
        readable = self.found or [name for name in names if name != self.key]
        if again and again.is_granted(self.deadline):
            self._conclude(Permission.READ, again.verdict)
        else:
            self._conclude_read(store, readable[0] if readable else None)
        opened.readable = self._readable()
        if self.found == [] and not readable:
            self._look_for_similar(store)

    def _readable(self) -> str:
        """A file of the users' that could be read just now."""
        read = self.verdicts.get(Permission.READ)
        if read is None or read.state is not State.GRANTED or read.evidence.missing or read.key == self.key:
            return ""
        return read.key

    def _conclude_read(self, store: Store, existing: str | None) -> None:
        verdict = self._read(store, existing) if existing else self._read_ours(store)
        failure = verdict.failure
        refused = failure and failure.cause in {Cause.DENIED, Cause.EXPLICIT_DENY}
        if failure and refused and not existing and not store.missing_key_denial_is_proof:
            hidden = replace(failure, cause=Cause.HIDDEN)
            verdict = replace(verdict, state=State.UNKNOWN, failure=hidden)
        self._conclude(Permission.READ, verdict)

    def _read(self, store: Store, key: str) -> Verdict:
        """A cloud that says an object is missing grants reading: most say so only to those who may read."""
        verdict = self._read_first_byte(store, key)
        failure = verdict.failure
        if failure and failure.cause is Cause.NO_OBJECT:
            if store.missing_is_proof(failure):
                return replace(verdict, state=State.GRANTED, failure=None, evidence=Evidence(missing=True))
            return replace(verdict, state=State.UNKNOWN, failure=replace(failure, cause=Cause.HIDDEN))
        return verdict

    def _read_first_byte(self, store: Store, key: str) -> Verdict:
        return self._try(lambda: store.read_range(key, 0, 1), key, Permission.READ)

    def _read_ours(self, store: Store) -> Verdict:
        """What our own key tells, whether it is there or not: some clouds open an object to its writer in any case."""
        verdict = self._read(store, self.key)
        if verdict.state is not State.GRANTED or not store.is_owner(self.key):
            return verdict
        other = self._read(store, self.key + NEVER_THERE)
        if other.state is State.GRANTED:
            return verdict
        hidden = replace(other.failure or Failure(Cause.HIDDEN), cause=Cause.HIDDEN, detail=OWN_OBJECT)
        return replace(verdict, state=State.UNKNOWN, failure=hidden)

    def _write_steps(self, store: Store) -> None:
        for _ in range(MOST_ATTEMPTS):
            created, _existed = self._create(store)
            self._conclude(Permission.WRITE, created)
            if created.state is not State.GRANTED:
                follows = State.SKIPPED if created.state is State.DENIED else State.UNKNOWN
                self._conclude(Permission.OVERWRITE, Verdict(follows, failure=created.failure, key=self.key))
                return
            replaced = self._try(lambda: store.replace(self.key, PROBE_CONTENT), self.key, Permission.OVERWRITE)
            if replaced.failure and replaced.failure.cause is Cause.ALREADY_EXISTS:
                # Clouds that refuse to replace say "it exists" (Azure: UnauthorizedBlobOverwrite).
                denied = replace(replaced.failure, cause=Cause.DENIED)
                replaced = replace(replaced, state=State.DENIED, failure=denied)
            self._conclude(Permission.OVERWRITE, replaced)
            if not (replaced.failure and replaced.failure.cause is Cause.NO_OBJECT):
                return

    def _create(self, store: Store) -> tuple[Verdict, bool]:
        """Whether we may write, and whether the key existed already, which proves the right as well."""
        created = self._try(lambda: store.create(self.key, PROBE_CONTENT), self.key, Permission.WRITE)
        if created.failure and created.failure.cause is Cause.NOT_SUPPORTED:
            # A server without conditional writes. The key is ours, so it may be written over.
            return self._try(lambda: store.replace(self.key, PROBE_CONTENT), self.key, Permission.WRITE), False
        if created.failure and created.failure.cause is Cause.ALREADY_EXISTS:
            return replace(created, state=State.GRANTED, failure=None, evidence=Evidence(existed=True)), True
        return created, False

    def _read_back(self, store: Store) -> None:
        """The object we wrote settles what a missing key could not: a right hidden behind 403, or a KMS key's."""
        read, written = self.verdicts.get(Permission.READ), self.verdicts.get(Permission.WRITE)
        if not read or not written or written.state is not State.GRANTED:
            return
        if read.key != self.key or read.state is State.DENIED:
            return
        for _ in range(MOST_ATTEMPTS):
            settled = self._read_ours(store)
            if settled.state is State.UNKNOWN:
                if settled.failure and settled.failure.detail == OWN_OBJECT and read.state is State.UNKNOWN:
                    self._conclude(Permission.READ, settled)  # it says more than the answer for a missing key
                return
            # Denied means nothing if the key was gone.
            if settled.state is State.GRANTED or self._create(store)[1]:
                self._conclude(Permission.READ, settled)
                return

    def _clean_up(self, store: Store) -> None:
        written = self.verdicts.get(Permission.WRITE)
        if written and written.state is not State.DENIED:  # an answer may get lost, and the object be there
            # Deleting is not a right we ask for: without it the one object stays.
            deleted = self._try(lambda: store.erase(self.key), key=self.key)
            if deleted.state is State.GRANTED and written.state is State.GRANTED:
                self._conclude(Permission.WRITE, replace(written, evidence=replace(written.evidence, removed=True)))

    def _look_for_similar(self, store: Store) -> None:
        """Nothing is there: perhaps the path has a typo, or is a file's."""
        if self.config.prefix:
            found: list[str] = []
            self._try(lambda: found.extend(nearby(store, self.config.prefix)), key=self.config.prefix)
            with self.closed:
                self.similar = tuple(found)

    def _try(self, action: Callable[[], object], key: str, asks_for: str = "") -> Verdict:
        if self.deadline.over:  # nobody waits for the answer any more
            return Verdict(State.UNKNOWN, failure=Failure(Cause.TIMEOUT), key=key)
        started = time.monotonic()
        try:
            with spans.asking_for(asks_for):
                action()
        except Exception as error:  # noqa: BLE001 - see _failure_of
            failure = _failure_of(error)
            return Verdict(state_of(failure), _since(started), failure, key)
        return Verdict(State.GRANTED, _since(started), key=key)

    def _conclude(self, permission: Permission, verdict: Verdict) -> None:
        with self.closed:
            if not self.ended:
                self.verdicts[permission] = verdict


class _Beside:
    """A step that a thread of its own does meanwhile."""

    def __init__(self, step: Callable[[], Verdict]) -> None:
        self.verdict = Verdict(State.UNKNOWN)
        self._step = step
        self._thread = _spawn(self._run)

    def _run(self) -> None:
        self.verdict = self._step()

    def is_granted(self, deadline: Deadline) -> bool:
        """Once it has ended, or the time is over."""
        self._thread.join(deadline.remaining())
        return self.verdict.state is State.GRANTED


def _failure_of(error: Exception) -> Failure:
    """What a step learnt from an exception. SDKs raise all kinds of things; a bulb must tell of each, and crash never.

    Only the type of an unforeseen one is kept: its text may carry credentials or a server's raw answer.
    """
    if isinstance(error, StoreError):
        return error.failure
    logger.error("Unforeseen %s from a storage SDK", type(error).__name__)
    return Failure(Cause.UNKNOWN, type(error).__name__)


def _spawn(target: Callable[[], None]) -> threading.Thread:
    # Daemon threads, unlike those of an executor, never keep the process from ending while a server stays silent.
    # With our context, so that log lines tell which check they are about.
    thread = threading.Thread(target=copy_context().run, args=(target,), daemon=True)
    thread.start()
    return thread


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
