"""Sample data that the operator may provide, for people who have no bucket at hand."""

import json

from django.conf import settings
from django.db import transaction

from clouds import parse_config
from core.web.navigation import Link
from datasets.models import Dataset
from datasets.services import create_dataset
from datasources import services
from datasources.endpoints import configured_endpoints
from datasources.models import DEFAULT_THUMBNAIL_SUFFIX, Purpose
from teams.models import Team, User

NAME = "sample-images"
SAMPLE_DATA = Link("connects sample data")


class NoSamplesError(Exception):
    """The operator has not enabled sample data."""


def available() -> bool:
    return settings.LIGHTLY_SAMPLE_DATA_FILE is not None


@transaction.atomic
def create(*, owner: User, team: Team | None = None) -> Dataset:
    """A dataset connected to the sample data, its checks queued. Raises NoSamplesError, or as create_dataset does."""
    if settings.LIGHTLY_SAMPLE_DATA_FILE is None:
        raise NoSamplesError
    fields = json.loads(settings.LIGHTLY_SAMPLE_DATA_FILE.read_text(encoding="utf-8"))
    dataset = create_dataset(name=_free_name(owner), owner=owner, team=team)
    for purpose in (Purpose.INPUT, Purpose.LIGHTLY):
        config = dict(fields[purpose.value])
        if purpose is Purpose.LIGHTLY:  # a directory of its own, so that datasets do not overwrite each other's files
            config["fullPath"] = f"{config['fullPath'].rstrip('/')}/{dataset.pk}/"
        services.save(
            dataset=dataset,
            purpose=purpose,
            config=parse_config(config, configured_endpoints()),
            thumb_suffix=DEFAULT_THUMBNAIL_SUFFIX,
            by=owner,
        )
    return dataset


def _free_name(owner: User) -> str:
    taken = set(Dataset.objects.filter(owner=owner, name__startswith=NAME).values_list("name", flat=True))
    number = 1
    while (name := NAME if number == 1 else f"{NAME}-{number}") in taken:
        number += 1
    return name
