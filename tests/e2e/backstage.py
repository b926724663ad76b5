"""Makes what a test needs inside a running installation, so that not every test walks the first run.

`python -m tests.e2e.backstage` is a process of that installation: it reads one JSON call per line and answers each with
one line. `Backstage` is its other end, in the tests.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import traceback
from importlib import import_module
from typing import Any, TypedDict

from tests.clouds import Config


class Person(TypedDict):
    email: str
    team: str
    session: str
    """The key of a session in which this person is signed in."""


class CheckRow(TypedDict):
    id: str
    purpose: str
    state: str
    revision: int
    attempts: int
    outcome: str


class Backstage:
    def __init__(self, environ: dict[str, str], log: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.backstage"],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )

    def person(self, name: str, *, team: str | None = None, role: str = "OWNER", password: str | None = None) -> Person:
        """Somebody who is signed in, in a new team of their own or in an existing one (by its id)."""
        person: Person = self._call("make_person", name=name, team=team, role=role, password=password)
        return person

    def promote(self, person: Person, *, superuser: bool) -> None:
        """Let them into the admin panel, to look or to change."""
        self._call("promote", email=person["email"], superuser=superuser)

    def token(self, person: Person) -> str:
        """A new API token of this person's."""
        token: str = self._call("make_token", email=person["email"])
        return token

    def dataset(self, name: str, owner: Person, **configs: Config) -> str:
        """Id of a new dataset with these datasources, by purpose (input, lightly). Their checks are under way."""
        dataset: str = self._call("make_dataset", name=name, owner=owner["email"], configs=configs)
        return dataset

    def datasets(self, names: list[str], owner: Person) -> None:
        self._call("make_datasets", names=names, owner=owner["email"])

    def share(self, dataset: str, emails: list[str]) -> None:
        self._call("share", dataset=dataset, emails=emails)

    def check(self, dataset: str, purpose: str, config: Config, by: Person) -> None:
        """Save a datasource, as somebody else would in another window."""
        self._call("save", dataset=dataset, purpose=purpose, config=config, by=by["email"])

    def checks(self, dataset: str) -> list[CheckRow]:
        """All checks of a dataset, newest first."""
        checks: list[CheckRow] = self._call("checks_of", dataset=dataset)
        return checks

    def close(self) -> None:
        self._process.communicate(timeout=30)

    def _call(self, function: str, **arguments: Any) -> Any:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the pipes are closed")
        self._process.stdin.write(json.dumps([function, arguments]) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("backstage has ended; see its log")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]


def make_person(name: str, team: str | None, role: str, password: str | None) -> Person:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from teams.models import Membership, Team, User

    user = User.objects.create_user(f"{name}@example.com", password)
    its_team = Team.objects.get(pk=team) if team else Team.objects.create(name=f"Team of {name}")
    Membership.objects.create(team=its_team, user=user, role=role)
    session = SessionStore()
    session[SESSION_KEY] = user.pk
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {"email": user.email, "team": its_team.pk, "session": str(session.session_key)}


def promote(email: str, superuser: bool) -> None:
    from teams.models import User

    User.objects.filter(email=email).update(is_staff=True, is_superuser=superuser)


def make_token(email: str) -> str:
    from teams.models import User
    from teams.services import create_token

    return create_token(user=User.objects.get(email=email), name="script")


def make_dataset(name: str, owner: str, configs: dict[str, Config]) -> str:
    from datasets.services import create_dataset
    from teams.models import User

    dataset = create_dataset(name=name, owner=User.objects.get(email=owner)).pk
    for purpose, config in configs.items():
        save(dataset, purpose.upper(), config, owner)
    return dataset


def save(dataset: str, purpose: str, config: Config, by: str) -> None:
    from datasets.models import Dataset
    from datasources import services
    from datasources.clouds import parse_config
    from datasources.endpoints import configured_endpoints
    from datasources.models import DEFAULT_THUMBNAIL_SUFFIX, Purpose
    from teams.models import User

    services.save(
        dataset=Dataset.objects.get(pk=dataset),
        purpose=Purpose(purpose),
        config=parse_config(config, configured_endpoints()),
        thumb_suffix=DEFAULT_THUMBNAIL_SUFFIX,
        by=User.objects.get(email=by),
    )


def share(dataset: str, emails: list[str]) -> None:
    from datasets.models import Dataset
    from datasets.services import share_dataset

    share_dataset(dataset=Dataset.objects.get(pk=dataset), emails=emails)


def make_datasets(names: list[str], owner: str) -> None:
    from datasets.services import create_dataset
    from teams.models import User

    user = User.objects.get(email=owner)
    for name in names:
        create_dataset(name=name, owner=user)


def checks_of(dataset: str) -> list[CheckRow]:
    from datasets.models import Dataset
    from datasources import queries

    return [
        {
            "id": check.pk,
            "purpose": check.datasource.purpose,
            "state": check.state,
            "revision": check.revision,
            "attempts": check.attempts,
            "outcome": check.outcome,
        }
        for check in queries.checks_of(Dataset.objects.get(pk=dataset))
    ]


def serve() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    django.setup()
    import_module("datasources.services")  # now, as someone may be editing while the tests run
    calls = (make_person, promote, make_token, make_dataset, make_datasets, share, save, checks_of)
    functions = {function.__name__: function for function in calls}
    for line in sys.stdin:
        name, arguments = json.loads(line)
        function: Any = functions[name]
        inspect.signature(function).bind(**arguments)
        try:
            answer = {"result": function(**arguments)}
        except Exception:  # noqa: BLE001 - the test shall see it
            answer = {"error": traceback.format_exc()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
