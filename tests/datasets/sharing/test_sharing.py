"""The card "Sharing" among a dataset's settings."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from datasets.access import datasets_for
from datasets.models import Dataset, SharedWith
from datasets.services import share_dataset
from teams.models import Invitation, Role, Team, User
from tests.conftest import PASSWORD, Call, Login, person

pytestmark = pytest.mark.django_db
IN_PLACE = {"HX-Request": "true", "HX-Target": "sharing"}
ZOE = "zoe@example.com"
LINK = re.compile(r"http://testserver(/invitation/\?token=[^\s<\"]+)")


def url(dataset: Dataset, name: str = "sharing") -> str:
    return reverse(f"datasets:{name}", args=[dataset.pk])


def addresses() -> list[str]:
    return sorted(SharedWith.objects.values_list("email", flat=True))


def test_who_may(login: Login, alice: User, bob: User, charlie: User, dataset: Dataset) -> None:
    for user, look, change in ((alice, 200, 302), (bob, 200, 403), (charlie, 404, 404)):
        client = login(user)
        assert client.get(url(dataset)).status_code == look
        assert client.post(url(dataset), {"emails": f"of-{user.email}"}).status_code == change
        assert client.post(url(dataset, "stop_sharing"), {"email": "x@example.com"}).status_code == change
    assert addresses() == ["of-alice@example.com"]
    assert "Sharing" in login(bob).get(f"/datasets/{dataset.pk}/settings/dataset/").content.decode()
    assert "Remove" not in login(bob).get(url(dataset)).content.decode()


def test_adding_keeps_who_is_there(login: Login, alice: User, charlie: User, dataset: Dataset) -> None:
    share_dataset(dataset=dataset, emails=[charlie.email])
    answer = login(alice).post(url(dataset), {"emails": f"ZOE@example.com; {charlie.email}"}, headers=IN_PLACE)
    html = answer.content.decode()
    assert "<html" not in html
    assert addresses() == [charlie.email, ZOE]
    assert html.count("has access") == 1
    assert html.count("pending: no account yet") == 1
    login(alice).post(url(dataset, "stop_sharing"), {"email": charlie.email})
    assert addresses() == [ZOE]
    assert login(charlie).get(url(dataset)).status_code == 404


def test_recipients_copied_from_a_mail_program(login: Login, alice: User, charlie: User, dataset: Dataset) -> None:
    typed = f'"Zoe, Miss" <{ZOE}>; Charlie <{charlie.email}>;'
    assert login(alice).post(url(dataset), {"emails": typed}).status_code == 302
    assert addresses() == [charlie.email, ZOE]


@pytest.mark.parametrize("typed", ["", " , ", "nonsense", f"{ZOE} nonsense", f"{'x' * 250}@example.com", "nul\0@x.com"])
def test_mistakes(login: Login, alice: User, dataset: Dataset, typed: str) -> None:
    for headers in ({}, IN_PLACE):
        answer = login(alice).post(url(dataset), {"emails": typed}, headers=headers)
        assert answer.status_code == 422
        assert "field__error" in answer.content.decode()
    assert addresses() == []


def test_a_guest_who_takes_themselves_off_is_led_home(login: Login, charlie: User, dataset: Dataset) -> None:
    share_dataset(dataset=dataset, emails=[charlie.email])
    assert login(charlie).post(url(dataset, "stop_sharing"), {"email": charlie.email})["Location"] == "/"


def test_a_pending_one_becomes_live_with_the_account(
    client: Client, login: Login, alice: User, dataset: Dataset, team: Team
) -> None:
    share_dataset(dataset=dataset, emails=[ZOE])
    Dataset.objects.create(name="not-shared", owner=alice, team=team)
    html = login(alice).post(url(dataset, "invite_guest"), {"email": ZOE}).content.decode()
    (link,) = set(LINK.findall(html))
    assert "invited" in login(alice).get(url(dataset)).content.decode()
    client.logout()
    assert "shares a dataset with you" in client.get(link).content.decode()
    client.post(link, {"name": "Zoe", "password": PASSWORD})
    client.logout()
    client.post("/accounts/login/", {"login": ZOE, "password": PASSWORD})
    html = client.get("/").content.decode()
    assert dataset.name in html
    assert "not-shared" not in html
    zoe = User.objects.get(email=ZOE)
    assert list(datasets_for(zoe)) == [dataset]
    assert client.get(f"/teams/{team.pk}/people/").status_code == 404


def test_only_managers_of_the_team_let_guests_in(login: Login, alice: User, bob: User, team: Team) -> None:
    of_bob = Dataset.objects.create(name="of-bob", owner=bob, team=team)
    share_dataset(dataset=of_bob, emails=[ZOE])
    assert "Invite<" not in login(bob).get(url(of_bob)).content.decode()
    assert login(bob).post(url(of_bob, "invite_guest"), {"email": ZOE}).status_code == 403
    assert login(alice).post(url(of_bob, "invite_guest"), {"email": "eve@example.com"}).status_code == 404
    assert not Invitation.objects.exists()
    admin = person("admin@example.com", team, Role.ADMIN)
    assert login(admin).post(url(of_bob, "invite_guest"), {"email": ZOE}).status_code == 200
    again = login(admin).post(url(of_bob, "invite_guest"), {"email": ZOE})
    assert again.status_code == 422
    assert "is invited already" in again.content.decode()


def test_queries_do_not_grow(login: Login, alice: User, dataset: Dataset) -> None:
    client = login(alice)
    client.get(url(dataset))
    counts = []
    for number in (1, 30):
        share_dataset(dataset=dataset, emails=[f"p{index}@example.com" for index in range(number)])
        with CaptureQueriesContext(connection) as queries:
            client.get(url(dataset))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_guests_work_on_it_but_neither_delete_nor_share_it(
    login: Login, call: Call, alice: User, charlie: User, dataset: Dataset
) -> None:
    share_dataset(dataset=dataset, emails=[charlie.email])
    tab, sharing = (reverse(name, args=[dataset.pk]) for name in ("datasources:dataset", "datasets:sharing"))
    page = login(charlie).get(tab).content.decode()
    assert "Rename" in page
    assert "Delete this dataset" not in page
    assert login(charlie).post(tab, {"confirm": dataset.name}).status_code == 403
    assert login(charlie).post(sharing, {"emails": "friend@example.com"}).status_code == 403
    access = f"/v1/datasets/{dataset.pk}/collaboration/access"
    assert call(charlie).delete(f"/v1/datasets/{dataset.pk}").status_code == 403
    assert call(charlie).post(access, {"accessType": "WRITE", "users": [], "creator": "x"}).status_code == 403
    assert call(charlie).delete(f"{access}/{dataset.shared_access.pk}").status_code == 403
    assert call(charlie).put(f"/v1/datasets/{dataset.pk}", {"name": "renamed"}).status_code == 204
    assert SharedWith.objects.get().email == charlie.email
    # They may go.
    login(charlie).post(reverse("datasets:stop_sharing", args=[dataset.pk]), {"email": charlie.email})
    assert not SharedWith.objects.exists()
