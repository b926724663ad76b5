"""What readers of a dataset leave behind and take along: how far they came, and URLs of this server that last.

Such a URL carries a public token: good for the files of one datasource, for as long as the person who asked for it may
see the dataset and nobody ends all of the dataset's read URLs. It says nothing about that person's API token.
"""

from django.core import signing
from django.db.models import F
from django.http import Http404

from core.api.errors import ApiError
from datasets.access import dataset_for
from datasets.models import Dataset
from datasources.models import Datasource
from teams.models import User

_SALT = "datasources.read-url"


def public_token(datasource: Datasource, dataset: Dataset, user: User) -> str:
    return signing.dumps([dataset.pk, datasource.pk, user.pk, dataset.read_url_version], salt=_SALT)


def datasource_of_token(token: str, dataset_id: str) -> Datasource:
    """The datasource whose files the token opens. Raises ApiError 401, or Http404 where the person lost access."""
    try:
        token_dataset_id, datasource_id, user_id, version = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, TypeError, ValueError):
        raise ApiError(
            401, "JWT_MALFORMED", "The publicToken of this URL is missing or not one of this server."
        ) from None
    if token_dataset_id != dataset_id:
        raise ApiError(401, "JWT_INVALID", "The publicToken of this URL is for another dataset.")
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise Http404
    dataset = dataset_for(user, dataset_id)
    if version != dataset.read_url_version:
        raise ApiError(401, "JWT_INVALID", "The read URLs of this dataset were revoked. List its files again.")
    datasource: Datasource | None = dataset.datasources.filter(pk=datasource_id).first()
    if datasource is None:
        raise ApiError(404, "DATASET_DATASOURCE_UNKNOWN", "The datasource was replaced since. List its files again.")
    return datasource


def revoke_read_urls(*, dataset: Dataset) -> None:
    """End all URLs of this server that were given out for the dataset's files."""
    Dataset.objects.filter(pk=dataset.pk).update(read_url_version=F("read_url_version") + 1)


def set_processed_until(*, dataset: Dataset, seconds: int) -> None:
    """Remember up to which moment (Unix seconds) the client has processed the raw samples."""
    Dataset.objects.filter(pk=dataset.pk).update(processed_until=seconds)
