"""A share belongs to whoever has the address: an account whose address nobody proved opens nothing by it."""

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from datasets.access import datasets_for
from datasets.models import Dataset
from datasets.services import share_dataset
from teams import services
from teams.invitations import tasks
from teams.invitations.links import path_of
from teams.invitations.services import Invited, ask_to_join, invite, set_join_domain
from teams.models import Invitation, Role, Team, User
from tests.conftest import PASSWORD, Login
from tests.teams.invitations.people import LINK

pytestmark = pytest.mark.django_db
ZOE = "zoe@example.com"
ACCOUNT = {"name": "Zoe", "password": PASSWORD}


def open_link(link: str) -> None:
    """As a browser without a session does it: with a new account."""
    path = link.partition("/invitation/")[2]
    assert Client().post(f"/invitation/{path}", ACCOUNT)["Location"] == "/"


def link_on_screen(login: Login, by: User, email: str, role: str = "member") -> str:
    """Without a mail server the links are shown to whoever invites."""
    page = reverse("teams:invite", args=[by.memberships.get().team_id])
    html = login(by).post(page, {"people": f"{email}, {role}", "role": "MEMBER"}).content.decode()
    (link,) = set(LINK.findall(html))
    return str(link)


def what_zoe_sees() -> list[Dataset]:
    return list(datasets_for(User.objects.get(email=ZOE)))


@pytest.fixture
def shared(dataset: Dataset) -> Dataset:
    """Alice's, shared with an address that nobody has yet."""
    share_dataset(dataset=dataset, emails=[ZOE])
    return dataset


def test_an_invitation_into_a_team_of_ones_own_opens_nothing_of_others(
    login: Login, charlie: User, shared: Dataset
) -> None:
    """Charlie gives himself an account with Zoe's address."""
    open_link(link_on_screen(login, charlie, ZOE))
    assert what_zoe_sees() == []
    token = services.create_token(user=User.objects.get(email=ZOE), name="script")
    assert Client().get(f"/v1/datasets/{shared.pk}", {"token": token}).status_code == 404
    assert Client().get("/v1/datasets", {"token": token, "shared": "true"}).json() == []


def test_nor_does_it_open_what_is_shared_later(login: Login, charlie: User, dataset: Dataset) -> None:
    open_link(link_on_screen(login, charlie, ZOE))
    share_dataset(dataset=dataset, emails=[ZOE])
    assert what_zoe_sees() == []


def test_the_sharing_teams_own_invitation_opens_it(login: Login, alice: User, shared: Dataset) -> None:
    html = login(alice).post(reverse("datasets:invite_guest", args=[shared.pk]), {"email": ZOE}).content.decode()
    (link,) = set(LINK.findall(html))
    open_link(link)
    assert what_zoe_sees() == [shared]


def test_it_opens_nothing_of_other_teams(login: Login, alice: User, charlie: User, shared: Dataset) -> None:
    elsewhere = Dataset.objects.create(name="of-charlie", owner=charlie, team=charlie.memberships.get().team)
    share_dataset(dataset=elsewhere, emails=[ZOE])
    (made,) = invite(team=shared.team, people=[Invited(ZOE, "")], by=alice)
    open_link(path_of(made))
    assert what_zoe_sees() == [shared]


def test_the_sharing_team_sees_it_and_can_vouch_for_the_account(
    login: Login, alice: User, charlie: User, shared: Dataset
) -> None:
    open_link(link_on_screen(login, charlie, ZOE))
    page = reverse("datasets:sharing", args=[shared.pk])
    html = login(alice).get(page).content.decode()
    assert "has access" not in html
    assert "address not confirmed" in html
    html = login(alice).post(reverse("datasets:invite_guest", args=[shared.pk]), {"email": ZOE}).content.decode()
    (link,) = set(LINK.findall(html))
    zoe = User.objects.get(email=ZOE)
    login(zoe).post(link.removeprefix("http://testserver"))
    assert what_zoe_sees() == [shared]
    assert "has access" in login(alice).get(page).content.decode()


@pytest.fixture
def mails(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with EMAIL_URL; the worker is this process."""
    settings.LIGHTLY_SENDS_MAIL = True
    monkeypatch.setattr(tasks, "dispatch_invitation", tasks.mail_invitation)


@pytest.mark.usefixtures("mails")
class TestByMail:
    def test_a_mailed_link_proves_the_address(self, charlie: User, shared: Dataset) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.db.transaction.on_commit", lambda call: call())
            invite(team=charlie.memberships.get().team, people=[Invited(ZOE, Role.MEMBER)], by=charlie)
        (link,) = set(LINK.findall(str(mail.outbox[0].body)))
        open_link(link)
        assert what_zoe_sees() == [shared]

    def test_a_link_that_was_on_screen_before_does_not(
        self, settings: Settings, login: Login, charlie: User, shared: Dataset
    ) -> None:
        """The mail server came later, and the link was mailed once more because "Zoe" asked for it."""
        settings.LIGHTLY_SENDS_MAIL = False
        link = link_on_screen(login, charlie, ZOE)
        settings.LIGHTLY_SENDS_MAIL = True
        set_join_domain(team=charlie.memberships.get().team, domain="example.com", by=charlie)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("django.db.transaction.on_commit", lambda call: call())
            ask_to_join(email=ZOE)
        assert Invitation.objects.get().mailed_at
        open_link(link)
        assert what_zoe_sees() == []

    def test_a_new_password_by_a_mailed_link_proves_it_too(
        self, login: Login, charlie: User, shared: Dataset, client: Client
    ) -> None:
        (made,) = invite(team=charlie.memberships.get().team, people=[Invited(ZOE, Role.MEMBER)], by=charlie)
        open_link(path_of(made))
        choose_password(client)
        assert what_zoe_sees() == [shared]

    def test_but_not_while_whoever_made_the_account_has_another_way_in(
        self, charlie: User, shared: Dataset, client: Client
    ) -> None:
        (made,) = invite(team=charlie.memberships.get().team, people=[Invited(ZOE, Role.MEMBER)], by=charlie)
        open_link(path_of(made))
        token = services.create_token(user=User.objects.get(email=ZOE), name="kept by charlie")
        choose_password(client)
        assert client.get(f"/v1/datasets/{shared.pk}", {"token": token}).status_code == 404


def choose_password(client: Client) -> None:
    """By the link that a person gets who forgot theirs."""
    client.post(reverse("account_reset_password"), {"email": ZOE})
    (path,) = {
        word.partition("//")[2].partition("/")[2]
        for word in str(mail.outbox[-1].body).split()
        if "/password/reset/key/" in word
    }
    form = client.get(f"/{path}", follow=True).request["PATH_INFO"]
    new = {"password1": "another-secret-8", "password2": "another-secret-8"}
    assert client.post(form, new).status_code == 302
    assert User.objects.get(email=ZOE).check_password("another-secret-8")


@pytest.mark.parametrize("how", ["operator", "first owner"])
def test_who_runs_the_installation_vouches_for_whom_they_make(
    alice: User, shared: Dataset, team: Team, how: str
) -> None:
    if how == "operator":
        services.create_user(email=ZOE, password=PASSWORD, team=Team.objects.create(name="Elsewhere"))
    else:
        User.objects.create_superuser(ZOE, PASSWORD)
    assert what_zoe_sees() == [shared]
