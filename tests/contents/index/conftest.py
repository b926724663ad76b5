import pytest

from datasets.models import Dataset
from datasources.models import Datasource
from tests.contents.index.memory import connected, memory
from tests.jobs.conftest import sent

__all__ = ["memory", "sent"]


@pytest.fixture
def source(dataset: Dataset) -> Datasource:
    return connected(dataset)
