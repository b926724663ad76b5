"""The datasets home and the settings dialog. Every page works without htmx too; with it, only a part is sent."""

import functools
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from clouds import PROVIDERS
from clouds.doctor import snippets
from clouds.policies import Place
from core.web.undo import success_with_undo
from datasets.access import dataset_for, editable_dataset_for, manageable_dataset_for
from datasets.forms import DeleteForm, NameForm
from datasets.models import Dataset
from datasets.services import delete_dataset, rename_dataset
from datasets.sharing.views import sharing_context
from datasources import queries, services
from datasources.checks.lifecycle import KEPT_PER_DATASOURCE
from datasources.models import Purpose
from datasources.settings import timeline
from datasources.settings.bulbs import SourceView, source_views
from datasources.settings.editing import (
    PURPOSE_TABS,
    access_context,
    blank_form,
    config_of,
    filled_form,
    purpose_of,
    save_form,
    stored_datasource,
)
from datasources.settings.forms import DatasourceForm, config_class_for
from teams.requests import PageRequest

HISTORY_SIZE = 20
# More than are kept of two datasources, but for those that are under way.
HISTORY_LIMIT = 3 * KEPT_PER_DATASOURCE


def settings(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """The tabs Input and Lightly: one datasource's form beside its bulbs. POST saves and queues a check."""
    if request.method == "POST":
        return _save(request, editable_dataset_for(request.user, dataset_id), tab)
    dataset = dataset_for(request.user, dataset_id)
    form = blank_form(request, dataset, purpose_of(dataset, tab))
    return _render_tab(request, dataset, tab, form=form)


def _save(request: PageRequest, dataset: Dataset, tab: str) -> HttpResponse:
    purpose = purpose_of(dataset, tab)
    form = filled_form(request, dataset, purpose)
    if not form.is_valid():
        return _render_tab(request, dataset, tab, status=422, form=form)
    save_form(form, dataset, purpose, request)
    if not request.htmx:  # in the dialog the bulbs beside the form say it
        messages.success(request, gettext("%(purpose)s saved.") % {"purpose": purpose.label})
    return _after_change(request, dataset, tab)


@require_GET
def access(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """What to run or paste in one's cloud so that the path typed so far can be read, and written."""
    dataset = dataset_for(request.user, dataset_id)
    config_class = config_class_for(request.GET.get("provider"), None)
    place = Place.typed(config_class, request.GET)
    names = [name for name in config_class.fields() if name not in config_class.secret_fields()]
    context = access_context(dataset, tab, place, names) | {"chosen": request.GET.get("access-form")}
    return render(request, "datasources/_access.html", context)


@require_POST
def check_again(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    dataset = editable_dataset_for(request.user, dataset_id)
    datasource = stored_datasource(dataset, purpose_of(dataset, tab))
    if datasource is None:
        raise Http404(gettext("Nothing to check yet."))
    services.check_again(datasource=datasource, by=request.user)
    if request.htmx:
        return _changed(permissions(request, dataset_id, tab), dataset)
    if "wizard" in request.GET:
        return redirect(f"{reverse('datasources:wizard', args=[dataset.pk, tab])}?step=check")
    return _to_tab(dataset, tab)


def permissions(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """The bulbs of one datasource with their reasons. Asks for itself again while a check is open."""
    dataset = dataset_for(request.user, dataset_id)
    context = _tab_context(request, dataset, tab) | {"oob": True}
    response = render(request, "datasources/_permissions.html", context)
    return response if context["source"].is_open else _finished(response)


@require_GET
def cors(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """Whether browsers may load from there, below the bulbs. Asks for itself again until the check has noted it."""
    dataset = dataset_for(request.user, dataset_id)
    return render(request, "datasources/_cors.html", _tab_context(request, dataset, tab))


def dataset_tab(request: PageRequest, dataset_id: str) -> HttpResponse:
    """Rename or delete the dataset."""
    if request.method != "POST":
        dataset = dataset_for(request.user, dataset_id)
        return _render_dataset_tab(request, dataset)
    if "confirm" in request.POST:
        return _delete(request, manageable_dataset_for(request.user, dataset_id))
    return _rename(request, editable_dataset_for(request.user, dataset_id))


def _rename(request: PageRequest, dataset: Dataset) -> HttpResponse:
    form, before = NameForm(request.POST), dataset.name
    if form.is_valid():
        try:
            rename_dataset(dataset=dataset, name=form.cleaned_data["name"])
        except ValidationError as error:
            form.add_error(None, error)
            dataset.refresh_from_db(fields=["name"])
    if form.errors:
        return _render_dataset_tab(request, dataset, status=422, name_form=form)
    url = reverse("datasources:dataset", args=[dataset.pk])
    success_with_undo(
        request,
        gettext("The dataset is named %(dataset)s now.") % {"dataset": dataset.name},
        url=url,
        fields={"name": before},
    )
    return _after_change(request, dataset, "dataset")


def _delete(request: PageRequest, dataset: Dataset) -> HttpResponse:
    form = DeleteForm(dataset, request.POST)
    if not form.is_valid():
        return _render_dataset_tab(request, dataset, status=422, delete_form=form)
    delete_dataset(dataset=dataset)
    messages.success(
        request, gettext("%(dataset)s was deleted. Nothing in your buckets was touched.") % {"dataset": dataset.name}
    )
    return HttpResponseClientRedirect(reverse("home")) if request.htmx else redirect("home")


def _render_dataset_tab(
    request: PageRequest,
    dataset: Dataset,
    *,
    status: int = 200,
    name_form: NameForm | None = None,
    delete_form: DeleteForm | None = None,
) -> HttpResponse:
    context = {
        "name_form": name_form or NameForm(initial={"name": dataset.name}),
        "delete_form": delete_form or DeleteForm(dataset),
        **sharing_context(request, dataset),
    }
    return _render_tab(request, dataset, "dataset", status=status, **context)


@require_GET
def history(request: PageRequest, dataset_id: str) -> HttpResponse:
    dataset = dataset_for(request.user, dataset_id)
    checks = list(queries.checks_of(dataset)[:HISTORY_LIMIT])
    paginator = Paginator(timeline.entries(checks), HISTORY_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "pictures": timeline.pictures(checks),
    }
    return _render_tab(request, dataset, "history", **context)


# ---- what the tabs share ----


def _render_tab(request: PageRequest, dataset: Dataset, tab: str, status: int = 200, **context: Any) -> HttpResponse:
    template = "datasources/_settings.html" if request.htmx else "datasources/settings.html"
    form = context.get("form")
    if isinstance(form, DatasourceForm):
        context |= access_context(dataset, tab, form.place(), form.open_names)
    return render(request, template, _tab_context(request, dataset, tab) | context, status=status)


def _tab_context(request: PageRequest, dataset: Dataset, tab: str) -> dict[str, Any]:
    views = {view.purpose: view for view in source_views(dataset)}
    both = views.get(Purpose.INPUT_OUTPUT)
    by_tab = {key: both or views[purpose] for key, purpose in PURPOSE_TABS.items()}
    return {
        "dataset": dataset,
        "tab": tab,
        "tabs": by_tab,
        "source": by_tab.get(tab),
        "copy_from": None if both else by_tab["lightly" if tab == "input" else "input"],
        "providers": {key: provider.short for key, provider in PROVIDERS.items()},
        "in_dialog": _in_dialog(request),
        # Called by the template that shows it: polling must not decrypt.
        "python": functools.partial(_in_python, dataset, by_tab.get(tab)),
    }


def _in_python(dataset: Dataset, source: SourceView | None) -> str:
    """The stored datasource as a call of the client; empty if there is none, or none that can be read."""
    config = config_of(source.datasource) if source else None
    if source is None or source.datasource is None or config is None:
        return ""
    suffix = source.datasource.thumbnail_suffix
    return snippets.stored(config, dataset_id=dataset.pk, purpose=source.purpose, thumbnail_suffix=suffix)


def _in_dialog(request: PageRequest) -> bool:
    """Whether the answer lands in the dialog. On a page of its own the same markup uses plain links and forms."""
    return bool(request.htmx) and (request.htmx.target == "dialog" or "dialog" in request.GET)


def _after_change(request: PageRequest, dataset: Dataset, tab: str) -> HttpResponse:
    if not request.htmx:
        return redirect("datasources:dataset", dataset.pk) if tab == "dataset" else _to_tab(dataset, tab)
    if tab == "dataset":
        return _changed(_render_dataset_tab(request, dataset), dataset)
    form = blank_form(request, dataset, purpose_of(dataset, tab))
    return _changed(_render_tab(request, dataset, tab, form=form, saved=True), dataset)


def _to_tab(dataset: Dataset, tab: str) -> HttpResponse:
    return redirect("datasources:settings", dataset.pk, tab)


def _changed(response: HttpResponse, dataset: Dataset) -> HttpResponse:
    """Tell the dataset's row on the page underneath to fetch itself again."""
    return trigger_client_event(response, f"dataset-changed-{dataset.pk}")


def _finished(response: HttpResponse) -> HttpResponse:
    """Tell the bell that a check has finished, so that there may be news."""
    return trigger_client_event(response, "check-finished")
