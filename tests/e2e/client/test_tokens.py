"""Tokens with fewer rights, as people see it who use the official client."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.client.conftest import OfficialClient
from tests.e2e.support.backstage import Person
from tests.e2e.support.stack import Stack

CREATE = "from lightly.api import ApiWorkflowClient\nApiWorkflowClient().create_dataset('by-a-reader')"
# Clients before 1.5 try five times whatever was answered, and sleep 31 s in between.
WITHOUT_SLEEP = "import time\ntime.sleep = lambda seconds: None\n"
LIST = "from lightly.api import ApiWorkflowClient\nprint(len(ApiWorkflowClient().get_datasets()))"


def test_a_token_for_reading_reads_and_says_why_it_does_not_write(
    version: str, stack: Stack, person: Person, tmp_path: Path
) -> None:
    reader = OfficialClient(version, stack, stack.backstage.token(person, "read"), tmp_path)
    assert reader.run(LIST).output == "0\n"
    refused = reader.run(CREATE)
    assert refused.code == 1
    assert "This token has no right to 'datasources', only to 'read'." in refused.errors


def test_a_demanded_second_factor_is_told(version: str, stack: Stack, person: Person, tmp_path: Path) -> None:
    official = OfficialClient(version, stack, stack.backstage.token(person), tmp_path)
    stack.backstage.demand_second_factor(person)
    refused = official.run(WITHOUT_SLEEP + LIST)
    assert refused.code == 1
    assert "requires two-factor authentication" in refused.errors
    assert "Sign-in and security" in refused.errors
