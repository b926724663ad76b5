"""Names with characters that nobody sees are refused wherever a name is typed, and cleaned where it comes along."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.test import RequestFactory

from core.names import validate_visible, visible
from datasets.models import validate_name
from teams.models import User

OURS = {"core", "teams", "datasets", "datasources", "notifications", "jobs", "monitoring", "dashboard"}
HIDDEN = ["\u202e", "\u2066", "\u200b", "\u200f", "\ufeff", "\u00ad", "\x1b", "\x85", "\u2028", "\ud800", "\U000e0041"]


@pytest.mark.parametrize("letter", HIDDEN)
def test_what_nobody_sees_is_refused_by_its_number(letter: str) -> None:
    with pytest.raises(ValidationError, match=rf"U\+{ord(letter):04X}"):
        validate_visible(f"Acme{letter}Vision")
    assert visible(f"Acme{letter}Vision") == "AcmeVision"


@pytest.mark.parametrize("name", ["Zoë", "Дом", "دوربین‌ها", "שלום", "北京", "क्‍ष", "👩‍🔬 lab", "<img src=x>", 'a\' "b"'])
def test_every_script_of_the_world_may_stay(name: str) -> None:
    validate_visible(name)
    assert visible(name) == name


def forms_of_ours(kind: type[forms.BaseForm] = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    for form in kind.__subclasses__():
        if form.__module__.partition(".")[0] in OURS:
            yield form
        yield from forms_of_ours(form)


def test_every_field_for_a_name_refuses_it() -> None:
    """Also the ones to come: a field is for a name if it is called so. Those of models are below."""
    import lightly_platform.urls  # noqa: F401 - what a page uses is loaded by then

    fields = {
        f"{form.__qualname__}.{name}": field
        for form in forms_of_ours()
        if not issubclass(form, forms.BaseModelForm)
        for name, field in {**getattr(form, "base_fields", {}), **getattr(form, "declared_fields", {})}.items()
        if (name == "name" or name.endswith("_name")) and isinstance(field, forms.CharField)
    }
    assert len(fields) >= 6
    strict = (validate_visible, validate_name)
    lax = [name for name, field in fields.items() if not any(rule in field.validators for rule in strict)]
    assert lax == []


def test_the_admin_panel_refuses_it_everywhere(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = User(is_staff=True, is_superuser=True)
    checked = 0
    for model, its in admin.site._registry.items():
        for column in model._meta.concrete_fields:
            field = its.formfield_for_dbfield(column, request) if isinstance(column, models.CharField) else None
            if isinstance(field, forms.CharField):
                assert validate_visible in field.validators, column
                checked += 1
    assert checked > 20
