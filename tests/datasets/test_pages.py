"""A dataset's own pages: the overview, and the tabs and sections that other apps add to it."""

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.urls import reverse
from pytest_django import Settings

from clouds import CloudConfig
from datasets import pages
from datasets.models import Dataset
from datasets.services import share_dataset
from datasources import services, tasks
from datasources.models import CheckState, Outcome, PermissionCheck, Purpose
from teams.models import User
from tests.conftest import Login

pytestmark = pytest.mark.django_db
TABS = ["Overview", "Contents", "Samples", "Runs", "Settings"]


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


def overview(dataset: Dataset) -> str:
    return reverse("datasets:overview", args=[dataset.pk])


def tabs(page: str) -> list[str]:
    nav = page.partition('aria-label="Pages of street-scenes"')[2].partition("</nav>")[0]
    return re.findall(r"<a [^>]*>([^<]*)</a>", nav)


def test_the_overview_tells_whose_it_is_and_where_it_lives(
    login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
) -> None:
    share_dataset(dataset=dataset, emails=["eve@example.com"])
    services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    PermissionCheck.objects.update(state=CheckState.DONE, outcome=Outcome.GREEN)
    page = login(alice).get(overview(dataset)).content.decode()
    for words in (dataset.pk, "Images", "alice@example.com", "Acme Vision", "eve@example.com", "s3://acme-raw/street/"):
        assert words in page
    # Input is connected, Lightly is not, and the wizard leads on.
    assert "Connect it step by step" in page
    assert reverse("datasources:wizard", args=[dataset.pk, "lightly"]) in page
    assert reverse("datasources:wizard", args=[dataset.pk, "input"]) not in page
    assert reverse("datasources:history", args=[dataset.pk]) in page


def test_people_who_may_only_look_are_offered_nothing_to_change(login: Login, bob: User, dataset: Dataset) -> None:
    page = login(bob).get(overview(dataset)).content.decode()
    assert "Connect it step by step" not in page
    assert reverse("datasets:sharing", args=[dataset.pk]) not in page


def test_the_section_polls_while_a_check_is_open(
    login: Login, alice: User, dataset: Dataset, s3_config: CloudConfig
) -> None:
    services.save(dataset=dataset, purpose=Purpose.INPUT, config=s3_config, thumb_suffix="", by=alice)
    section = reverse("datasources:overview", args=[dataset.pk])
    assert f'hx-get="{section}" hx-trigger="load delay:' in login(alice).get(overview(dataset)).content.decode()
    PermissionCheck.objects.update(state=CheckState.DONE, outcome=Outcome.GREEN)
    answer = login(alice).get(section)
    assert "load delay" not in answer.content.decode()
    assert 'data-announce="Input: List' in answer.content.decode()
    assert "check-finished" in answer["HX-Trigger"]


def test_every_page_of_a_dataset_shows_all_tabs(login: Login, alice: User, dataset: Dataset) -> None:
    settings = [reverse("datasources:settings", args=[dataset.pk, tab]) for tab in ("input", "lightly")]
    more = [reverse(name, args=[dataset.pk]) for name in ("datasources:dataset", "datasources:history")]
    for path in [overview(dataset), *settings, *more, reverse("datasets:sharing", args=[dataset.pk])]:
        assert tabs(login(alice).get(path).content.decode()) == TABS


def test_another_app_adds_its_tab_and_its_section_with_a_line_each(
    login: Login,
    alice: User,
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(pages, "_tabs", pages.tabs())
    monkeypatch.setattr(pages, "_sections", pages.sections())

    def gallery(request: HttpRequest, dataset: Dataset) -> dict[str, str]:
        return {"line": f"12 pictures of {dataset.name}"}

    pages.add_tab(pages.Tab("gallery", "Gallery", "datasources:history", order=20))
    pages.add_section(pages.Section("gallery/_overview.html", gallery))
    (tmp_path / "gallery").mkdir()
    (tmp_path / "gallery" / "_overview.html").write_text("<p>{{ section.line }}</p>")
    (engine,) = settings.TEMPLATES
    settings.TEMPLATES = [{**engine, "DIRS": [*engine["DIRS"], tmp_path]}]
    page = login(alice).get(overview(dataset)).content.decode()
    assert tabs(page) == ["Overview", "Contents", "Samples", "Gallery", "Runs", "Settings"]
    assert "<p>12 pictures of street-scenes</p>" in page
    with pytest.raises(ImproperlyConfigured, match="gallery"):
        pages.add_tab(pages.Tab("gallery", "Gallery again", "datasources:history"))


def test_outsiders_learn_nothing(login: Login, charlie: User, dataset: Dataset) -> None:
    for path in (overview(dataset), reverse("datasources:overview", args=[dataset.pk])):
        assert login(charlie).get(path).status_code == 404
        assert login(charlie).post(path).status_code in {404, 405}


def test_a_new_dataset_leads_to_where_it_is_connected(login: Login, alice: User) -> None:
    answer = login(alice).post(reverse("datasets:create"), {"name": "night-scenes", "type": "Images"})
    made = Dataset.objects.get(name="night-scenes")
    assert answer["Location"] == reverse("datasources:settings", args=[made.pk, "input"])
