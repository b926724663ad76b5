"""Where the files of samples are: images in Input, frames of videos in Lightly."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest

from clouds import CloudConfig
from contents.listing.errors import CredentialsUnreadableError
from contents.listing.opening import datasource_for
from contents.listing.read_urls import public_token
from contents.media.frame_names import FRAMES_FOLDER
from datasets.models import Dataset
from datasources.models import Datasource, Purpose, UnreadableConfigError
from samples.models import SampleType
from teams.models import User


class ReadUrls:
    """URLs of this server that lead to files. They carry a token of their own, for who asks but not who they are.

    `until`: in Unix seconds, when they end; 0: not by themselves.
    """

    def __init__(self, request: HttpRequest, dataset: Dataset, user: User, *, until: int = 0) -> None:
        self._address = request.build_absolute_uri(f"/v1/datasets/{dataset.pk}/datasource/readurlRedirect")
        self._dataset, self._user, self._until = dataset, user, until
        self._tokens: dict[str, str] = {}

    def __call__(self, datasource: Datasource, name: str) -> str:
        if datasource.pk not in self._tokens:
            token = public_token(datasource, self._dataset, self._user, until=self._until)
            self._tokens[datasource.pk] = token
        return f"{self._address}?{urlencode({'path': name, 'publicToken': self._tokens[datasource.pk]})}"


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
