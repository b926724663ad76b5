"""Every form that can be refused says so at its top, and which fields are wrong."""

import re

import pytest
from django import forms
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from teams.models import Membership, Role, User
from tests.conftest import Login

TEMPLATES = settings.BASE_DIR / "templates"
# The admin panel is Django's own; these are parts that the templates of forms are made of.
PARTS = {"_field.html", "_form_errors.html", "runs/_fields.html"}


class NameForm(forms.Form):
    name = forms.CharField()
    size = forms.IntegerField()


def test_every_template_with_fields_has_the_banner() -> None:
    with_fields, without_banner = 0, []
    for path in sorted(TEMPLATES.rglob("*.html")):
        name = str(path.relative_to(TEMPLATES))
        text = path.read_text()
        if name.startswith("admin/") or name in PARTS or 'include "_field.html"' not in text:
            continue
        with_fields += 1
        if 'include "_form_errors.html"' not in text:
            without_banner.append(name)
    assert with_fields > 20
    assert without_banner == []


@pytest.mark.parametrize(
    ("data", "problem", "words"),
    [
        ({}, "", "Not saved. Please check 2 fields."),
        ({"name": "x"}, "", "Not saved. Please check 1 field."),
        ({"name": "x", "size": "1"}, "This can't be.", "This can&#x27;t be."),
        ({"name": "x"}, "This can't be.", "This can&#x27;t be. Not saved. Please check 1 field."),
        ({"name": "x", "size": "1"}, "", ""),
    ],
)
def test_the_banner_counts_the_wrong_fields(data: dict[str, str], problem: str, words: str) -> None:
    form = NameForm(data)
    if problem:
        form.add_error(None, problem)
    html = render_to_string("_form_errors.html", {"form": form})
    assert " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", html, flags=re.DOTALL).split()) == words


@pytest.mark.django_db
def test_forms_all_over_the_product(login: Login, alice: User) -> None:
    membership = Membership.objects.get(user=alice)
    Membership.objects.filter(pk=membership.pk).update(role=Role.OWNER)
    team = membership.team_id
    for name, args, data in (
        ("datasets:create", [], {"name": ""}),
        ("teams:create", [], {"name": ""}),
        ("teams:invite", [team], {"emails": "nobody"}),
        ("teams:settings", [team], {"name": ""}),
        ("teams:tokens", [], {"name": ""}),
        ("teams:service_accounts", [team], {"name": ""}),
        ("notifications:webhook", [team], {"url": "ftp://x"}),
        ("datasources:interval", [team], {"hours": "never"}),
        ("account_change_password", [], {"oldpassword": ""}),
    ):
        answer = login(alice).post(reverse(name, args=args), data)
        html = " ".join(answer.content.decode().split())
        assert answer.status_code in {200, 422}, name
        assert re.search(r"Please check \d fields?\.", html), name
        assert 'aria-invalid="true"' in html, name
