"""Fixtures every test may use: people with their datasets, and the clouds."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import Settings

from clouds import CloudConfig, parse_config
from clouds.doctor.warm import CHECKED
from clouds.s3 import clients as s3
from core.api.lanes import Lane
from datasets.models import Dataset
from datasets.services import create_dataset
from teams.models import Membership, Role, Team, User
from teams.services import create_token, live_token
from tests.servers import Cloud, all_clouds, environment_of
from tests.servers.s3.sessions import Sessions

PASSWORD = "quite-long-secret-7"


@pytest.fixture(scope="session")
def clouds() -> Iterator[dict[str, Cloud]]:
    """The five providers' servers, by provider name. Started once for all tests of this process."""
    servers = all_clouds()
    started = []
    try:
        for server in servers:
            server.start()
            started.append(server)
        yield {server.provider: server for server in servers}
    finally:
        for server in reversed(started):
            server.stop()


@pytest.fixture(scope="session")
def cloud_environment(clouds: dict[str, Cloud]) -> dict[str, str]:
    """The LIGHTLY_* and AWS_* variables with which a process reaches the clouds."""
    return environment_of(list(clouds.values()))


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """The real hasher is slow on purpose; a third of a second per person adds up."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True, scope="session")
def quick_sessions() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(s3, "_session", Sessions())
        yield


@pytest.fixture(autouse=True)
def cold_stores() -> Iterator[None]:
    """No test finds the connections that a green check of another one has kept."""
    yield
    CHECKED.close()


@pytest.fixture
def team(db: None) -> Team:
    return Team.objects.create(name="Acme Vision")


def person(email: str, team: Team | None, role: str = Role.MEMBER) -> User:
    """Whose address is proven, as by a mailed invitation."""
    user = User.objects.create_user(email, PASSWORD, email_is_proven=True)
    if team:
        Membership.objects.create(team=team, user=user, role=role)
    return user


@pytest.fixture
def alice(team: Team) -> User:
    """Owner of the team and of the dataset."""
    return person("alice@example.com", team, Role.OWNER)


@pytest.fixture
def bob(team: Team) -> User:
    """Member of the same team: may look, may change only what is his."""
    return person("bob@example.com", team)


@pytest.fixture
def charlie(db: None) -> User:
    """An outsider with a team of his own."""
    return person("charlie@example.com", Team.objects.create(name="Elsewhere"), Role.OWNER)


@pytest.fixture
def dataset(alice: User) -> Dataset:
    return create_dataset(name="street-scenes", owner=alice)


@pytest.fixture
def login(client: Client) -> "Login":
    return Login(client)


@pytest.fixture
def call(client: Client) -> "Call":
    return Call(client)


def user_of_token(token: str) -> User | None:
    """Whom the REST API lets in with it."""
    found = live_token(token)
    return found.user if found else None


def fill(monkeypatch: pytest.MonkeyPatch, lane: Lane) -> None:
    """No request finds room in this lane, whoever sends it."""
    monkeypatch.setattr(lane, "calls", 0)
    monkeypatch.setattr(lane, "most_inside", 0)


class Call:
    """The REST API as a person's script: call(alice).get("/v1/datasets")"""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.tokens: dict[str, str] = {}

    def __call__(self, user: User) -> "Script":
        token = self.tokens.setdefault(user.pk, "") or create_token(user=user, name="test")
        self.tokens[user.pk] = token
        return Script(self.client, token)


class Script:
    def __init__(self, client: Client, token: str) -> None:
        self.client = client
        self.token = token

    def get(self, path: str, query: dict[str, str] | None = None, *, agent: str = "") -> Any:
        return self.client.get(path, {"token": self.token, **(query or {})}, headers={"User-Agent": agent})

    def send(self, method: str, path: str, body: object) -> Any:
        address = f"{path}{'&' if '?' in path else '?'}token={self.token}"
        return self.client.generic(method, address, json.dumps(body), content_type="application/json")

    def post(self, path: str, body: object) -> Any:
        return self.send("POST", path, body)

    def put(self, path: str, body: object) -> Any:
        return self.send("PUT", path, body)

    def delete(self, path: str) -> Any:
        return self.send("DELETE", path, {})  # with a body, as clients up to 1.4.5 do


class Login:
    """Sign a person in: login(alice).get(...)"""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, user: User) -> Client:
        self.client.force_login(user, django_settings.AUTHENTICATION_BACKENDS[0])
        return self.client


SECRET = "planted-secret-9f3a+/Zx"


def s3_fields(**changes: str) -> dict[str, str]:
    """A well-formed S3 config as the REST API spells it, of nobody."""
    return {
        "type": "S3",
        "fullPath": "s3://acme-raw/street/",
        "s3Region": "eu-central-1",
        "s3AccessKeyId": "AKIAEXAMPLE",
        "s3SecretAccessKey": SECRET,
    } | changes


@pytest.fixture
def s3_config() -> CloudConfig:
    return parse_config(s3_fields())
