"""Who looks at the health page beside the people of every test."""

import pytest

from datasets.services import create_dataset
from datasources.models import Datasource
from teams.models import User
from tests.monitoring.furnished import add


@pytest.fixture
def staff(db: None) -> User:
    return User.objects.create_user("staff@example.com", is_staff=True)


@pytest.fixture
def elsewhere(charlie: User) -> Datasource:
    """Of Charlie's own team."""
    return add(create_dataset(name="charlies-secret-cats", owner=charlie), cause="no_bucket", path="s3://cats/")
