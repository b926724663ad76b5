"""What the pages say beside the bulbs: what browsers may, when a credential ends, whose external ID it is."""

import re
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clouds import CloudConfig, parse_config
from datasets.models import Dataset
from datasets.services import create_dataset
from datasources import services, tasks
from datasources.models import CheckState, Datasource, Outcome, PermissionCheck, Purpose
from teams.models import Team, User
from tests.conftest import SECRET, Login
from tests.datasources.settings.test_pages import CORS, IN_DIALOG, url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


@pytest.fixture
def check(dataset: Dataset, alice: User, s3_config: CloudConfig) -> PermissionCheck:
    return services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)


class TestCorsNote:
    @pytest.fixture
    def finished(self, check: PermissionCheck) -> PermissionCheck:
        PermissionCheck.objects.update(state=CheckState.DONE, outcome=Outcome.GREEN, finished_at=timezone.now())
        check.refresh_from_db()
        return check

    def note(self, login: Login, user: User, dataset: Dataset) -> str:
        return login(user).get(url("cors", dataset, "input"), headers=IN_DIALOG).content.decode()

    def test_it_comes_after_the_bulbs_and_then_asks_no_more(
        self, login: Login, alice: User, dataset: Dataset, finished: PermissionCheck
    ) -> None:
        panel = login(alice).get(url("permissions", dataset, "input"), headers=IN_DIALOG).content.decode()
        assert 'id="permissions"' in panel
        assert "hx-trigger" not in panel.partition('id="cors"')[0]
        assert 'hx-trigger="load' in self.note(login, alice, dataset)
        PermissionCheck.objects.update(cors=CORS)
        note = self.note(login, alice, dataset)
        assert "hx-trigger" not in note
        assert "Browser access (CORS): not allowed" in note
        assert "&lt;x&gt;" in note

    def test_it_is_not_waited_for_for_ever(
        self, login: Login, alice: User, dataset: Dataset, finished: PermissionCheck
    ) -> None:
        PermissionCheck.objects.update(finished_at=timezone.now() - timedelta(minutes=1))
        assert "hx-trigger" not in self.note(login, alice, dataset)

    def test_alice_and_bob_see_it_and_charlie_does_not(
        self, login: Login, alice: User, bob: User, charlie: User, dataset: Dataset, finished: PermissionCheck
    ) -> None:
        PermissionCheck.objects.update(cors=CORS | {"state": "allowed", "documents": []})
        assert "In the browser" in self.note(login, alice, dataset)
        assert "In the browser" in self.note(login, bob, dataset)
        assert login(charlie).get(url("cors", dataset, "input")).status_code == 404


