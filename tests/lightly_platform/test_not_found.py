"""What is not there is told in the same words everywhere, and to programs in their shape."""

import pytest
from django.test import Client

from teams.models import User
from tests.conftest import Login

pytestmark = pytest.mark.django_db
NO_ID = "a" * 24


@pytest.mark.parametrize(
    "path",
    [
        "/nothing/",
        "/help/nothing/",
        f"/datasets/{NO_ID}/",
        f"/teams/{NO_ID}/people/",
        f"/jobs/{NO_ID}/",
        "/admin/nothing/",
        "/accounts/email/",
    ],
)
def test_pages(login: Login, alice: User, path: str) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)  # who may open the admin panel
    answer = login(alice).get(path)
    assert answer.status_code == 404
    page = answer.content.decode()
    assert "<h1>Page not found</h1>" in page
    assert "Go to the datasets" in page


def test_programs_get_json(client: Client) -> None:
    answer = client.get("/v1/nothing")
    assert answer.status_code == 404
    assert answer.json() == {
        "code": "NOT_FOUND",
        "error": "There is no GET /v1/nothing. See /v1/docs for what there is.",
    }
