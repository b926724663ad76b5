"""The guided way to a first datasource, one question a page: provider, access, credentials, bulbs.

It keeps nothing between the pages: what was said so far stands in the address, and secrets go straight into the store.
"""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_noop

from clouds import PROVIDERS
from datasets.access import editable_dataset_for
from datasets.models import Dataset
from datasources import samples
from datasources.models import Purpose
from datasources.settings.bulbs import source_view
from datasources.settings.editing import (
    access_context,
    blank_form,
    filled_form,
    other_purpose,
    purpose_of,
    save_form,
    stored_datasource,
)
from datasources.settings.forms import DatasourceForm
from teams.requests import PageRequest

STEPS = {
    "provider": gettext_noop("Choose where it is"),
    "access": gettext_noop("Give us access"),
    "credentials": gettext_noop("Enter the credentials"),
    "check": gettext_noop("Watch the bulbs"),
}


def wizard(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    dataset = editable_dataset_for(request.user, dataset_id)
    purpose = purpose_of(dataset, tab)
    if purpose is Purpose.INPUT_OUTPUT:  # made by a script, for both: nothing to be led through
        return redirect("datasources:settings", dataset.pk, tab)
    if request.method == "POST":
        return _save(request, dataset, tab, purpose)
    step = request.GET.get("step", "provider")
    pages = {"access": _access, "credentials": _credentials, "check": _check}
    return pages.get(step, _provider)(request, dataset, tab, purpose)


def _provider(request: PageRequest, dataset: Dataset, tab: str, purpose: Purpose) -> HttpResponse:
    other = stored_datasource(dataset, other_purpose(purpose))
    context: dict[str, Any] = {
        "providers": {key: provider.label for key, provider in PROVIDERS.items()},
        "other": other,
        "samples_available": samples.available(),
    }
    return _render(request, dataset, tab, "provider", **context)


def _access(request: PageRequest, dataset: Dataset, tab: str, purpose: Purpose) -> HttpResponse:
    form = _form_so_far(request, dataset, purpose)
    setup = access_context(dataset, tab, form.place(), form.open_names)
    more = {name: value for name, value in setup.items() if name not in {"dataset", "tab"}}
    return _render(request, dataset, tab, "access", form=form, **more)


def _credentials(request: PageRequest, dataset: Dataset, tab: str, purpose: Purpose) -> HttpResponse:
    return _render(request, dataset, tab, "credentials", form=_form_so_far(request, dataset, purpose))


def _save(request: PageRequest, dataset: Dataset, tab: str, purpose: Purpose) -> HttpResponse:
    form = filled_form(request, dataset, purpose)
    if not form.is_valid():
        return _render(request, dataset, tab, "credentials", status=422, form=form)
    save_form(form, dataset, purpose, request)
    return redirect(f"{_url(dataset, tab)}?step=check")


def _check(request: PageRequest, dataset: Dataset, tab: str, purpose: Purpose) -> HttpResponse:
    source = source_view(purpose, stored_datasource(dataset, purpose))
    if source.datasource is None:
        return redirect(_url(dataset, tab))
    after = "lightly" if tab == "input" else "input"
    context: dict[str, Any] = {
        "source": source,
        "provider": source.datasource.provider,
        "next_tab": None if stored_datasource(dataset, other_purpose(purpose)) else after,
    }
    return _render(request, dataset, tab, "check", **context)


def _form_so_far(request: PageRequest, dataset: Dataset, purpose: Purpose) -> DatasourceForm:
    """What was typed on the page before stands in the address; secrets never do."""
    form = blank_form(request, dataset, purpose)
    form.initial.update({name: value for name in form.open_names if (value := request.GET.get(name))})
    return form


def _render(
    request: PageRequest, dataset: Dataset, tab: str, step: str, status: int = 200, **context: Any
) -> HttpResponse:
    numbers = list(STEPS)
    steps = [
        {"title": gettext(title), "done": numbers.index(key) < numbers.index(step), "current": key == step}
        for key, title in STEPS.items()
    ]
    form = context.get("form")
    carried = {
        name: request.GET[name] for name in ("provider", *(form.open_names if form else ())) if name in request.GET
    }
    context |= {
        "dataset": dataset,
        "tab": tab,
        "step": step,
        "steps": steps,
        "wizard_url": _url(dataset, tab),
        "carried": urlencode(carried),
        "purpose": PURPOSE_WORDS[tab],
    }
    return render(request, "datasources/wizard.html", context, status=status)


PURPOSE_WORDS = {"input": Purpose.INPUT.label, "lightly": Purpose.LIGHTLY.label}


def _url(dataset: Dataset, tab: str) -> str:
    return reverse("datasources:wizard", args=[dataset.pk, tab])
