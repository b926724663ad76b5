import pytest
from django.core.exceptions import ValidationError

from teams import services
from teams.models import ApiToken, Membership, Role, Team, User

pytestmark = pytest.mark.django_db
PASSWORD = "quite-long-secret-7"


def test_the_first_person_owns_the_first_team() -> None:
    user = services.create_user(email="Ava@Example.com ", password=PASSWORD)
    assert user.email == "ava@example.com"
    assert user.check_password(PASSWORD)
    assert user.is_superuser
    assert Membership.objects.get(user=user).role == Role.OWNER


def test_later_people_join_the_same_team_as_members() -> None:
    services.create_user(email="ava@example.com", password=PASSWORD)
    bob = services.create_user(email="bob@example.com", password=PASSWORD)
    assert not bob.is_staff
    assert Membership.objects.get(user=bob).role == Role.MEMBER
    assert Team.objects.count() == 1


def test_a_role_can_be_given() -> None:
    services.create_user(email="ava@example.com", password=PASSWORD)
    admin = services.create_user(email="bob@example.com", password=PASSWORD, role=Role.ADMIN)
    assert admin.memberships.get().manages


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("not an address", PASSWORD, "email"),
        ("", PASSWORD, "email"),
        ("ava@example.com", "short", "password"),
        ("ava@example.com", "password1234", "password"),
    ],
)
def test_bad_input_names_the_field(email: str, password: str, field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        services.create_user(email=email, password=password)
    assert list(caught.value.message_dict) == [field]
    assert not User.objects.exists()


def test_an_address_has_one_account_whatever_its_case() -> None:
    services.create_user(email="ava@example.com", password=PASSWORD)
    with pytest.raises(ValidationError, match="has an account already"):
        services.create_user(email="AVA@example.com", password=PASSWORD)


def test_the_owner_is_created_once_only() -> None:
    services.create_owner(email="ava@example.com", password=PASSWORD, team_name="Acme")
    with pytest.raises(services.AlreadyInstalledError):
        services.create_owner(email="eve@example.com", password=PASSWORD, team_name="Evil")
    assert [user.email for user in User.objects.all()] == ["ava@example.com"]


def test_tokens_are_stored_hashed() -> None:
    user = services.create_user(email="ava@example.com", password=PASSWORD)
    token = services.create_token(user=user, name="notebook")
    stored = ApiToken.objects.get()
    assert stored.digest == services.token_digest(token)
    assert token not in repr(vars(stored))
    assert services.create_token(user=user, name="notebook") != token
