"""Read URLs of this server, which last until they are revoked.

Such a URL carries a public token: good for the files of one datasource, for as long as the person who asked for it may
see the dataset and nobody ends all of the dataset's read URLs. It says nothing about that person's API token.
"""

import time

from django.core import signing
from django.db.models import F

from contents.listing.errors import ReadUrlError, TokenProblem
from datasets.access import dataset_for
from datasets.models import Dataset
from datasources.models import Datasource
from teams.models import User

_SALT = "datasources.read-url"


def public_token(datasource: Datasource, dataset: Dataset, user: User, *, until: int = 0) -> str:
    """`until`: in Unix seconds, when it ends; 0: not by itself."""
    content = [dataset.pk, datasource.pk, user.pk, dataset.read_url_version]
    return signing.dumps([*content, until] if until else content, salt=_SALT)


def datasource_of_token(token: str, dataset_id: str) -> Datasource:
    """The datasource whose files the token opens. Raises ReadUrlError, or Http404 where the person lost access."""
    try:
        token_dataset_id, datasource_id, user_id, version, *until = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, TypeError, ValueError):
        raise ReadUrlError(TokenProblem.MALFORMED) from None
    if token_dataset_id != dataset_id:
        raise ReadUrlError(TokenProblem.OTHER_DATASET)
    if until and until[0] < time.time():
        raise ReadUrlError(TokenProblem.EXPIRED)
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise ReadUrlError(TokenProblem.PERSON_GONE)
    dataset = dataset_for(user, dataset_id)
    if version != dataset.read_url_version:
        raise ReadUrlError(TokenProblem.REVOKED)
    datasource: Datasource | None = dataset.datasources.filter(pk=datasource_id).first()
    if datasource is None:
        raise ReadUrlError(TokenProblem.DATASOURCE_REPLACED)
    return datasource


def revoke_read_urls(*, dataset: Dataset) -> None:
    """End all URLs of this server that were given out for the dataset's files."""
    Dataset.objects.filter(pk=dataset.pk).update(read_url_version=F("read_url_version") + 1)
