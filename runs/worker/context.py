"""What all slices of a run need: its rows, its settings, and where it reads and writes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from django.conf import settings
from django.utils.translation import gettext

from clouds import CloudConfig, Endpoints, Store, StoreError, is_missing
from clouds.doctor.diagnosis import UNREADABLE
from clouds.patient import Patience
from clouds.permissions import Permission
from clouds.pool import STORES
from contents.index.opening import job_error, unreliable_words
from contents.listing.walker import UnreliableServerError
from contents.places import source_of, target_of
from datasets.models import Dataset, DatasetType
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, UnreadableConfigError
from jobs.models import Job
from jobs.runners import JobError
from runs.configuration import InvalidConfigError, RunSettings, parse
from runs.models import ConfigVersion, Run
from runs.worker.embedding.models import Chosen, chosen_model
from runs.worker.embedding.network import ModelError

# The attempts of one call end within a slice of the queue. The job tries again after that.
PATIENCE = Patience(call_seconds=8.0, attempts=3, longest_pause_seconds=2.0)
# One attempt for what takes long to transfer.
LONG = Patience(call_seconds=40.0, attempts=1)
# Of pictures that no network looks at.
SMALL = (8, 8)
LARGE_BYTES = 16 * 1000**2


class TooLargeError(JobError):
    """A file has more bytes than anybody reads."""


@dataclass(frozen=True)
class Context:
    """`source` and `target`: the configs of Input and Lightly, which may be one."""

    run: Run
    dataset: Dataset
    settings: RunSettings
    input: Datasource
    lightly: Datasource
    source: CloudConfig
    target: CloudConfig
    endpoints: Endpoints

    @property
    def paths(self) -> list[str]:
        """Where it reads and writes. A run ends when they change."""
        return [f"{each.provider} {each.path}" for each in (self.input, self.lightly)]

    @property
    def has_videos(self) -> bool:
        return self.dataset.type == DatasetType.VIDEOS

    @property
    def uses_datapool(self) -> bool:
        """Clients whose configurations don't have the key yet always did."""
        return self.settings.use_datapool or self.run.config.version in {ConfigVersion.V2, ConfigVersion.V3}

    @property
    def model(self) -> Chosen:
        """Raises JobError."""
        try:
            return chosen_model(settings.LIGHTLY_EMBEDDING_MODEL, settings.LIGHTLY_MODELS_DIR)
        except ModelError as error:
            words = gettext("The network of LIGHTLY_EMBEDDING_MODEL can't be used: %(reason)s.")
            raise JobError(words % {"reason": error}, is_final=True) from None

    @property
    def picture_size(self) -> tuple[int, int]:
        """(width, height) of what the network takes. Raises JobError."""
        return SMALL if self.settings.embeddings_file else self.model.embedder.size

    @property
    def disk(self) -> Path:
        """A folder of this machine for what would have to be read from the storage again and again."""
        return Path(settings.LIGHTLY_RUNS_DIR) / self.run.pk

    def abort(self, words: str) -> NoReturn:
        """A limit of the configuration is reached: the run ends as aborted. Raises JobError."""
        Run.objects.filter(pk=self.run.pk).update(limit=words[:500])
        raise JobError(words, is_final=True)

    @contextlib.contextmanager
    def opened_source(self, permission: Permission, key: str = "") -> Iterator[Store]:
        """`key`: relative to the root, for the words of an error. Raises JobError."""
        with opened(self.source, self.endpoints, permission, key) as store:
            yield store

    @contextlib.contextmanager
    def borrowed_source(self) -> Iterator[Store]:
        """The same, but raises StoreError: for what may be the fault of a single file."""
        with STORES.borrowed(self.source, self.endpoints, PATIENCE) as store:
            yield store

    @contextlib.contextmanager
    def opened_target(self, permission: Permission, key: str = "", *, size: int = 0) -> Iterator[Store]:
        """`size`: of what is written, in bytes. Raises JobError."""
        with opened(self.target, self.endpoints, permission, key, LONG if size > LARGE_BYTES else PATIENCE) as store:
            yield store

    def read_target(self, name: str, *, most: int) -> bytes | None:
        """A whole file of the Lightly datasource. None: there is none. Raises JobError (TooLargeError)."""
        found = bytearray()
        with self.opened_target(Permission.READ, name) as store:
            try:
                for piece in store.stream(self.target.prefix + name):
                    found += piece
                    if len(found) > most:
                        words = gettext("%(name)s has more than %(most)s bytes, which is too much.")
                        raise TooLargeError(words % {"name": name, "most": f"{most:,}"}, is_final=True)
            except StoreError as error:
                if is_missing(store, self.target.prefix + name, error.failure):
                    return None
                raise
        return bytes(found)

    def write_target(self, name: str, content: bytes, content_type: str) -> None:
        """Raises JobError."""
        with self.opened_target(Permission.OVERWRITE, name, size=len(content)) as store:
            store.write(self.target.prefix + name, content, content_type=content_type, metadata={})


@contextlib.contextmanager
def opened(
    config: CloudConfig, endpoints: Endpoints, permission: Permission, key: str = "", patience: Patience = PATIENCE
) -> Iterator[Store]:
    """Raises JobError for whatever goes wrong with the store inside."""
    try:
        with STORES.borrowed(config, endpoints, patience) as store:
            yield store
    except StoreError as error:
        raise job_error(error, permission, config, key) from None
    except UnreliableServerError as error:
        raise JobError(unreliable_words(error.problem), is_final=True) from None


def run_of(job: Job) -> Run:
    """Raises JobError."""
    run = Run.objects.select_related("config", "dataset", "dataset__team", "team").filter(pk=job.arguments["run"])
    found = run.first()
    if found is None:
        raise JobError(gettext("The run was removed."), is_final=True)
    return found


def context_of(job: Job, paths: list[str] | None = None) -> Context:
    """`paths`: those with which the run began. Raises JobError where something is missing or has changed."""
    run = run_of(job)
    dataset = run.dataset
    if dataset is None:
        raise JobError(gettext("The dataset was removed."), is_final=True)
    source, target = source_of(dataset), target_of(dataset)
    if source is None or target is None:
        words = gettext("The %(purpose)s datasource is not connected. Connect it and run again.")
        raise JobError(words % {"purpose": "Input" if source is None else "Lightly"}, is_final=True)
    try:
        known = parse(run.config.version, run.config.content)
    except InvalidConfigError as error:
        words = gettext("The configuration is wrong: %(problems)s")
        raise JobError(words % {"problems": error}, is_final=True) from None
    found = Context(run, dataset, known, source, target, _config(source), _config(target), configured_endpoints())
    if paths is not None and found.paths != paths:
        raise JobError(gettext("A datasource was changed meanwhile. Run again."), is_final=True)
    return found


def _config(datasource: Datasource) -> CloudConfig:
    try:
        return datasource.config
    except UnreadableConfigError:
        raise JobError(f"{UNREADABLE.tried} {UNREADABLE.fix}", is_final=True) from None