class TestExpiry:
    @pytest.mark.parametrize(
        ("days", "verb", "when", "look"),
        [
            (400, "expires", "in 13 months", "far"),
            (3, "expires", "in 3 days", "unknown"),
            (-2, "expired", "2 days ago", "denied"),
        ],
    )
    def test_the_panel_always_says_when_and_the_row_when_it_is_near(
        self,
        days: int,
        verb: str,
        when: str,
        look: str,
        login: Login,
        alice: User,
        bob: User,
        dataset: Dataset,
        check: PermissionCheck,
    ) -> None:
        Datasource.objects.update(
            provider="AZURE", expires_at=timezone.now() + timedelta(days=days, minutes=1 if days > 0 else -1)
        )
        for person in (alice, bob):
            panel = login(person).get(url("settings", dataset, "input")).content.decode()
            assert f"expiry--{look}" in panel
            assert re.search(rf"SAS token {verb} <time [^>]*title=[^>]*>{when}<", panel)
            row = login(person).get(url("dashboard:row", dataset)).content.decode()
            assert (f">{when}<" in row) == (look != "far")

    def test_charlie_learns_nothing(
        self, login: Login, charlie: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        Datasource.objects.update(expires_at=timezone.now())
        assert "expire" not in login(charlie).get(reverse("home")).content.decode()

    def test_a_role_says_how_long_its_sessions_last(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        Datasource.objects.update(provider="S3DelegatedAccess")
        assert "lasts 15 minutes" in login(alice).get(url("permissions", dataset, "input")).content.decode()

    def test_an_old_key_is_called_old(
        self, login: Login, alice: User, dataset: Dataset, check: PermissionCheck
    ) -> None:
        made = (timezone.now() - timedelta(days=420)).isoformat()
        PermissionCheck.objects.update(state=CheckState.DONE, cors=CORS | {"key_made_at": made})
        Datasource.objects.update(provider="GCS")
        panel = login(alice).get(url("permissions", dataset, "input")).content.decode()
        assert "This key was made 14 months ago" in panel
        assert "replaced by a new one" in panel


class TestExternalId:
    """Delegated access begins with the team's own external ID, and never with another team's."""

    TYPED = {
        "provider": "S3DelegatedAccess",
        "path": "s3://acme-raw/street",
        "region": "eu-central-1",
        "role_arn": "arn:aws:iam::123456789012:role/Lightly",
    }

    def form(self, login: Login, user: User, dataset: Dataset) -> str:
        page = login(user).get(url("settings", dataset, "input"), {"provider": "S3DelegatedAccess"})
        return page.content.decode()

    def value(self, html: str) -> str:
        [field] = re.findall(r'<input[^>]*name="external_id"[^>]*>', html)
        found = re.search(r'value="([^"]*)"', field)
        return found.group(1) if found else ""

    def test_a_new_datasource_begins_with_the_teams(
        self, login: Login, alice: User, team: Team, dataset: Dataset
    ) -> None:
        html = self.form(login, alice, dataset)
        assert self.value(html) == team.external_id
        assert 'data-copy="#code-external-id"' in html
        assert "confused deputy" in html

    def test_what_is_stored_stays(self, login: Login, alice: User, team: Team, dataset: Dataset) -> None:
        own = self.TYPED | {"external_id": "chosen-by-the-role"}
        assert login(alice).post(url("settings", dataset, "input"), own).status_code == 302
        html = self.form(login, alice, dataset)
        assert self.value(html) == "chosen-by-the-role"
        assert team.external_id in html

    def test_who_may_only_look_is_not_given_one(self, login: Login, bob: User, team: Team, dataset: Dataset) -> None:
        assert team.external_id not in self.form(login, bob, dataset)

    def test_charlie_gets_nowhere(self, login: Login, charlie: User, team: Team, dataset: Dataset) -> None:
        answer = login(charlie).get(url("settings", dataset, "input"), {"provider": "S3DelegatedAccess"})
        assert answer.status_code == 404
        assert team.external_id not in answer.content.decode()

    def test_another_teams_is_refused_beside_the_field(self, login: Login, charlie: User, team: Team) -> None:
        his = create_dataset(name="his", owner=charlie)
        for stolen in (team.external_id, team.external_id.upper()):
            answer = login(charlie).post(url("settings", his, "input"), self.TYPED | {"external_id": stolen})
            assert answer.status_code == 422
            assert "belongs to another team" in answer.content.decode()
        assert not Datasource.objects.exists()

    def test_the_own_one_is_taken(self, login: Login, alice: User, team: Team, dataset: Dataset) -> None:
        own = self.TYPED | {"external_id": team.external_id}
        assert login(alice).post(url("settings", dataset, "input"), own).status_code == 302


class TestEndingTokens:
    def typed(self, ends: datetime) -> dict[str, str]:
        sas = f"?sv=2025-05-05&sr=c&sp=rl&se={ends:%Y-%m-%dT%H:%M:%SZ}&sig={SECRET}"
        return {"provider": "AZURE", "path": "acme-raw/street", "account": "acme", "sas_token": sas}

    def test_one_that_is_over_is_refused_beside_the_field(self, login: Login, alice: User, dataset: Dataset) -> None:
        typed = self.typed(timezone.now() - timedelta(hours=1))
        answer = login(alice).post(url("settings", dataset, "input"), typed)
        assert answer.status_code == 422
        assert "This token ended on" in answer.content.decode()
        assert SECRET not in answer.content.decode()
        assert not Datasource.objects.exists()

    def test_one_that_ends_within_a_day_is_saved_with_a_warning(
        self, login: Login, alice: User, dataset: Dataset
    ) -> None:
        ends = (timezone.now() + timedelta(hours=5, minutes=1)).replace(microsecond=0)
        answer = login(alice).post(url("settings", dataset, "input"), self.typed(ends), headers=IN_DIALOG)
        assert answer.status_code == 200
        assert "It ends in 5 hours." in answer.content.decode()
        assert Datasource.objects.get().expires_at == ends

    def test_a_stored_one_that_ended_since_can_still_be_looked_at(
        self, login: Login, alice: User, dataset: Dataset
    ) -> None:
        config = parse_config(
            {
                "type": "AZURE",
                "fullPath": "acme-raw/street/",
                "accountName": "acme",
                "accountKey": self.typed(timezone.now() - timedelta(days=2))["sas_token"],
            }
        )
        services.save(dataset=dataset, purpose=Purpose.INPUT, config=config, thumb_suffix="", by=alice)
        assert "It expired 2 days ago." in login(alice).get(url("settings", dataset, "input")).content.decode()
