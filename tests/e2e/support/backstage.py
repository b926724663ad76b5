"""Makes what a test needs inside a running installation, so that not every test walks the first run.

`python -m tests.e2e.support.backstage` is a process of that installation: it reads one JSON call per line and answers
each with one line. `Backstage` is its other end, in the tests.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypedDict

from tests.servers import Config


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


class Outbox(TypedDict):
    alerts: list[str]
    """Kinds of all alerts, the oldest first."""
    notices: list[str]
    """Addresses of those in whose inbox one is, once for each."""
    waiting: int
    """Mails and webhook deliveries that were not sent yet."""


class Backstage:
    """`module`: one that serves more calls than this one."""

    def __init__(self, environ: dict[str, str], log: Any, *, module: str = "tests.e2e.support.backstage") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
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

    def token(self, person: Person, *scopes: str) -> str:
        """A new API token of this person's, with all rights or with these."""
        token: str = self._call("make_token", email=person["email"], scopes=scopes)
        return token

    def demand_second_factor(self, person: Person) -> None:
        """Of all members of this person's team."""
        self._call("demand_second_factor", team=person["team"])

    def service_account(self, name: str, by: Person) -> str:
        """Id of a new service account in this person's team."""
        account: str = self._call("make_service_account", name=name, team=by["team"], by=by["email"])
        return account

    def dataset(self, name: str, owner: Person, **configs: Config) -> str:
        """Id of a new dataset with these datasources, by purpose (input, lightly). Their checks are under way."""
        dataset: str = self._call("make_dataset", name=name, owner=owner["email"], configs=configs)
        return dataset

    def furnish(self, owner: Person, **configs: Config) -> dict[str, str]:
        """One of everything for this person's team: see tests.e2e.support.furnished."""
        ids: dict[str, str] = self._call("furnish", email=owner["email"], configs=configs)
        return ids

    def grow(self, dataset: str, samples: list[str], tag: str, run: str) -> str:
        """As if a run had selected these; the id of its tag. Thumbnails are where the suffix says."""
        tag_id: str = self._call("grow", dataset=dataset, samples=samples, tag=tag, run=run)
        return tag_id

    def repeat_checks(self, dataset: str, times: int) -> None:
        """As if the schedule had come to the last verdicts so often again."""
        self._call("repeat_checks", dataset=dataset, times=times)

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

    def make_due(self, dataset: str) -> None:
        """As if the time of the dataset's next scheduled checks had come."""
        self._call("set_due", dataset=dataset)

    def run_task(self, name: str, *ids: str) -> None:
        """Hand a task to the real broker, as the scheduler does."""
        self._call("send_task", name=name, ids=ids)

    def hear_of_everything(self, person: Person) -> None:
        """Not of the person's own datasets alone."""
        self._call("choose_scope", email=person["email"], scope="TEAM")

    def webhook(self, person: Person, url: str) -> str:
        """The secret of a new webhook of this person's team."""
        secret: str = self._call("make_webhook", email=person["email"], team=person["team"], url=url)
        return secret

    def notify(self, person: Person, kinds: list[str]) -> None:
        """One notice of each kind into this person's inbox, the last one newest."""
        self._call("make_notices", email=person["email"], kinds=kinds)

    def shown(self, dataset: str) -> list[str]:
        """The outcomes that the bulbs of the dataset's datasources show, in the order of their purposes."""
        outcomes: list[str] = self._call("shown_outcomes", dataset=dataset)
        return outcomes

    def outbox(self) -> Outbox:
        """Of the whole installation."""
        outbox: Outbox = self._call("show_outbox")
        return outbox

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

    user = User.objects.create_user(f"{name}@example.com", password, email_is_proven=True)
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


def make_token(email: str, scopes: list[str]) -> str:
    from teams.models import Scope, User
    from teams.services import create_token

    return create_token(user=User.objects.get(email=email), name="script", scopes=scopes or Scope.values)


def demand_second_factor(team: str) -> None:
    from teams.models import Team

    Team.objects.filter(pk=team).update(mfa_required=True)


