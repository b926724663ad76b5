"""Every word people see can be translated: it stands in the catalogue, and pages show its translation."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from clouds import PROVIDERS, CloudConfig
from clouds.permissions import Permission
from datasets.models import Dataset
from datasources import services, tasks
from datasources.models import DEFAULT_THUMBNAIL_SUFFIX, CheckState, Outcome, PermissionCheck, Purpose
from notifications.models import Notice
from teams.invitations import services as invitations
from teams.models import Membership, Role, Team, User
from teams.service_accounts import services as service_accounts
from teams.services import create_token
from tests.catalogues import CATALOGUE, Message, in_code, in_templates, read_po, write_mo
from tests.conftest import Login

PSEUDO = "xx"
SUMMARY = "What a pure module says"
# Names, addresses and what modules say that know no Django; docs/translating.md tells how the latter are treated.
DATA = {
    SUMMARY,
    *(permission.value.capitalize() for permission in Permission),
    *Purpose.labels,
    *(words for each in PROVIDERS.values() for words in (each.label, each.short)),
    *(
        words or ""
        for each in PROVIDERS.values()
        for info in each.config_class.fields().values()
        for words in (info.title, info.description)
    ),
    *(
        str(example)
        for each in PROVIDERS.values()
        for info in each.config_class.fields().values()
        for example in info.examples or ()
    ),
    DEFAULT_THUMBNAIL_SUFFIX,
    "Lightly Platform",
    "Acme Vision",
    "street-scenes",
    "nightly-training",
    "training-server",  # an example
    # In the activity: what was done is kept as it was written down.
    "as Member",
    "of street-scenes: ",
    "with a new credential",
    "Denied",  # a stored cause
}
# Of Django's and allauth's own forms, whose catalogues know no such language.
OTHERS = {"Email", "Email address", "Remember Me", "This field is required."}
NAMES = re.compile(r"\b\w+://\S+|arn:\S+|[\w.+-]+@[\w.-]+|\b(UTC|ms|CSV|HTTP|API|Esc)\b|\b[0-9a-f]{24}\b")
SHOWN = ("alt", "aria-label", "data-announce", "data-keys-label", "placeholder", "title")


def test_the_catalogue_is_current() -> None:
    """If this fails: `make messages`."""
    marked, listed = {*in_templates(), *in_code()}, read_po(CATALOGUE)
    # Gettext joins a word that stands alone with the same one that also has a plural.
    with_plural = {(each.text, each.context) for each in marked | listed if each.plural}
    alone = {each for each in marked if not each.plural and (each.text, each.context) in with_plural}
    assert marked - alone - listed == set()
    assert listed - marked == set()


def test_what_the_catalogue_is_compared_with_is_found() -> None:
    assert Message("Go to the datasets") in set(in_templates())
    assert Message("%(number)s dataset", "%(number)s datasets") in set(in_templates())
    assert Message("Datasource", "Datasources", "below their number") in set(in_templates())
    assert Message("%(count)s day", "%(count)s days") in set(in_code())
    assert Message("Recently changed") in set(in_code())


@pytest.fixture
def pseudo(settings: Settings, tmp_path: Path) -> str:
    """A language in which everything that is marked stands between ⟦ and ⟧."""

    def translated(message: Message) -> list[str]:
        return [f"⟦{words}⟧" for words in (message.text, message.plural) if words]

    messages = [(message, translated(message)) for message in read_po(CATALOGUE)]
    write_mo(tmp_path / "locale" / PSEUDO / "LC_MESSAGES" / "django.mo", messages)
    settings.LANGUAGES = [("en", "English"), (PSEUDO, "Pseudo")]
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    return PSEUDO


class Words(HTMLParser):
    """What a page shows outside of ⟦ and ⟧: its text, and attributes that are shown or read out."""

    NEVER = ("code", "kbd", "pre", "script", "style", "textarea", "time")
    # They show what modules say that know no Django: snippets, rules, answers of clouds, where values are found.
    PURE = ("access", "cors")
    VOID = ("br", "hr", "img", "input", "link", "meta")

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.attributes: list[str] = []
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("id", "")
        hidden = tag in self.NEVER or name in self.PURE or name.startswith("where-")
        inside = any(self._open)
        if not inside and tag != "time":
            shown = [name for name in given if name in SHOWN or (given.get("id") == "words" and name != "id")]
            self.attributes += [given[name] for name in shown]
        if tag not in self.VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self._open.append(hidden)
        self.text += "\n"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        return

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            self._open.pop()
        self.text += "\n"

    def handle_data(self, data: str) -> None:
        if not any(self._open):
            self.text += data


def unmarked(page: str) -> list[str]:
    parser = Words()
    parser.feed(page)
    found = []
    for text in (parser.text, *parser.attributes):
        rest = text
        while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", "\n", rest)) != rest:
            rest = shorter
        for words in sorted(DATA | OTHERS, key=len, reverse=True):
            rest = rest.replace(words, "") if words else rest
        found += [line.strip() for line in NAMES.sub("", rest).splitlines() if re.search(r"[^\W\d_]{2}", line)]
    return found


def test_words_without_marks_are_found() -> None:
    page = '<p title="Bare">⟦One <b>⟦two⟧ three</b>⟧ alone</p><p>street-scenes <code>ls -l</code></p>'
    assert unmarked(page) == ["alone", "Bare"]


@pytest.fixture
def busy_team(
    alice: User, bob: User, team: Team, dataset: Dataset, s3_config: CloudConfig, monkeypatch: pytest.MonkeyPatch
) -> Team:
    """A team of which every page has something to show."""
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)
    cache.clear()
    for purpose in (Purpose.INPUT, Purpose.LIGHTLY):
        check = services.save(dataset=dataset, purpose=purpose, config=s3_config, thumb_suffix="", by=alice)
        _finish(check)
        _finish(PermissionCheck.objects.create(datasource=check.datasource, revision=1, provider="S3", path="s3://x/"))
    invitations.invite(team=team, people=[invitations.Invited("eve@example.com", Role.MEMBER)], by=alice)
    service_accounts.create(team=team, name="nightly-training", by=alice)
    create_token(user=alice, name="nightly-training")
    Notice.objects.create(user=alice, kind=Notice.Kind.BAD, title=SUMMARY, text=SUMMARY, path="/")
    Membership.objects.create(team=Team.objects.create(name="Acme Vision"), user=alice, role=Role.OWNER)
    return team


def _finish(check: PermissionCheck) -> None:
    verdict = {
        "state": "denied", "milliseconds": 12, "cause": "denied", "code": "", "summary": SUMMARY, "tried": SUMMARY,
        "answered": SUMMARY, "likely_cause": SUMMARY, "fix": SUMMARY,
    }  # fmt: skip
    check.verdicts = {permission.value: verdict for permission in Purpose(check.datasource.purpose).needs}
    check.state, check.outcome, check.milliseconds = CheckState.DONE, Outcome.RED, 1234
    check.started_at = check.finished_at = timezone.now()
    check.save()


PAGES = [
    "home", "datasets:create", "monitoring:health", "notifications:inbox", "notifications:notification_settings",
    "teams:tokens", "teams:create", "mfa_index", "account_logout",
]  # fmt: skip
OF_TEAM = [
    "teams:people",
    "teams:invite",
    "teams:service_accounts",
    "teams:activity",
    "teams:settings",
    "teams:delete",
    "datasets:leave_team",
]
OF_DATASET = ["datasources:dataset", "datasources:history", "datasets:sharing"]
OF_PERSON = ["teams:change_role", "datasets:remove_member"]
OF_DATASOURCE = ["datasources:settings", "datasources:wizard"]
NOTHING_YET = ["/", "/inbox/", "/health/", "/tokens/", "/api/", "/team/"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*PAGES, *OF_TEAM, *OF_DATASET, *OF_DATASOURCE])
def test_pages_show_translated_words_alone(
    name: str, login: Login, alice: User, busy_team: Team, dataset: Dataset, pseudo: str
) -> None:
    of = [busy_team.pk] if name in OF_TEAM else [dataset.pk] if name in OF_DATASET else []
    for tab in ("input", "lightly") if name in OF_DATASOURCE else ("",):
        path = reverse(name, args=[dataset.pk, tab] if tab else of)
        answer = login(alice).get(path, headers={"Accept-Language": pseudo})
        assert answer.status_code == 200
        page = answer.content.decode()
        assert f'<html lang="{pseudo}">' in page
        assert "⟦" in page
        assert not unmarked(page), "\n".join(unmarked(page))


@pytest.mark.django_db
def test_pages_about_a_person_show_translated_words_alone(
    login: Login, alice: User, bob: User, team: Team, pseudo: str
) -> None:
    for name in OF_PERSON:
        page = login(alice).get(reverse(name, args=[team.pk, bob.pk]), headers={"Accept-Language": pseudo})
        assert not unmarked(page.content.decode())


@pytest.mark.django_db
def test_the_steps_of_the_wizard_show_translated_words_alone(
    login: Login, alice: User, dataset: Dataset, pseudo: str
) -> None:
    for step in ("provider", "access", "credentials"):
        path = reverse("datasources:wizard", args=[dataset.pk, "input"])
        page = login(alice).get(path, {"step": step, "provider": "S3"}, headers={"Accept-Language": pseudo})
        assert not unmarked(page.content.decode())


@pytest.mark.django_db
def test_pages_with_nothing_on_them_show_translated_words_alone(login: Login, alice: User, pseudo: str) -> None:
    for path in NOTHING_YET:
        page = login(alice).get(path, headers={"Accept-Language": pseudo}, follow=True)
        assert not unmarked(page.content.decode()), path


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/invitation/?token=x", "/nowhere/"])
def test_pages_for_strangers_show_translated_words_alone(path: str, client: Client, alice: User, pseudo: str) -> None:
    page = client.get(path, headers={"Accept-Language": pseudo}).content.decode()
    assert "⟦" in page
    assert not unmarked(page), "\n".join(unmarked(page))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/datasets/new/", "/tokens/"])
def test_what_is_wrong_with_a_form_is_translated(path: str, login: Login, alice: User, pseudo: str) -> None:
    page = login(alice).post(path, {"name": ""}, headers={"Accept-Language": pseudo}).content.decode()
    assert 'class="field__error"' in page
    assert not unmarked(page), "\n".join(unmarked(page))


@pytest.mark.django_db
def test_a_language_without_a_catalogue_is_english(login: Login, alice: User) -> None:
    answer = login(alice).get("/", headers={"Accept-Language": "fr"})
    assert answer.headers["Content-Language"] == "en"
    assert "Create your first dataset" in html.unescape(answer.content.decode())


@pytest.mark.django_db
def test_files_for_programs_are_not_translated(login: Login, alice: User, busy_team: Team, pseudo: str) -> None:
    client = login(alice)
    table: Any = client.get("/health/datasources.csv", headers={"Accept-Language": pseudo})
    schema = client.get("/v1/openapi.json", headers={"Accept-Language": pseudo})
    for text in (b"".join(table.streaming_content).decode(), schema.content.decode()):
        assert len(text) > 100
        assert "⟦" not in text
