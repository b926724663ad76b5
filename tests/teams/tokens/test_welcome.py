import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from teams.models import Membership, Role, User

pytestmark = pytest.mark.django_db
GOOD = {
    "team_name": "Acme Vision",
    "email": "Ava@Example.com",
    "password": "quite-long-secret-7",
    "password_again": "quite-long-secret-7",
}


@pytest.fixture(autouse=True)
def at_the_machine(settings: Settings) -> None:
    settings.LIGHTLY_LOCAL_ONLY = True


@pytest.mark.parametrize("path", ["/", "/accounts/login/", "/datasets/new/", "/admin/"])
def test_until_somebody_exists_every_page_leads_to_the_welcome_page(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, reverse("teams:welcome"))


def test_the_first_visit_creates_and_signs_in_the_owner(client: Client) -> None:
    answer = client.post(reverse("teams:welcome"), GOOD)
    assert answer["Location"] == "/"
    owner = User.objects.get()
    assert owner.email == "ava@example.com"
    assert owner.is_superuser
    membership = Membership.objects.get()
    assert (membership.user, membership.role, membership.team.name) == (owner, Role.OWNER, "Acme Vision")
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password_again": "another-one-8"}, "The two passwords differ"),
        ({"password": "short", "password_again": "short"}, "too short"),
        ({"password": "ava@example.com", "password_again": "ava@example.com"}, "too similar"),
        ({"email": "ava"}, "valid e-mail"),
        ({"team_name": ""}, "required"),
    ],
)
def test_mistakes_are_told_and_nothing_is_created(client: Client, change: dict[str, str], words: str) -> None:
    answer = client.post(reverse("teams:welcome"), GOOD | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert GOOD["password"] not in answer.content.decode()
    assert not User.objects.exists()


def test_afterwards_the_welcome_page_is_closed(client: Client) -> None:
    client.post(reverse("teams:welcome"), GOOD)
    client.logout()
    eve = GOOD | {"email": "eve@example.com"}
    for answer in (client.get(reverse("teams:welcome")), client.post(reverse("teams:welcome"), eve)):
        assert answer["Location"] == "/"
    assert User.objects.count() == 1


def test_nobody_can_sign_up(client: Client, alice: User) -> None:
    answer = client.get("/accounts/signup/")
    assert b"password1" not in answer.content
    posted = {"email": "eve@example.com", "password1": GOOD["password"], "password2": GOOD["password"]}
    client.post("/accounts/signup/", posted)
    assert User.objects.get() == alice


def test_people_sign_in_with_their_address_in_any_case(client: Client, alice: User) -> None:
    answer = client.post("/accounts/login/", {"login": "ALICE@example.com", "password": "quite-long-secret-7"})
    assert answer["Location"] == "/"


def test_pages_want_somebody_signed_in(client: Client, alice: User) -> None:
    assert client.get("/")["Location"].startswith("/accounts/login/")
