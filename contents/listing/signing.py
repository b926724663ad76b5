"""URLs with which whoever has them reads, or writes, one file of a datasource."""

from collections.abc import Callable

from clouds import PROVIDERS
from clouds.permissions import Permission
from contents.listing.errors import Named, WrongNameError
from contents.listing.opening import datasource_for, opened
from contents.listing.relevant_filenames import is_clean
from datasets.models import Dataset
from datasources.models import Datasource, Purpose

# The longest that S3 and Google accept. Lightly's own signed URLs live as long.
READ_URL_SECONDS = 7 * 24 * 3600

# Where the cloud's signatures take the processor long: 10,000 of Google's keep a core busy for some three seconds.
MOST_SLOW_SIGNATURES = 10_000

RedirectUrl = Callable[[Datasource, str], str]
"""Makes a URL of this server that leads to a file (by its name) of a datasource."""


def only_through_this_server(datasource: Datasource) -> bool:
    """Whether URLs straight to the cloud would end with the short session they are signed in."""
    return PROVIDERS[datasource.provider].session_seconds is not None


def too_many_to_sign(datasource: Datasource, files: int) -> bool:
    """Whether a listing of so many files gets URLs of this server, which sign when they are opened, if ever."""
    return PROVIDERS[datasource.provider].signs_slowly and files > MOST_SLOW_SIGNATURES


def given_to_each_of(parts: int) -> int:
    """As how many files each part of a listing begins, so that together they sign no more than a whole one does."""
    return MOST_SLOW_SIGNATURES - MOST_SLOW_SIGNATURES // parts


def sign_file(dataset: Dataset, purpose: Purpose, name: str, *, method: str, redirect_url: RedirectUrl) -> str:
    """A URL for one file, whether it exists or not. Raises NoDatasourceError and what `sign_path` raises."""
    datasource = datasource_for(dataset, purpose)
    if only_through_this_server(datasource) and method != "PUT" and is_clean(name):
        return redirect_url(datasource, name)
    return sign_path(datasource, name, seconds=READ_URL_SECONDS, method=method)


def sign_path(datasource: Datasource, name: str, *, seconds: int, method: str) -> str:
    """A URL straight to the cloud. `name` is relative to the datasource's root; `method` is GET, HEAD or PUT.

    Raises WrongNameError, CredentialsUnreadableError and StoreFailedError.
    """
    if not is_clean(name):
        raise WrongNameError(Named.FILE)
    with opened(datasource, Permission.READ) as (config, store):
        return store.sign(config.prefix + name, seconds=seconds, method=method)
