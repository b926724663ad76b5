"""API tokens and their pages. Tokens are personal: the team's owner sees and revokes nobody's but his own."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from teams import services
from teams.models import ApiToken, Scope, TokenState, User
from tests.conftest import Login, user_of_token

pytestmark = pytest.mark.django_db
IN_DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}
PAGE = "/tokens/"
TOKEN = re.compile(r"lp_[A-Za-z0-9_-]{43}")
TYPED = {"name": "training-server", "expires": "never"}


@pytest.fixture
def token(alice: User) -> ApiToken:
    services.create_token(user=alice, name="notebook")
    return ApiToken.objects.get()


def revoke_url(token: ApiToken) -> str:
    return reverse("teams:revoke_token", args=[token.pk])


class TestServices:
    def test_a_token_lets_in_until_it_expires(self, alice: User) -> None:
        soon = timezone.now() + timedelta(days=1)
        text = services.create_token(user=alice, name="notebook", expires_at=soon)
        assert user_of_token(text) == alice
        ApiToken.objects.update(expires_at=timezone.now())
        assert user_of_token(text) is None

    def test_a_revoked_one_lets_nobody_in(self, alice: User) -> None:
        text = services.create_token(user=alice, name="notebook")
        services.revoke_token(user=alice, token_id=ApiToken.objects.get().pk)
        assert user_of_token(text) is None

    def test_revoking_twice_keeps_the_first_moment(self, alice: User, token: ApiToken) -> None:
        first = services.revoke_token(user=alice, token_id=token.pk).revoked_at
        assert services.revoke_token(user=alice, token_id=token.pk).revoked_at == first

    def test_nobody_revokes_anothers(self, bob: User, token: ApiToken) -> None:
        with pytest.raises(ApiToken.DoesNotExist):
            services.revoke_token(user=bob, token_id=token.pk)

    @pytest.mark.parametrize(
        ("fields", "state"),
        [
            ({}, TokenState.ACTIVE),
            ({"expires_at": timezone.now() + timedelta(days=1)}, TokenState.ACTIVE),
            ({"expires_at": timezone.now() - timedelta(days=1)}, TokenState.EXPIRED),
            ({"revoked_at": timezone.now()}, TokenState.REVOKED),
            ({"revoked_at": timezone.now(), "expires_at": timezone.now() - timedelta(1)}, TokenState.REVOKED),
        ],
    )
    def test_states(self, fields: dict[str, datetime], state: TokenState) -> None:
        assert ApiToken(**fields).state is state


def test_everybody_sees_and_revokes_only_their_own(
    login: Login, alice: User, bob: User, charlie: User, token: ApiToken
) -> None:
    assert "notebook" in login(alice).get(PAGE).content.decode()
    assert login(alice).get(revoke_url(token)).status_code == 200
    for other in (bob, charlie):
        assert "notebook" not in login(other).get(PAGE).content.decode()
        assert login(other).get(revoke_url(token)).status_code == 404
        assert login(other).post(revoke_url(token)).status_code == 404
    token.refresh_from_db()
    assert token.state is TokenState.ACTIVE


def test_not_even_the_teams_owner_revokes_a_members(login: Login, alice: User, bob: User) -> None:
    services.create_token(user=bob, name="of bob")
    assert login(alice).post(revoke_url(bob.api_tokens.get())).status_code == 404


def test_strangers_are_sent_to_the_sign_in_page(client: Client, token: ApiToken) -> None:
    for page in (PAGE, revoke_url(token)):
        assert client.get(page)["Location"].startswith("/accounts/login/")
        assert client.post(page, TYPED)["Location"].startswith("/accounts/login/")
    assert ApiToken.objects.get().state is TokenState.ACTIVE


def test_looking_changes_nothing(login: Login, alice: User, token: ApiToken) -> None:
    before = list(ApiToken.objects.values())
    for page in (PAGE, revoke_url(token)):
        login(alice).get(page)
        login(alice).get(page, headers=IN_DIALOG)
    assert list(ApiToken.objects.values()) == before


class TestCreating:
    @pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "tokens"}])
    def test_it_is_shown_once_and_kept_nowhere(self, login: Login, alice: User, headers: dict[str, str]) -> None:
        client = login(alice)
        answer = client.post(PAGE, TYPED, headers=headers)
        html = answer.content.decode()
        (text,) = set(TOKEN.findall(html))
        assert answer.status_code == 200
        assert user_of_token(text) == alice
        assert "no-store" in answer["Cache-Control"]
        assert not any(text in f"{name}{value}" for name, value in answer.items())
        assert text not in answer.cookies.output()
        assert text not in str([session.get_decoded() for session in Session.objects.all()])
        assert text not in client.get(PAGE).content.decode()

    def test_sending_the_form_again_makes_no_other(self, login: Login, alice: User) -> None:
        """As reloading the answer does."""
        login(alice).post(PAGE, TYPED)
        answer = login(alice).post(PAGE, TYPED)
        assert answer.status_code == 422
        assert "be shown again" in answer.content.decode()
        assert not TOKEN.search(answer.content.decode())
        assert ApiToken.objects.count() == 1

    def test_a_name_is_free_again_once_its_token_has_ended(self, login: Login, alice: User, bob: User) -> None:
        services.create_token(user=bob, name=TYPED["name"])
        for change in ({"revoked_at": timezone.now()}, {"expires_at": timezone.now()}):
            assert login(alice).post(PAGE, TYPED).status_code == 200
            alice.api_tokens.update(**change)
        assert login(alice).post(PAGE, TYPED).status_code == 200

    def test_its_rights_are_chosen(self, login: Login, alice: User) -> None:
        login(alice).post(PAGE, TYPED | {"scopes": ["runs"]})
        token = ApiToken.objects.get()
        assert token.scopes == "read runs"
        assert [token.may(scope) for scope in Scope] == [True, False, True, False]
        assert "read, runs" in login(alice).get(PAGE).content.decode()

    def test_what_is_chosen_unless_somebody_changes_it(self, login: Login, alice: User) -> None:
        """A year, and what scripts need: not the right to change people and with whom datasets are shared."""
        form = login(alice).get(PAGE).context["form"]
        assert form["expires"].initial == "365"
        assert set(form["scopes"].initial) == {"datasources", "runs"}
        html = login(alice).get(PAGE).content.decode()
        assert html.count("checked") == 2

    @pytest.mark.parametrize("days", [30, 90, 365])
    def test_it_ends_after_so_many_days(self, login: Login, alice: User, days: int) -> None:
        login(alice).post(PAGE, TYPED | {"expires": str(days), "last_day": "nonsense"})
        expires_at = ApiToken.objects.get().expires_at
        assert expires_at is not None
        assert abs(expires_at - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)

    def test_it_ends_with_the_chosen_day(self, login: Login, alice: User) -> None:
        login(alice).post(PAGE, TYPED | {"expires": "day", "last_day": "2100-02-28"})
        assert ApiToken.objects.get().expires_at == datetime(2100, 2, 28, 23, 59, 59, 999999, UTC)

    def test_today_is_the_first_possible_day(self, login: Login, alice: User) -> None:
        today = f"{timezone.now().date()}"
        assert login(alice).post(PAGE, TYPED | {"expires": "day", "last_day": today}).status_code == 200

    def test_never(self, login: Login, alice: User) -> None:
        login(alice).post(PAGE, TYPED)
        assert ApiToken.objects.get().expires_at is None

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"name": ""}, "The name is missing"),
            ({"name": "  "}, "The name is missing"),
            ({"name": "x" * 151}, "at most 150"),
            ({"name": "nul\0"}, "Null characters"),
            ({"expires": ""}, "required"),
            ({"scopes": ["everything"]}, "not one of the available choices"),
            ({"expires": "31"}, "not one of the available choices"),
            ({"expires": "day"}, "Choose a date"),
            ({"expires": "day", "last_day": "soon"}, "This is not a date"),
            ({"expires": "day", "last_day": "10000-01-01"}, "This is not a date"),
            ({"expires": "day", "last_day": "2020-01-01"}, "This date is in the past"),
        ],
    )
    def test_mistakes_are_told_beside_the_field(
        self, login: Login, alice: User, typed: dict[str, str], words: str
    ) -> None:
        answer = login(alice).post(PAGE, TYPED | typed)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert not ApiToken.objects.exists()

    def test_a_hostile_name_stays_text(self, login: Login, alice: User) -> None:
        html = login(alice).post(PAGE, TYPED | {"name": '"><script>alert(1)</script>'}).content.decode()
        assert "<script>alert" not in html
        assert ApiToken.objects.get().name == '"><script>alert(1)</script>'


class TestRevoking:
    def test_it_asks_once_more(self, login: Login, alice: User, token: ApiToken) -> None:
        page = login(alice).get(revoke_url(token)).content.decode()
        dialog = login(alice).get(revoke_url(token), headers=IN_DIALOG).content.decode()
        assert "Revoke notebook?" in page
        assert "<html" in page
        assert "Revoke notebook?" in dialog
        assert "<html" not in dialog

    @pytest.mark.parametrize(("headers", "leads_by"), [({}, "Location"), (IN_DIALOG, "HX-Redirect")])
    def test_it_leads_back_to_the_list(
        self, login: Login, alice: User, token: ApiToken, headers: dict[str, str], leads_by: str
    ) -> None:
        client = login(alice)
        assert client.post(revoke_url(token), headers=headers)[leads_by] == PAGE
        html = client.get(PAGE).content.decode()
        assert "notebook is revoked" in html
        assert "1 that expired or was revoked" in html
        assert revoke_url(token) not in html


class TestList:
    def test_it_tells_when(self, login: Login, alice: User, token: ApiToken) -> None:
        ApiToken.objects.update(last_used_at=timezone.now() - timedelta(hours=3))
        services.create_token(user=alice, name="ci", expires_at=datetime(2100, 2, 28, tzinfo=UTC))
        services.create_token(user=alice, name="old", expires_at=datetime(2020, 2, 28, tzinfo=UTC))
        html = " ".join(login(alice).get(PAGE).content.decode().replace("\xa0", " ").split())
        assert "3 hours ago" in html
        assert "28 Feb 2100" in html
        assert html.count(">Active<") == 2
        assert html.count(">Expired<") == 1
        assert html.count("/revoke/") == 4  # a link, and the same for htmx

    def test_without_any(self, login: Login, alice: User) -> None:
        assert "You have none." in login(alice).get(PAGE).content.decode()

    def test_queries_do_not_grow_with_it(self, login: Login, alice: User, token: ApiToken) -> None:
        client = login(alice)
        client.get(PAGE)
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as queries:
                client.get(PAGE)
            counts.append(len(queries))
            for number in range(5):
                services.create_token(user=alice, name=f"token {number}")
        assert counts[0] == counts[1]
