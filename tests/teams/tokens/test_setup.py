"""The first visit makes the one who may change everything, so it has to be the operator's."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from lightly_platform.env import local_only, read_environment
from teams.models import User
from tests.teams.tokens.test_welcome import GOOD

pytestmark = pytest.mark.django_db
SECRET = "setup-secret-of-the-tests"


@pytest.fixture(autouse=True)
def secret(settings: Settings) -> None:
    settings.LIGHTLY_SETUP_SECRET = SECRET
    settings.LIGHTLY_LOCAL_ONLY = True


def page() -> str:
    return reverse("teams:welcome")


ELSEWHERE = [
    {"REMOTE_ADDR": "192.0.2.7"},
    {"REMOTE_ADDR": "2001:db8::7"},
    {"REMOTE_ADDR": ""},
    # Behind a proxy on the same machine, whatever it adds.
    {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"HTTP_X_FORWARDED_PROTO": "https"},
    {"HTTP_X_FORWARDED_HOST": "localhost"},
    {"HTTP_X_REAL_IP": "127.0.0.1"},
    {"HTTP_FORWARDED": "for=127.0.0.1"},
    {"HTTP_VIA": "1.1 proxy"},
    {"SERVER_PROTOCOL": "HTTP/1.0"},  # what nginx speaks, and no browser
]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"])
def test_on_the_machine_itself_nothing_is_asked(client: Client, address: str) -> None:
    assert "Setup secret" not in client.get(page(), REMOTE_ADDR=address).content.decode()
    assert client.post(page(), GOOD, REMOTE_ADDR=address)["Location"] == "/"


@pytest.mark.parametrize("how", ELSEWHERE, ids=str)
def test_from_elsewhere_the_secret_is_asked(client: Client, how: dict[str, Any]) -> None:
    assert "Setup secret" in client.get(page(), **how).content.decode()
    for typed in ({}, {"setup_secret": "wrong"}, {"setup_secret": SECRET[:-1]}):
        answer = client.post(page(), GOOD | typed, **how)
        assert answer.status_code == 422
        assert "output of the server" in answer.content.decode()
        assert SECRET not in answer.content.decode()
    assert not User.objects.exists()
    assert client.post(page(), GOOD | {"setup_secret": SECRET}, **how)["Location"] == "/"
    assert User.objects.get().is_superuser


def test_a_server_that_others_reach_asks_everybody(client: Client, settings: Settings) -> None:
    settings.LIGHTLY_LOCAL_ONLY = False
    assert client.post(page(), GOOD).status_code == 422
    assert not User.objects.exists()


def test_the_printed_link_fills_it_in(client: Client) -> None:
    html = client.get(page(), {"setup": SECRET}, REMOTE_ADDR="192.0.2.7").content.decode()
    (field,) = re.findall(r'<input[^>]*name="setup_secret"[^>]*>', html)
    assert f'value="{SECRET}"' in field


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, True),
        ({"BIND": "127.0.0.2"}, True),
        ({"BIND": "::1"}, True),
        ({"BIND": "0.0.0.0"}, False),  # noqa: S104
        ({"BIND": "10.0.0.5"}, False),
        ({"LIGHTLY_HTTPS": "1"}, False),
        ({"LIGHTLY_TRUSTED_PROXIES": "1"}, False),
        ({"ALLOWED_HOSTS": "localhost,127.0.0.1"}, True),
        ({"ALLOWED_HOSTS": "localhost,lightly.example.com"}, False),
        ({"ALLOWED_HOSTS": "*"}, False),
        ({"LIGHTLY_PUBLIC_URL": "http://localhost:8000"}, True),
        ({"LIGHTLY_PUBLIC_URL": "https://lightly.example.com"}, False),
        ({"CSRF_TRUSTED_ORIGINS": "https://lightly.example.com"}, False),
    ],
    ids=str,
)
def test_which_server_is_for_its_own_machine_alone(variables: dict[str, str], expected: bool) -> None:
    assert local_only(read_environment(variables)) is expected
