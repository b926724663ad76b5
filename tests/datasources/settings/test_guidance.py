"""What the settings say so that people do the right thing next: another directory, another tab, what is saved."""

import pytest
from django.urls import reverse
from pytest_django import Settings

from clouds import CloudConfig, parse_config
from datasets.access import dataset_for
from datasets.models import Dataset
from datasources import services, tasks
from datasources.models import CheckState, Outcome, PermissionCheck, Purpose
from datasources.settings.panel import DatasourcePanel
from teams.models import User
from tests.conftest import Login

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


def saved(dataset: Dataset, config: CloudConfig, purpose: Purpose) -> PermissionCheck:
    return services.save(dataset=dataset, purpose=purpose, config=config, thumb_suffix="", by=dataset.owner)


def at(config: CloudConfig, path: str) -> CloudConfig:
    return parse_config(config.revealed() | {"fullPath": path})


def page(login: Login, user: User, dataset: Dataset, tab: str, query: str = "", *, in_dialog: bool = False) -> str:
    headers = {"HX-Request": "true", "HX-Target": "dialog"} if in_dialog else {}
    address = reverse("datasources:settings", args=[dataset.pk, tab]) + query
    html = login(user).get(address, headers=headers).content.decode()
    return " ".join(html.split())


@pytest.mark.parametrize(
    ("raw", "proposed"),
    [
        ("s3://acme-raw/street/input/", "s3://acme-raw/street/lightly/"),
        ("s3://acme-raw/street/", "s3://acme-raw/lightly/"),
        ("s3://acme-raw/", "s3://acme-raw/lightly/"),
    ],
)
def test_a_copy_for_lightly_gets_a_directory_of_its_own(
    dataset: Dataset, s3_config: CloudConfig, raw: str, proposed: str
) -> None:
    saved(dataset, at(s3_config, raw), Purpose.INPUT)
    panel = DatasourcePanel(dataset_for(dataset.owner, dataset.pk), "lightly")
    panel.show_form(copy=True)
    assert panel.form.open_values()["path"] == proposed


def test_a_copy_for_input_keeps_the_path(dataset: Dataset, s3_config: CloudConfig) -> None:
    saved(dataset, s3_config, Purpose.LIGHTLY)
    panel = DatasourcePanel(dataset_for(dataset.owner, dataset.pk), "input")
    panel.show_form(copy=True)
    assert panel.form.open_values()["path"] == s3_config.path


def test_one_directory_for_both_is_warned_of_on_both_tabs(
    login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
) -> None:
    saved(dataset, s3_config, Purpose.INPUT)
    saved(dataset, at(s3_config, "s3://acme-raw/lightly/"), Purpose.LIGHTLY)
    assert "use the same directory" not in page(login, alice, dataset, "lightly")
    saved(dataset, s3_config, Purpose.LIGHTLY)
    for tab in ("input", "lightly"):
        assert "use the same directory" in page(login, alice, dataset, tab)


def test_the_missing_datasource_comes_next(login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig) -> None:
    assert "Next: Lightly storage" not in page(login, alice, dataset, "input", in_dialog=True)
    saved(dataset, s3_config, Purpose.INPUT)
    address = reverse("datasources:settings", args=[dataset.pk, "lightly"])
    link = f'href="{address}" hx-get="{address}" hx-target="#dialog" hx-swap="innerHTML">Next: Lightly storage'
    assert link in page(login, alice, dataset, "input", in_dialog=True)
    saved(dataset, s3_config, Purpose.LIGHTLY)
    assert "Next: " not in page(login, alice, dataset, "input", in_dialog=True)


def test_the_bulbs_beside_another_providers_form_are_named_as_those_of_what_is_saved(
    login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
) -> None:
    saved(dataset, s3_config, Purpose.INPUT)
    assert "Saved settings: " not in page(login, alice, dataset, "input")
    assert "Saved settings: " in page(login, alice, dataset, "input", "?provider=GCS")


