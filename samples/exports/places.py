"""Where the files of samples are: images in Input, frames of videos in Lightly."""

from __future__ import annotations

from clouds import CloudConfig
from contents.listing.errors import CredentialsUnreadableError
from contents.listing.opening import datasource_for
from contents.media.frame_names import FRAMES_FOLDER
from datasets.models import Dataset
from datasources.models import Datasource, Purpose, UnreadableConfigError
from samples.models import SampleType


class Places:
    """Of one dataset. Each datasource is read and decrypted once."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._datasources: dict[Purpose, Datasource] = {}
        self._configs: dict[Purpose, CloudConfig] = {}

    def datasource(self, purpose: Purpose) -> Datasource:
        """Raises NoDatasourceError."""
        if purpose not in self._datasources:
            self._datasources[purpose] = datasource_for(self.dataset, purpose)
        return self._datasources[purpose]

    def of(self, kind: str, file_name: str) -> tuple[Datasource, str]:
        """The datasource and the name in it. Raises NoDatasourceError."""
        purpose, name = place_of(kind, file_name)
        return self.datasource(purpose), name

    def url_in_storage(self, kind: str, file_name: str) -> str:
        """As other tools name the file, such as `s3://bucket/path/name`. Opens nothing by itself.

        Raises NoDatasourceError and CredentialsUnreadableError.
        """
        purpose, name = place_of(kind, file_name)
        config = self._config(purpose)
        return config.object_url(config.prefix + name)

    def _config(self, purpose: Purpose) -> CloudConfig:
        if purpose not in self._configs:
            try:
                self._configs[purpose] = self.datasource(purpose).config
            except UnreadableConfigError:
                raise CredentialsUnreadableError from None
        return self._configs[purpose]


def place_of(kind: str, file_name: str) -> tuple[Purpose, str]:
    """Of the sample's file: in which datasource, and its name there."""
    if kind == SampleType.IMAGE:
        return Purpose.INPUT, file_name
    return Purpose.LIGHTLY, FRAMES_FOLDER + file_name
