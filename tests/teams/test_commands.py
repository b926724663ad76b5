import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from teams.models import ApiToken, User
from teams.services import token_digest

pytestmark = pytest.mark.django_db


def create(email: str, password: str, monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    call_command("createuser", email, "--password-stdin", *options, stderr=io.StringIO())


def test_createuser_reads_the_password_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    create("ava@example.com", " pass with spaces 7 ", monkeypatch, "--name", "Ava")
    user = User.objects.get(email="ava@example.com")
    assert user.check_password(" pass with spaces 7 ")
    assert user.name == "Ava"


def test_createuser_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="too short"):
        create("ava@example.com", "short", monkeypatch)
    assert not User.objects.exists()


def test_createtoken_prints_the_token_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    create("ava@example.com", "quite-long-secret-7", monkeypatch)
    out = io.StringIO()
    call_command("createtoken", "AVA@example.com", "--name", "notebook", stdout=out)
    token = out.getvalue().removesuffix("\n")
    assert token.split() == [token]
    assert ApiToken.objects.get().digest == token_digest(token)


@pytest.mark.parametrize(
    ("options", "scopes", "days"),
    [
        ([], "read datasources runs admin", 364),
        (["--rights", "runs", "--days", "30"], "read runs", 29),
        (["--days", "0"], "read datasources runs admin", None),
    ],
)
def test_createtoken_gives_rights_and_an_end(alice: User, options: list[str], scopes: str, days: int | None) -> None:
    call_command("createtoken", alice.email, *options, stdout=io.StringIO())
    token = ApiToken.objects.get()
    assert token.scopes == scopes
    assert (token.expires_at and (token.expires_at - timezone.now()).days) == days


def test_createtoken_refuses_a_time_before_now(alice: User) -> None:
    with pytest.raises(CommandError, match="between 0 and"):
        call_command("createtoken", alice.email, "--days", "-1")


def test_createtoken_for_nobody_says_how_to_create_the_person() -> None:
    with pytest.raises(CommandError, match=r"createuser eve@example\.com"):
        call_command("createtoken", "eve@example.com")
