"""What administrators do to people, teams and tokens in the admin panel."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from teams.admin import services as administration
from teams.models import ApiToken, Membership, Role, Team, User
from teams.service_accounts import services as service_accounts
from teams.services import create_token
from tests.conftest import PASSWORD, Login, person

pytestmark = pytest.mark.django_db
PEOPLE = "/admin/teams/user/"
BACKENDS = ["teams.backends.PasswordBackend", "teams.backends.AllauthBackend"]


@pytest.fixture
def chief(db: None) -> User:
    return User.objects.create_superuser("chief@example.com", PASSWORD)


@pytest.fixture
def panel(login: Login, chief: User) -> Client:
    return login(chief)


def act(client: Client, path: str, action: str, *rows: Any, **more: str) -> Any:
    """Choose the action, and say yes to its question."""
    return client.post(
        path, {"action": action, "_selected_action": [row.pk for row in rows], "confirmed": "1", **more}, follow=True
    )


def told(answer: Any) -> str:
    return " ".join(str(message) for message in answer.context["messages"])


def logged(row: Any) -> list[str]:
    found = LogEntry.objects.filter(object_id=str(row.pk)).order_by("pk")
    return [entry.get_change_message() for entry in found]


# --- actions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["disable", "enable", "remove_second_factors"])
def test_actions_ask_first(panel: Client, bob: User, action: str) -> None:
    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={"secret": "x"})
    before = (User.objects.get(pk=bob.pk).is_active, Authenticator.objects.count())
    answer = panel.post(PEOPLE, {"action": action, "_selected_action": bob.pk})
    assert answer.status_code == 200
    assert answer.context["title"].endswith("?")
    assert bob.email in answer.content.decode()
    assert (User.objects.get(pk=bob.pk).is_active, Authenticator.objects.count()) == before
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("backend", BACKENDS)
def test_who_is_disabled_is_out_at_once(panel: Client, bob: User, alice: User, backend: str) -> None:
    theirs, others, api = Client(), Client(), Client()
    theirs.force_login(bob, backend)
    others.force_login(alice, backend)
    token = create_token(user=bob, name="notebook")
    assert theirs.get("/").status_code == 200
    assert api.get("/v1/datasets", {"token": token}).status_code == 200

    answer = act(panel, PEOPLE, "disable", bob)
    assert "1 of 1 disabled" in told(answer)
    assert logged(bob) == ["Disabled."]
    assert theirs.get("/")["Location"].startswith(reverse("account_login"))
    assert api.get("/v1/datasets", {"token": token}).status_code == 401
    assert others.get("/").status_code == 200

    act(panel, PEOPLE, "enable", bob)
    assert logged(bob) == ["Disabled.", "Enabled."]
    assert api.get("/v1/datasets", {"token": token}).status_code == 200
    # What was open on a screen somewhere has ended for good.
    assert theirs.get("/").status_code == 302


def test_the_tick_on_their_page_does_the_same(panel: Client, bob: User) -> None:
    theirs = Client()
    theirs.force_login(bob, BACKENDS[0])
    path = f"{PEOPLE}{bob.pk}/change/"
    assert panel.post(path, {**management(), "email": bob.email, "name": "Bob"}).status_code == 302
    bob.refresh_from_db()
    assert not bob.is_active
    User.objects.filter(pk=bob.pk).update(is_active=True)
    assert theirs.get("/").status_code == 302


def test_sessions_that_cannot_be_read_stop_nothing(bob: User) -> None:
    Session.objects.create(
        session_key="broken", session_data="no session", expire_date=timezone.now().replace(year=2999)
    )
    theirs = Client()
    theirs.force_login(bob, BACKENDS[0])
    assert administration.end_sessions({bob.pk}) == 1


def test_nobody_locks_everybody_out(panel: Client, chief: User, bob: User) -> None:
    assert "Nobody was disabled" in told(act(panel, PEOPLE, "disable", chief, bob))
    assert User.objects.filter(is_active=True).count() == 2
    other = User.objects.create_superuser("second@example.com", PASSWORD)
    act(panel, PEOPLE, "disable", other)
    assert not User.objects.get(pk=other.pk).is_active
    path = f"{PEOPLE}{chief.pk}/change/"
    answer = panel.post(path, {**management(), "email": chief.email, "is_active": "on", "is_staff": "on"})
    assert "last person who may change things" in answer.content.decode()
    answer = panel.post(path, {**management(), "email": chief.email, "is_active": "on", "is_superuser": "on"})
    assert "allowed to open the admin panel" in answer.content.decode()
    assert panel.post(f"{PEOPLE}{chief.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.get(pk=chief.pk).is_superuser


def test_who_did_something_here_can_only_be_disabled(panel: Client, chief: User, bob: User) -> None:
    second = User.objects.create_superuser("second@example.com", PASSWORD)
    other = Client()
    other.force_login(second, BACKENDS[0])
    act(other, PEOPLE, "remove_second_factors", bob)
    assert "log entry" in panel.get(f"{PEOPLE}{second.pk}/delete/").content.decode()
    assert panel.post(f"{PEOPLE}{second.pk}/delete/", {"post": "yes"}).status_code == 403
    # Others are, with their tokens and all that is theirs alone.
    create_token(user=bob, name="notebook")
    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={"secret": "x"})
    EmailAddress.objects.create(user=bob, email=bob.email)
    assert panel.post(f"{PEOPLE}{bob.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=bob.pk).exists()
    act(panel, PEOPLE, "delete_selected", second, chief, post="yes")
    assert User.objects.count() == 2


def test_a_demanded_second_factor_is_demanded_here_too(panel: Client, chief: User, team: Team) -> None:
    Team.objects.update(mfa_required=True)
    Membership.objects.create(team=team, user=chief)
    assert panel.get("/admin/")["Location"] == reverse("mfa_index")


def test_second_factors_are_removed(panel: Client, bob: User, alice: User) -> None:
    for kind in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
        Authenticator.objects.create(user=bob, type=kind, data={"secret": "x"})
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert "Removed from 1 of 1" in told(act(panel, PEOPLE, "remove_second_factors", bob))
    assert [each.user for each in Authenticator.objects.all()] == [alice]


def test_tokens_are_revoked(panel: Client, bob: User) -> None:
    token, other = create_token(user=bob, name="lost"), create_token(user=bob, name="kept")
    lost = ApiToken.objects.get(name="lost")
    path = "/admin/teams/apitoken/"
    assert "1 revoked" in told(act(panel, path, "revoke", lost))
    assert logged(lost) == ["Revoked."]
    client = Client()
    assert client.get("/v1/datasets", {"token": token}).status_code == 401
    assert client.get("/v1/datasets", {"token": other}).status_code == 200
    assert "0 revoked" in told(act(panel, path, "revoke", lost))
    for state, names in {"REVOKED": ["lost"], "ACTIVE": ["kept"], "EXPIRED": []}.items():
        found = panel.get(path, {"state": state}).context["cl"].result_list
        assert [each.name for each in found] == names


def test_all_of_a_list_at_once(panel: Client, alice: User) -> None:
    """Beyond the page that is shown; the question is asked for all of them too."""
    for number in range(130):
        create_token(user=alice, name=f"token {number}")
    path, one = "/admin/teams/apitoken/", ApiToken.objects.first()
    assert one
    question = panel.post(path, {"action": "revoke", "_selected_action": one.pk, "select_across": "1", "index": "0"})
    assert question.context["count"] == 130
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', question.content.decode()))
    panel.post(path, hidden)
    assert ApiToken.objects.filter(revoked_at=None).count() == 0


# --- people ---------------------------------------------------------------------------------------------------------


def management(**values: str) -> dict[str, str]:
    """Hidden numbers of the two inlines on the page of a person or a team."""
    numbers = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}
    both = {f"{prefix}-{name}": value for prefix in ("memberships", "memberships-2") for name, value in numbers.items()}
    return {**both, **values}


def test_a_new_person_gets_a_link_and_chooses_a_password(panel: Client, team: Team) -> None:
    data = {"email": "Dora@Example.com", "name": "Dora", "memberships-0-team": team.name, "memberships-0-role": "ADMIN"}
    answer = panel.post(f"{PEOPLE}add/", {**management(**{"memberships-TOTAL_FORMS": "1"}), **data})
    dora = User.objects.get(email="dora@example.com")
    assert answer["Location"] == f"{PEOPLE}{dora.pk}/password-link/"
    assert not dora.has_usable_password()
    assert [membership.role for membership in dora.memberships.all()] == [Role.ADMIN]

    where = answer["Location"]
    assert "/accounts/password/reset/key/" not in panel.get(where).content.decode()
    answer = panel.post(where)
    assert "no-store" in answer["Cache-Control"]
    (link,) = re.findall(r"http://testserver(/accounts/password/reset/key/[^<\"]+)", answer.content.decode())
    assert "Created a link to choose a password." in logged(dora)
    assert not [message for message in logged(dora) if "reset/key" in message]

    browser = Client()
    form = browser.get(link, follow=True)
    there = form.redirect_chain[-1][0]
    browser.post(there, {"password1": "another-long-secret-7", "password2": "another-long-secret-7"})
    assert browser.login(email="dora@example.com", password="another-long-secret-7")
    assert "no longer works" in Client().get(link, follow=True).content.decode()


def test_a_taken_address_and_a_disabled_person(panel: Client, bob: User) -> None:
    answer = panel.post(f"{PEOPLE}add/", {**management(), "email": "BOB@example.com"})
    assert "already exists" in answer.content.decode()
    User.objects.filter(pk=bob.pk).update(is_active=False)
    answer = panel.post(f"{PEOPLE}{bob.pk}/password-link/")
    assert "Enable them first" in answer.content.decode()
    assert panel.post(f"{PEOPLE}{'0' * 24}/password-link/").status_code == 404


def test_links_are_for_superusers(login: Login, bob: User) -> None:
    looker = User.objects.create_user("looker@example.com", PASSWORD, is_staff=True)
    client = login(looker)
    for path in (f"{PEOPLE}{bob.pk}/password-link/", f"{PEOPLE}{bob.pk}/password/"):
        assert client.get(path).status_code == 403
        assert client.post(path, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 403


def test_a_password_can_be_set(panel: Client, bob: User) -> None:
    data = {"usable_password": "true", "password1": "another-long-secret-7", "password2": "another-long-secret-7"}
    assert panel.post(f"{PEOPLE}{bob.pk}/password/", data).status_code == 302
    bob.refresh_from_db()
    assert bob.check_password("another-long-secret-7")


def test_an_old_address_signs_nobody_in(panel: Client, bob: User) -> None:
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True, primary=True)
    data = {"email": "robert@example.com", "is_active": "on"}
    assert panel.post(f"{PEOPLE}{bob.pk}/change/", {**management(), **data}).status_code == 302
    assert not EmailAddress.objects.filter(email="bob@example.com").exists()
    browser = Client()
    browser.post(reverse("account_login"), {"login": "bob@example.com", "password": PASSWORD})
    assert browser.get("/").status_code == 302
    browser.post(reverse("account_login"), {"login": "robert@example.com", "password": PASSWORD})
    assert browser.get("/").status_code == 200


def test_second_factor_filter(panel: Client, bob: User, chief: User) -> None:
    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={"secret": "x"})
    Authenticator.objects.create(user=chief, type=Authenticator.Type.RECOVERY_CODES, data={"seed": "x"})
    for answer, people in {"yes": {bob}, "no": {chief}}.items():
        assert set(panel.get(PEOPLE, {"second_factor": answer}).context["cl"].result_list) == people


# --- a team keeps an owner ------------------------------------------------------------------------------------------


def test_the_last_owner_stays(panel: Client, team: Team, alice: User, bob: User) -> None:
    hers, his = alice.memberships.get(), bob.memberships.get()
    page = f"/admin/teams/membership/{hers.pk}/"
    assert "A team needs an owner" in panel.post(f"{page}change/", {"role": "MEMBER"}).content.decode()
    for path in (f"{page}delete/", f"{PEOPLE}{alice.pk}/delete/"):
        assert "would have no owner" in panel.get(path).content.decode()
        panel.post(path, {"post": "yes"})
    selected = {"action": "delete_selected", "_selected_action": [hers.pk, his.pk], "post": "yes"}
    panel.post("/admin/teams/membership/", selected)
    for row, path in ((hers, f"/admin/teams/team/{team.pk}/change/"), (hers, f"{PEOPLE}{alice.pk}/change/")):
        inline = {"memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "1", "memberships-0-id": str(row.pk)}
        person_fields = {"email": alice.email, "is_active": "on", "name": "Acme Vision", "recheck_hours": "6"}
        for change in ({"role": "MEMBER"}, {"role": "OWNER", "DELETE": "on"}):
            inlines = {**inline, **{f"memberships-0-{name}": value for name, value in change.items()}}
            answer = panel.post(path, {**management(**inlines), **person_fields})
            assert "A team needs an owner" in answer.content.decode(), path
    assert Membership.objects.get(pk=hers.pk).role == Role.OWNER


def test_owners_change_places(panel: Client, team: Team, alice: User, bob: User) -> None:
    rows = sorted([alice.memberships.get(), bob.memberships.get()], key=lambda row: row.pk)
    data = {"name": team.name, "recheck_hours": "6", "memberships-TOTAL_FORMS": "2", "memberships-INITIAL_FORMS": "2"}
    for number, row in enumerate(rows):
        role = "MEMBER" if row.user_id == alice.pk else "OWNER"
        data |= {f"memberships-{number}-id": str(row.pk), f"memberships-{number}-role": role}
    assert panel.post(f"/admin/teams/team/{team.pk}/change/", management(**data)).status_code == 302
    assert bob.memberships.get().role == Role.OWNER
    assert alice.memberships.get().role == Role.MEMBER


def test_a_member_is_added_on_the_page_of_the_team(panel: Client, team: Team, alice: User, charlie: User) -> None:
    hers = alice.memberships.get()
    data = {
        "name": "Acme",
        "recheck_hours": "12",
        "mfa_required": "on",
        "memberships-TOTAL_FORMS": "1",
        "memberships-INITIAL_FORMS": "1",
        "memberships-0-id": str(hers.pk),
        "memberships-0-role": "OWNER",
        "memberships-2-TOTAL_FORMS": "1",
        "memberships-2-0-user": "Charlie@example.com",
        "memberships-2-0-role": "ADMIN",
    }
    assert panel.post(f"/admin/teams/team/{team.pk}/change/", management(**data)).status_code == 302
    team.refresh_from_db()
    assert (team.name, team.recheck_hours, team.mfa_required) == ("Acme", 12, True)
    assert team.memberships.get(user=charlie).role == Role.ADMIN
    again = panel.post(f"/admin/teams/team/{team.pk}/change/", management(**data)).content.decode()
    assert "charlie@example.com is in Acme already" in again


def test_memberships_are_added_by_address_and_name(panel: Client, team: Team, charlie: User) -> None:
    path, data = "/admin/teams/membership/add/", {"user": charlie.email, "team": team.name, "role": "MEMBER"}
    wrong = {
        "user": ("nobody@example.com", "Nobody has this address"),
        "team": ("Elsewhen", "There is no team"),
        "role": ("KING", "not one of the available choices"),
    }
    for field, (value, sentence) in wrong.items():
        assert sentence in panel.post(path, {**data, field: value}).content.decode()
    Team.objects.create(name=team.name)
    assert "Several teams have this name" in panel.post(path, data).content.decode()
    assert panel.post(path, {**data, "team": team.pk}).status_code == 302
    assert team.memberships.filter(user=charlie).exists()
    assert "already exists" in panel.post(path, {**data, "team": team.pk}).content.decode()


def test_service_accounts_stay_what_they_are(panel: Client, team: Team, alice: User, bob: User, charlie: User) -> None:
    """As owners their tokens would open everything, in two teams the managers of each could make tokens for both."""
    account = service_accounts.create(team=team, name="nightly", by=alice)
    elsewhere = charlie.teams.get()
    before = set(Membership.objects.values_list("team", "user", "role"))
    for row, role in ((account.memberships.get(), "OWNER"), (bob.memberships.get(), "SERVICEACCOUNT")):
        answer = panel.post(f"/admin/teams/membership/{row.pk}/change/", {"role": role})
        assert "The role of a service account" in answer.content.decode()
        inline = {"memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "1", "memberships-0-id": str(row.pk)}
        fields = {**inline, "memberships-0-role": role, "email": row.user.email, "is_active": "on"}
        answer = panel.post(f"{PEOPLE}{row.user_id}/change/", management(**fields))
        assert "The role of a service account" in answer.content.decode()
    for user, role, words in (
        (account, "SERVICEACCOUNT", "stays in the team that made it"),
        (account, "MEMBER", "stays in the team that made it"),
        (bob, "SERVICEACCOUNT", "become a service account"),
    ):
        data = {"user": user.email, "team": elsewhere.pk, "role": role}
        assert words in panel.post("/admin/teams/membership/add/", data).content.decode()
        new = {"memberships-2-TOTAL_FORMS": "1", "memberships-2-0-team": elsewhere.pk, "memberships-2-0-role": role}
        fields = {**new, "email": user.email, "is_active": "on"}
        assert words in panel.post(f"{PEOPLE}{user.pk}/change/", management(**fields)).content.decode()
    assert set(Membership.objects.values_list("team", "user", "role")) == before


def test_a_disabled_owner_is_none(panel: Client, team: Team, alice: User) -> None:
    other = person("other@example.com", team, Role.OWNER)
    User.objects.filter(pk=other.pk).update(is_active=False)
    page = f"/admin/teams/membership/{alice.memberships.get().pk}/"
    assert "A team needs an owner" in panel.post(f"{page}change/", {"role": "MEMBER"}).content.decode()
    assert "would have no owner" in panel.get(f"{page}delete/").content.decode()


def test_big_teams_link_to_their_members(panel: Client, team: Team, django_assert_max_num_queries: Any) -> None:
    for number in range(60):
        person(f"member{number}@example.com", team)
    with django_assert_max_num_queries(14):
        html = panel.get(f"/admin/teams/team/{team.pk}/change/").content.decode()
    assert "member7@example.com" not in html
    listing = f"/admin/teams/membership/?team={team.pk}"
    assert listing in html
    assert "60 in this team" in html
    assert panel.get(listing).context["cl"].result_count == 60
    assert panel.get("/admin/teams/membership/?team=%00").context["cl"].result_count == 60
    Membership.objects.filter(user__email__gte="member2").delete()
    with django_assert_max_num_queries(14):
        html = panel.get(f"/admin/teams/team/{team.pk}/change/").content.decode()
    assert html.count("@example.com") >= Membership.objects.count() > 1
