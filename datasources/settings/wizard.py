"""The guided way to a first datasource, one question a page: provider, access, credentials, bulbs.

Nothing is kept between the pages: what was entered so far stands in the address, and secrets are saved at once.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_noop

from clouds import PROVIDERS, Reading, Refusal, read_pasted
from datasets.access import editable_dataset_for
from datasources.models import Purpose
from datasources.settings import samples
from datasources.settings.panel import PURPOSES, DatasourcePanel
from datasources.settings.pasting import PASTED, PASTED_INTO
from teams.requests import PageRequest

FIRST_PROVIDER = next(iter(PROVIDERS))
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
        step = request.POST.get("step", "credentials")
        if PASTED_INTO in request.POST:
            return _show_pasted(request, panel, step)
        forms = {"provider": _begin, "access": _go_on}
        return forms.get(step, _save)(request, panel)
    steps = {"access": _form_step, "credentials": _form_step, "check": _check_step}
    step = request.GET.get("step", "provider")
    return steps.get(step, _provider_step)(request, panel, step)


def _provider_step(request: PageRequest, panel: DatasourcePanel, step: str = "", **more: Any) -> HttpResponse:
    return _render(
        request,
        panel,
        "provider",
        **more,
        providers=PROVIDERS,
        samples_available=samples.available(),
        sample_data_url=samples.SAMPLE_DATA.url(),
    )


def _form_step(request: PageRequest, panel: DatasourcePanel, step: str) -> HttpResponse:
    """The same form twice: first without the secrets, then with what was entered and the secrets."""
    panel.show_form(request.GET.get("provider"), copy="copy" in request.GET, typed=request.GET.dict())
    return _form_page(request, panel, step)


def _form_page(
    request: PageRequest, panel: DatasourcePanel, step: str = "access", *, status: int = 200
) -> HttpResponse:
    chosen = panel.form.config_class
    alike = {key: provider for key, provider in PROVIDERS.items() if chosen.scheme and provider.scheme == chosen.scheme}
    return _render(request, panel, step, status=status, carried=_carried(panel), alike=alike)


def _show_pasted(request: PageRequest, panel: DatasourcePanel, step: str) -> HttpResponse:
    form = panel.fill_form_from_paste(request.POST.dict())
    if step == "provider":
        return _form_page(request, panel) if _is_known(request.POST.get(PASTED, "")) else HttpResponse(status=204)
    if form.understood is None or not form.understood.is_news:
        return HttpResponse(status=204)
    return _form_page(request, panel, step)


def _begin(request: PageRequest, panel: DatasourcePanel) -> HttpResponse:
    """From what was pasted before a provider was chosen. It tells which, or it is asked for again."""
    text = request.POST.get("path", "")
    found = read_pasted(text, FIRST_PROVIDER)
    if isinstance(found, Reading):
        form = panel.fill_form(request.POST.dict(), request.FILES)
        if form.understood and form.understood.entered_secrets:
            return _go_on(request, panel)
        _say_notes(request, panel)
        return redirect(f"{_url(panel)}?step=access&{_carried(panel)}")
    if isinstance(found, Refusal):
        problem = found.reason
    elif text.strip():
        problem = gettext("No storage is known for this. Choose the storage below.")
    else:
        problem = gettext("Nothing was pasted. Paste something, or choose the storage below.")
    # The text is never shown again: it may be, or contain, a secret.
    return _provider_step(request, panel, status=422, problem=problem)


def _is_known(text: str) -> bool:
    return isinstance(read_pasted(text, FIRST_PROVIDER), Reading)


def _go_on(request: PageRequest, panel: DatasourcePanel) -> HttpResponse:
    """From the fields that are no secret to the page with all. Who pasted the secrets as well is there already."""
    form = panel.fill_form(request.POST.dict(), request.FILES)
    if form.understood and form.understood.entered_secrets:
        return _save(request, panel)
    form.keep_errors([name for name, value in form.open_values().items() if value])
    form.keep_errors([*form.errors, *(form.understood.problems if form.understood else ())])
    if form.errors:
        return _form_page(request, panel, "access", status=422)
    _say_notes(request, panel)
    return redirect(f"{_url(panel)}?step=credentials&{_carried(panel)}")


def _save(request: PageRequest, panel: DatasourcePanel) -> HttpResponse:
    form = panel.fill_form(request.POST.dict(), request.FILES)
    if not form.is_valid():
        return _form_page(request, panel, "credentials", status=422)
    panel.save(by=request.user)
    _say_notes(request, panel)
    return redirect(f"{_url(panel)}?step=check")


def _say_notes(request: PageRequest, panel: DatasourcePanel) -> None:
    for note in panel.form.understood.notes if panel.form.understood else ():
        messages.info(request, note)


def _check_step(request: PageRequest, panel: DatasourcePanel, step: str) -> HttpResponse:
    if panel.datasource is None:
        return redirect(_url(panel))
    after = "lightly" if panel.tab == "input" else "input"
    return _render(request, panel, "check", next_tab=None if panel.other else after)


def _carried(panel: DatasourcePanel) -> str:
    """What stands in the form, for an address. Never a secret, nor what is no right value: it might be one."""
    values = {
        name: value for name, value in panel.form.open_values().items() if value and name not in panel.form.errors
    }
    return urlencode({"provider": panel.form.config_class.provider_type(), **values})


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
