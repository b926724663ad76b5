"""Opens a dataset's datasources for a moment. What goes wrong with one in that time becomes a ListingError."""

import contextlib
from collections.abc import Iterator

from clouds import CloudConfig, Deadline, Store, StoreError
from clouds.calls.bounded import BoundedStore
from clouds.permissions import Permission
from contents.listing.errors import CredentialsUnreadableError, NoDatasourceError, StoreFailedError
from contents.listing.walker import UnreliableServerError
from datasets.models import Dataset
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, Purpose, UnreadableConfigError

# How long a person or their script waits for a cloud, in seconds, whatever its server does.
DEADLINE_SECONDS = 30.0


def datasource_for(dataset: Dataset, purpose: Purpose) -> Datasource:
    """The one with this purpose, or the one with both. Raises NoDatasourceError."""
    found = dataset.datasources.filter(purpose__in=[purpose, Purpose.INPUT_OUTPUT]).first()
    if found is None:
        raise NoDatasourceError(str(purpose.label))
    return found


@contextlib.contextmanager
def opened(datasource: Datasource, permission: Permission) -> Iterator[tuple[CloudConfig, Store]]:
    """The datasource's config and store. `permission` is the one that the work takes, for the words of an error.

    Raises CredentialsUnreadableError, StoreFailedError and UnreliableServerError.
    """
    try:
        config = datasource.config
    except UnreadableConfigError:
        raise CredentialsUnreadableError from None
    seconds, purpose = DEADLINE_SECONDS, datasource.get_purpose_display()
    try:
        with contextlib.closing(BoundedStore(config, configured_endpoints(), Deadline(seconds))) as store:
            yield config, store
    except StoreError as error:
        raise StoreFailedError(
            error.failure, permission=permission, purpose=purpose, config=config, seconds=seconds
        ) from None
    except UnreliableServerError as error:
        error.place = f"{purpose} datasource {config.path}"
        raise
