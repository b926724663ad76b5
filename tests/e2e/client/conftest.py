"""The official client against the shared installation: its own Python to run scripts in."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.client.environments import VERSIONS
from tests.e2e.client.running import Ran, run
from tests.e2e.client.storages import Storage, storage_of
from tests.e2e.support.backstage import Person
from tests.e2e.support.stack import Stack
from tests.servers import Cloud

SCRIPTS = Path(__file__).with_name("scripts")
_BULB = re.compile(r'<span class="visually-hidden">(\w+) (\w+): ([^<]+)</span>')


@pytest.fixture(scope="package")
def five_thousand(clouds: dict[str, Cloud]) -> Storage:
    storage = storage_of(clouds["S3"], 2_000, 1_995)
    assert len(storage.keys) == 5_000
    return storage


class OfficialClient:
    """One version of the published `lightly` package, as a person with a token uses it with this installation."""

    def __init__(self, version: str, stack: Stack, token: str, home: Path) -> None:
        self.version = version
        # Nothing else of ours: no proxy, no switch that spares the client its calls for versions.
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LIGHTLY_SERVER_LOCATION": stack.url,
            "LIGHTLY_TOKEN": token,
        }

    def run(self, code: str) -> Ran:
        """What a user would paste into a script."""
        return self._run("-c", code)

    def script(self, file: str, **given: Any) -> Any:
        """The answer of one of our own scripts."""
        return self._run(str(SCRIPTS / file), given=given).answer

    def _run(self, *arguments: str, given: Any = None) -> Ran:
        home = self.environment["HOME"]
        return run(self.version, *arguments, given=given, directory=home, environ=self.environment)


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def official(version: str, stack: Stack, person: Person, tmp_path: Path) -> OfficialClient:
    """The person's client, once in every version."""
    return OfficialClient(version, stack, stack.backstage.token(person), tmp_path)


def page(stack: Stack, person: Person, path: str) -> str:
    """A page of the dashboard, as this person's browser gets it."""
    answer = requests.get(stack.url + path, cookies={"lightly_session": person["session"]}, timeout=30)
    answer.raise_for_status()
    return answer.text


def bulbs(stack: Stack, person: Person, dataset: str) -> dict[str, str]:
    """The lightbulbs of a dataset's row on the home page, as this person sees them: "Input List" is "granted"."""
    found = _BULB.findall(page(stack, person, f"/datasets/{dataset}/row/"))
    return {f"{purpose} {permission}": word for purpose, permission, word in found}
