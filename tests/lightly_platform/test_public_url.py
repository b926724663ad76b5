"""Forms of the address that people open are accepted, also where the proxy tells the host without its port."""

import re

from django.conf import settings as configured
from django.test import Client
from pytest_django import Settings

from teams.models import User


def test_the_public_address_is_a_trusted_origin() -> None:
    assert configured.LIGHTLY_PUBLIC_URL in configured.CSRF_TRUSTED_ORIGINS


def test_forms_behind_a_proxy_on_another_port(alice: User, settings: Settings) -> None:
    settings.LIGHTLY_PUBLIC_URL = "https://testserver:8443"
    settings.CSRF_TRUSTED_ORIGINS = ["https://testserver:8443"]
    client = Client(enforce_csrf_checks=True)
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/accounts/login/").content.decode())
    assert found
    typed = {"login": "nobody@example.com", "password": "wrong", "csrfmiddlewaretoken": found[1]}
    answers = {
        origin: client.post("/accounts/login/", typed, headers={"Origin": origin}).status_code
        for origin in ("https://testserver:8443", "https://evil.example.com")
    }
    assert answers["https://testserver:8443"] != 403
    assert answers["https://evil.example.com"] == 403
