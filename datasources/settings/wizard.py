"""The guided way to a first datasource, one question a page: provider, access, credentials, bulbs.

Nothing is kept between the pages: what was entered so far stands in the address, and secrets are saved at once.
"""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_noop

from clouds import PROVIDERS
from datasets.access import editable_dataset_for
from datasources.models import Purpose
from datasources.settings import samples
from datasources.settings.panel import PURPOSES, DatasourcePanel
from teams.requests import PageRequest

STEPS = {
    "provider": gettext_noop("Choose the storage"),
    "access": gettext_noop("Grant access"),
    "credentials": gettext_noop("Enter credentials"),
    "check": gettext_noop("Check access"),
}


def wizard(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    panel = DatasourcePanel(editable_dataset_for(request.user, dataset_id), tab)
    if panel.purpose is Purpose.INPUT_OUTPUT:  # a script made it, for both: there is nothing to be guided to
        return redirect(panel.url)
    if request.method == "POST":
        return _save(request, panel)
    steps = {"access": _form_step, "credentials": _form_step, "check": _check_step}
    step = request.GET.get("step", "provider")
    return steps.get(step, _provider_step)(request, panel, step)


def _provider_step(request: PageRequest, panel: DatasourcePanel, step: str) -> HttpResponse:
    return _render(
        request,
        panel,
        "provider",
        providers={key: provider.label for key, provider in PROVIDERS.items()},
        samples_available=samples.available(),
        sample_data_url=samples.SAMPLE_DATA.url(),
    )


def _form_step(request: PageRequest, panel: DatasourcePanel, step: str) -> HttpResponse:
    """The same form twice: first without the secrets, then with what was entered and the secrets."""
    panel.show_form(request.GET.get("provider"), copy="copy" in request.GET, typed=request.GET.dict())
    return _render(request, panel, step, carried=_carried(request, panel))


def _save(request: PageRequest, panel: DatasourcePanel) -> HttpResponse:
    form = panel.fill_form(request.POST, request.FILES)
    if not form.is_valid():
        return _render(request, panel, "credentials", status=422, carried=_carried(request, panel))
    panel.save(by=request.user)
    return redirect(f"{_url(panel)}?step=check")


def _check_step(request: PageRequest, panel: DatasourcePanel, step: str) -> HttpResponse:
    if panel.datasource is None:
        return redirect(_url(panel))
    after = "lightly" if panel.tab == "input" else "input"
    return _render(request, panel, "check", next_tab=None if panel.other else after)


def _carried(request: PageRequest, panel: DatasourcePanel) -> str:
    """What was entered so far, for the address of the page before. Never a secret."""
    names = ("provider", *panel.form.open_names)
    return urlencode({name: request.GET[name] for name in names if name in request.GET})


def _render(request: PageRequest, panel: DatasourcePanel, step: str, *, status: int = 200, **more: Any) -> HttpResponse:
    keys = list(STEPS)
    steps = [
        {"title": gettext(title), "done": keys.index(key) < keys.index(step), "current": key == step}
        for key, title in STEPS.items()
    ]
    context = {
        "panel": panel,
        "dataset": panel.dataset,
        "step": step,
        "steps": steps,
        "wizard_url": _url(panel),
        "purpose": PURPOSES[panel.tab].label,
        **more,
    }
    return render(request, "datasources/wizard.html", context, status=status)


def _url(panel: DatasourcePanel) -> str:
    return reverse("datasources:wizard", args=[panel.dataset.pk, panel.tab])