def make_service_account(name: str, team: str, by: str) -> str:
    from teams.models import Team, User
    from teams.service_accounts import services as service_accounts

    return service_accounts.create(team=Team.objects.get(pk=team), name=name, by=User.objects.get(email=by)).pk


def make_dataset(name: str, owner: str, configs: dict[str, Config]) -> str:
    from datasets.services import create_dataset
    from teams.models import User

    dataset = create_dataset(name=name, owner=User.objects.get(email=owner)).pk
    for purpose, config in configs.items():
        save(dataset, purpose.upper(), config, owner)
    return dataset


def save(dataset: str, purpose: str, config: Config, by: str) -> None:
    from clouds import parse_config
    from datasets.models import Dataset
    from datasources import services
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


def grow(dataset: str, samples: list[str], tag: str, run: str) -> str:
    from django.db import transaction

    from contents.media.frame_names import thumbnail_name
    from datasets.models import Dataset
    from datasources.models import DEFAULT_THUMBNAIL_SUFFIX
    from samples.growing import NewSample, add
    from samples.models import SampleType

    new = [
        NewSample(
            name,
            SampleType.IMAGE,
            thumb_name=thumbnail_name(DEFAULT_THUMBNAIL_SUFFIX, name),
            meta_data={"sizeInBytes": 1000, "sharpness": 12.5, "luminance": 55, "width": 64, "height": 48},
        )
        for name in samples
    ]
    with transaction.atomic():
        found = add(Dataset.objects.get(pk=dataset), new, run_id=run, tag_name=tag, creator="USER_WORKER")
    return found.pk


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
    from datasources.checks import queries

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


def set_due(dataset: str) -> None:
    from datetime import timedelta

    from django.utils import timezone

    from datasources.models import Datasource

    Datasource.objects.filter(dataset=dataset).update(next_check_at=timezone.now() - timedelta(seconds=1))


def send_task(name: str, ids: list[str]) -> None:
    from core import broker

    if not broker.send(f"datasources.tasks.{name}", *ids):
        raise RuntimeError("the broker did not take it")


def choose_scope(email: str, scope: str) -> None:
    from notifications.preferences.services import save_settings
    from teams.models import User

    user = User.objects.get(email=email)
    save_settings(user=user, scope=scope, mail_choices={})


def make_webhook(email: str, team: str, url: str) -> str | None:
    from notifications.webhooks.services import save_webhook
    from teams.models import Team, User

    return save_webhook(team=Team.objects.get(pk=team), url=url, by=User.objects.get(email=email))


def make_notices(email: str, kinds: list[str]) -> None:
    from notifications.models import Notice
    from teams.models import User

    user = User.objects.get(email=email)
    for kind in kinds:
        Notice.objects.create(user=user, kind=kind, title=f"street-scenes: {kind}", text="Why.\nWhat to do.", path="/")


def shown_outcomes(dataset: str) -> list[str]:
    from datasources.models import Datasource

    datasources = Datasource.objects.filter(dataset=dataset).order_by("purpose")
    return list(datasources.values_list("latest_check__outcome", flat=True))


def show_outbox() -> Outbox:
    from datasources.models import Alert
    from notifications.models import Mail, Notice, Sending, WebhookDelivery

    waiting = [model.objects.filter(state=Sending.PENDING).count() for model in (Mail, WebhookDelivery)]
    return {
        "alerts": list(Alert.objects.order_by("created_at").values_list("kind", flat=True)),
        "notices": sorted(Notice.objects.values_list("user__email", flat=True)),
        "waiting": sum(waiting),
    }


def serve(*more: Callable[..., Any]) -> None:
    """Answers calls, of these functions too, until nobody is left who asks."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lightly_platform.settings")
    django.setup()
    import_module("datasources.services")  # now, as someone may be editing while the tests run
    furnished = import_module("tests.e2e.support.furnished")
    calls = (
        *(furnished.furnish, furnished.repeat_checks),
        *(make_person, promote, make_token, demand_second_factor, make_service_account, make_dataset, make_datasets),
        *(share, save, grow, checks_of),
        *(set_due, send_task, choose_scope, make_webhook, make_notices, show_outbox, shown_outcomes),
        *more,
    )
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