def test_a_role_needs_an_identity_that_the_operator_names(
    login: Login, alice: User, dataset: Dataset, settings: Settings
) -> None:
    settings.LIGHTLY_AWS_PRINCIPAL_ARN = None
    assert "has not named" in page(login, alice, dataset, "input", "?provider=S3DelegatedAccess")
    assert "has not named" not in page(login, alice, dataset, "input", "?provider=S3")
    settings.LIGHTLY_AWS_PRINCIPAL_ARN = "arn:aws:iam::123456789012:role/lightly"
    assert "has not named" not in page(login, alice, dataset, "input", "?provider=S3DelegatedAccess")


def test_the_place_survives_a_switch_between_two_ways_into_the_same_cloud(
    login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
) -> None:
    saved(dataset, s3_config, Purpose.INPUT)
    panel = DatasourcePanel(dataset_for(dataset.owner, dataset.pk), "input")
    region = s3_config.revealed()["s3Region"]
    for provider in ("S3DelegatedAccess", "S3Compatible"):
        panel.show_form(provider)
        values = panel.form.open_values()
        assert (values["path"], values["region"]) == (s3_config.path, region), provider
        assert values.get("access_key_id", "") == "", provider
    panel.show_form("GCS")
    assert panel.form.open_values()["path"] == ""


def test_a_refused_save_says_so_and_whose_bulbs_are_shown(
    login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
) -> None:
    check = saved(dataset, s3_config, Purpose.INPUT)
    PermissionCheck.objects.filter(pk=check.pk).update(state=CheckState.DONE, outcome=Outcome.GREEN)
    address = reverse("datasources:settings", args=[dataset.pk, "input"])
    answer = login(alice).post(address, {"provider": "S3", "path": "s3://acme-raw/street/", "region": ""})
    html = " ".join(answer.content.decode().split())
    assert answer.status_code == 422
    assert "Not saved. Please check" in html
    assert "These are the results of the saved settings" in html
    assert "These are the results of the saved settings" not in page(login, alice, dataset, "input")


def test_the_gear_opens_the_first_tab_that_is_red(
    login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
) -> None:
    for purpose, outcome, state in (
        (Purpose.INPUT, Outcome.GREEN, "granted"),
        (Purpose.LIGHTLY, Outcome.RED, "denied"),
    ):
        check = saved(dataset, s3_config, purpose)
        verdict = {"state": state, "milliseconds": 1, "cause": "", "code": "", "summary": "x", "tried": "x"}
        verdicts = {name: verdict | {"answered": "", "likely_cause": "", "fix": ""} for name in ("list", "read")}
        PermissionCheck.objects.filter(pk=check.pk).update(state=CheckState.DONE, outcome=outcome, verdicts=verdicts)
    row = login(alice).get(reverse("dashboard:row", args=[dataset.pk])).content.decode()
    assert f'hx-get="{reverse("datasources:settings", args=[dataset.pk, "lightly"])}"' in row
    PermissionCheck.objects.filter(datasource__purpose=Purpose.LIGHTLY).delete()
    row = login(alice).get(reverse("dashboard:row", args=[dataset.pk])).content.decode()
    assert f'hx-get="{reverse("datasources:settings", args=[dataset.pk, "input"])}"' in row


def test_a_row_tells_a_path_without_files_from_an_empty_folder(
    login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
) -> None:
    check = saved(dataset, s3_config, Purpose.INPUT)
    for no_files, words in ((True, "No files found (Input)"), (False, "empty folder (Input)")):
        PermissionCheck.objects.filter(pk=check.pk).update(
            state=CheckState.DONE, outcome=Outcome.GREEN, empty=True, no_files=no_files
        )
        row = login(alice).get(reverse("dashboard:row", args=[dataset.pk])).content.decode()
        assert words in " ".join(row.replace("<span>", "").replace("</span>", "").split())
