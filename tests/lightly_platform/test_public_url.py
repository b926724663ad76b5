"""The address that people open: forms from it are accepted, and all links begin with it, whatever Host is asked for."""

import re
from collections.abc import Callable, Iterable

import pytest
from django.conf import settings as configured
from django.core import mail
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from clouds import CloudConfig
from core.web.navigation import CLIENT
from core.web.public_address import PublicAddressMiddleware
from datasets.models import Dataset
from datasources.models import Purpose
from datasources.services import save
from teams.invitations import services as invitations
from teams.invitations import tasks
from teams.models import User
from tests.conftest import Login

PUBLIC = "https://lightly.example.com"
# A name that the server answers to as well: whoever sends it chooses where links lead, if they follow it.
OTHER = "localhost"


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


@pytest.fixture
def public(settings: Settings) -> None:
    settings.LIGHTLY_PUBLIC_URL = PUBLIC
    settings.LIGHTLY_PUBLIC_URL_IS_SET = True
    settings.LIGHTLY_SENDS_MAIL = False


def new_password(client: Client, dataset: Dataset) -> str:
    client.post(reverse("account_reset_password"), {"email": dataset.owner.email}, headers={"host": OTHER})
    return str(mail.outbox[-1].body)


def no_such_account(client: Client, dataset: Dataset) -> str:
    client.post(reverse("account_reset_password"), {"email": "nobody@example.com"}, headers={"host": OTHER})
    return "\n".join(str(message.body) for message in mail.outbox)


def invitation_on_screen(client: Client, dataset: Dataset) -> str:
    page = reverse("teams:invite", args=[dataset.team_id])
    typed = {"people": "zoe@example.com", "role": "MEMBER"}
    return client.post(page, typed, headers={"host": OTHER}).content.decode()


def invitation_by_mail(client: Client, dataset: Dataset) -> str:
    people = [invitations.Invited("zoe@example.com", "MEMBER")]
    (made,) = invitations.invite(team=dataset.team, people=people, by=dataset.owner)
    tasks.mail_invitation(made.pk)
    return str(mail.outbox[-1].body)


def grant_link(client: Client, dataset: Dataset) -> str:
    page = reverse("datasources:grant_links", args=[dataset.pk, "input"])
    return client.post(page, headers={"host": OTHER}, follow=True).content.decode()


def password_from_staff(client: Client, dataset: Dataset) -> str:
    page = reverse("admin:teams_user_password_link", args=[dataset.owner_id])
    return client.post(page, headers={"host": OTHER}).content.decode()


def python_code(client: Client, dataset: Dataset) -> str:
    return client.get(CLIENT.url(), headers={"host": OTHER}).content.decode()


KINDS: list[tuple[Callable[[Client, Dataset], str], str]] = [
    (new_password, f"{PUBLIC}/accounts/password/reset/key/"),
    (no_such_account, ""),
    (invitation_on_screen, f"{PUBLIC}/invitation/?token="),
    (invitation_by_mail, f"{PUBLIC}/invitation/?token="),
    (grant_link, f"{PUBLIC}/grant/?token="),
    (password_from_staff, f"{PUBLIC}/accounts/password/reset/key/"),
    (python_code, PUBLIC),
]


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize(("kind", "link"), KINDS, ids=[kind.__name__ for kind, _ in KINDS])
def test_every_kind_of_link_leads_to_it(
    login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig, kind: Callable[..., str], link: str
) -> None:
    save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    text = kind(login(alice), dataset)
    assert link in text
    assert f"//{OTHER}" not in text


def addresses(locations: Iterable[str | None]) -> list[str]:
    """What libraries and our own views make of these, behind the middleware."""
    made: list[str] = []

    def view(request: object) -> HttpResponse:
        made.extend(request.build_absolute_uri(location) for location in locations)  # type: ignore[attr-defined]
        return HttpResponse()

    PublicAddressMiddleware(view)(RequestFactory().get("/v1/datasets/", {"a": "b"}, headers={"host": OTHER}))
    return made


LOCATIONS = [None, "/x/?y=ü", "z", "https://elsewhere.example.com/"]


def test_whatever_makes_an_absolute_address_gets_it(public: None) -> None:
    assert addresses(LOCATIONS) == [
        f"{PUBLIC}/v1/datasets/?a=b",
        f"{PUBLIC}/x/?y=%C3%BC",
        f"{PUBLIC}/v1/datasets/z",
        "https://elsewhere.example.com/",
    ]


def test_until_an_operator_sets_it_the_host_counts(settings: Settings) -> None:
    """Then nobody knows a better one: a server may have several names."""
    settings.LIGHTLY_PUBLIC_URL_IS_SET = False
    assert addresses(LOCATIONS)[1] == f"http://{OTHER}/x/?y=%C3%BC"
