import pytest
from django.urls import reverse

from datasets.models import Dataset
from datasources import services, tasks
from datasources.clouds import CloudConfig
from datasources.models import Alert, Datasource, Purpose
from datasources.transitions import AlertKind
from teams.models import ApiToken, User
from teams.services import create_token
from tests.conftest import SECRET, Login

pytestmark = pytest.mark.django_db
MODELS = [
    "teams_user",
    "teams_team",
    "teams_apitoken",
    "datasets_dataset",
    "datasources_datasource",
    "datasources_permissioncheck",
    "datasources_alert",
]


@pytest.fixture
def content(alice: User, dataset: Dataset, s3_config: CloudConfig, monkeypatch: pytest.MonkeyPatch) -> str:
    """One row of everything; returns the plain API token."""
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)
    services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    Alert.objects.create(datasource=Datasource.objects.get(), kind=AlertKind.BROKEN)
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    return create_token(user=alice, name="notebook")


def test_every_list_and_page_opens_and_shows_no_secret(login: Login, alice: User, content: str) -> None:
    alice.refresh_from_db()
    client = login(alice)
    sealed = Datasource.objects.get().sealed_config
    digest = ApiToken.objects.get().digest
    for model in MODELS:
        listing = client.get(reverse(f"admin:{model}_changelist"), {"q": "a"})
        assert listing.status_code == 200
        page = next(iter(listing.context["cl"].queryset.model.objects.all()))
        detail = client.get(reverse(f"admin:{model}_change", args=[page.pk]))
        assert detail.status_code == 200
        for answer in (listing, detail):
            html = answer.content.decode()
            assert not [secret for secret in (SECRET, sealed, content, digest) if secret in html]


@pytest.mark.parametrize(
    "model", ["datasources_datasource", "datasources_permissioncheck", "datasources_alert", "teams_apitoken"]
)
def test_what_is_for_looking_can_not_be_made_by_hand(login: Login, alice: User, content: str, model: str) -> None:
    alice.refresh_from_db()
    assert login(alice).get(reverse(f"admin:{model}_add")).status_code == 403


def test_members_do_not_get_in(login: Login, bob: User, content: str) -> None:
    assert login(bob).get(reverse("admin:index")).status_code == 302
