"""The datasets home and the settings dialog. Every page works without htmx too; with it, only a part is sent."""

import functools
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from datasets.access import dataset_for, editable_dataset_for
from datasets.forms import DeleteForm, NameForm
from datasets.models import Dataset
from datasets.services import delete_dataset, rename_dataset
from datasets.sharing_views import sharing_context
from datasets.views import OPEN_SETTINGS
from datasources import queries, services, snippets
from datasources.bulbs import SourceView, check_bulbs, source_views
from datasources.clouds import CONFIG_CLASSES, CloudConfig
from datasources.forms import SUFFIX_FIELD, DatasourceForm, config_class_for
from datasources.models import DEFAULT_THUMBNAIL_SUFFIX, CheckState, Datasource, Purpose, UnreadableConfigError
from teams.queries import current_team_of
from teams.requests import PageRequest

PAGE_SIZE = 25
HISTORY_SIZE = 50


@require_GET
def home(request: PageRequest) -> HttpResponse:
    search, sort = request.GET.get("q", "").replace("\0", "").strip(), request.GET.get("sort", queries.DEFAULT_SORT)
    team = current_team_of(request.user)
    paginator = Paginator(queries.home_datasets(request.user, team=team, search=search, sort=sort), PAGE_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "rows": [_row(dataset) for dataset in page],
        "search": search,
        "sort": sort if sort in queries.SORTS else queries.DEFAULT_SORT,
        "sorts": {key: label for key, (label, _) in queries.SORTS.items()},
        "summary": queries.home_summary(request.user, team),
        "team": team,
        "open_settings": request.session.pop(OPEN_SETTINGS, None),
    }
    return render(request, "datasources/home.html", context)


@require_GET
def row(request: PageRequest, dataset_id: str) -> HttpResponse:
    """One dataset of the home page. Asks for itself again while a check is open."""
    dataset_for(request.user, dataset_id)
    dataset = queries.home_datasets(request.user).get(pk=dataset_id)
    # While its dialog is open, that announces the outcome.
    polled = "/settings/" not in (request.htmx.current_url_abs_path or "")
    return render(request, "datasources/_row.html", {"row": _row(dataset), "announce": polled})


def _row(dataset: Dataset) -> dict[str, Any]:
    views = source_views(dataset)
    return {
        "dataset": dataset,
        "sources": views,
        "is_open": any(view.is_open for view in views),
        "poll_after": next((view.poll_after for view in views if view.is_open), ""),
        "checked_at": max((view.finished_at for view in views if view.finished_at), default=None),
        "empty": [view for view in views if view.empty],
        "warning": next((view.warning for view in views if view.warning), ""),
    }


PURPOSE_TABS = {"input": Purpose.INPUT, "lightly": Purpose.LIGHTLY}


def settings(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """The tabs Input and Lightly: one datasource's form beside its bulbs. POST saves and queues a check."""
    if request.method == "POST":
        return _save(request, editable_dataset_for(request.user, dataset_id), tab)
    dataset = dataset_for(request.user, dataset_id)
    form = _blank_form(request, dataset, _purpose(dataset, tab))
    return _render_tab(request, dataset, tab, form=form)


def _save(request: PageRequest, dataset: Dataset, tab: str) -> HttpResponse:
    purpose = _purpose(dataset, tab)
    form = _filled_form(request, dataset, purpose)
    if not form.is_valid():
        return _render_tab(request, dataset, tab, status=422, form=form)
    services.save(
        dataset=dataset,
        purpose=purpose,
        config=form.cleaned_data["config"],
        thumb_suffix=form.cleaned_data.get(SUFFIX_FIELD, DEFAULT_THUMBNAIL_SUFFIX),
        by=request.user,
    )
    if not request.htmx:  # in the dialog the bulbs beside the form say it
        messages.success(request, f"{purpose.label} saved.")
    return _after_change(request, dataset, tab)


@require_POST
def check_again(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    dataset = editable_dataset_for(request.user, dataset_id)
    datasource = _stored(dataset, _purpose(dataset, tab))
    if datasource is None:
        raise Http404("Nothing to check yet.")
    services.check_again(datasource=datasource, by=request.user)
    if request.htmx:
        return _changed(permissions(request, dataset_id, tab), dataset)
    return _to_tab(dataset, tab)


def permissions(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """The bulbs of one datasource with their reasons. Asks for itself again while a check is open."""
    dataset = dataset_for(request.user, dataset_id)
    context = _tab_context(request, dataset, tab) | {"oob": True}
    return render(request, "datasources/_permissions.html", context)


def dataset_tab(request: PageRequest, dataset_id: str) -> HttpResponse:
    """Rename or delete the dataset."""
    if request.method != "POST":
        dataset = dataset_for(request.user, dataset_id)
        return _render_dataset_tab(request, dataset)
    dataset = editable_dataset_for(request.user, dataset_id)
    return _delete(request, dataset) if "confirm" in request.POST else _rename(request, dataset)


def _rename(request: PageRequest, dataset: Dataset) -> HttpResponse:
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            rename_dataset(dataset=dataset, name=form.cleaned_data["name"])
        except ValidationError as error:
            form.add_error(None, error)
            dataset.refresh_from_db(fields=["name"])
    if form.errors:
        return _render_dataset_tab(request, dataset, status=422, name_form=form)
    messages.success(request, f"The dataset is named {dataset.name} now.")
    return _after_change(request, dataset, "dataset")


def _delete(request: PageRequest, dataset: Dataset) -> HttpResponse:
    form = DeleteForm(dataset, request.POST)
    if not form.is_valid():
        return _render_dataset_tab(request, dataset, status=422, delete_form=form)
    delete_dataset(dataset=dataset)
    messages.success(request, f"{dataset.name} was deleted. Nothing in your buckets was touched.")
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
    checks = queries.checks_of(dataset)[:HISTORY_SIZE]
    entries = [
        {
            "check": check,
            "purpose": Purpose(check.datasource.purpose),
            "bulbs": check_bulbs(check),
            "replaced": check.state == CheckState.EXPIRED and check.revision < check.datasource.revision,
        }
        for check in checks
    ]
    return _render_tab(request, dataset, "history", entries=entries)


# ---- what the tabs share ----


def _render_tab(request: PageRequest, dataset: Dataset, tab: str, status: int = 200, **context: Any) -> HttpResponse:
    template = "datasources/_settings.html" if request.htmx else "datasources/settings.html"
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
        "providers": {key: config_class.provider_short for key, config_class in CONFIG_CLASSES.items()},
        "in_dialog": _in_dialog(request),
        # Called by the template that shows it: polling must not decrypt.
        "python": functools.partial(_in_python, dataset, by_tab.get(tab)),
    }


def _in_python(dataset: Dataset, source: SourceView | None) -> str:
    """The stored datasource as a call of the client; empty if there is none, or none that can be read."""
    config = _config(source.datasource) if source else None
    if source is None or source.datasource is None or config is None:
        return ""
    suffix = source.datasource.thumbnail_suffix
    return snippets.stored(config, dataset_id=dataset.pk, purpose=source.purpose, thumbnail_suffix=suffix)


def _in_dialog(request: PageRequest) -> bool:
    """Whether the answer lands in the dialog. On a page of its own the same markup uses plain links and forms."""
    return bool(request.htmx) and (request.htmx.target == "dialog" or "dialog" in request.GET)


def _blank_form(request: PageRequest, dataset: Dataset, purpose: Purpose) -> DatasourceForm:
    """The form as stored, or for another provider, or with the other datasource's provider and credentials."""
    datasource = _stored(dataset, purpose)
    copied_from = _other(purpose) if request.GET.get("copy") else None
    stored = _config(_stored(dataset, copied_from) if copied_from else datasource)
    return DatasourceForm(
        config_class_for(request.GET.get("provider"), stored),
        purpose,
        stored=stored,
        suffix=datasource.thumbnail_suffix if datasource else DEFAULT_THUMBNAIL_SUFFIX,
        copied_from=copied_from if stored else None,
        read_only=not dataset.may_edit,
    )


def _filled_form(request: PageRequest, dataset: Dataset, purpose: Purpose) -> DatasourceForm:
    copied_from = _other(purpose) if request.POST.get("copied_from") == _other(purpose) else None
    stored = _config(_stored(dataset, copied_from or purpose))
    return DatasourceForm(
        config_class_for(request.POST.get("provider"), stored),
        purpose,
        data=request.POST,
        files=request.FILES,
        stored=stored,
        copied_from=copied_from,
    )


def _purpose(dataset: Dataset, tab: str) -> Purpose:
    """What a tab edits: a datasource that serves as both (scripts can make one) stands behind both tabs."""
    serves_both = dataset.datasources.filter(purpose=Purpose.INPUT_OUTPUT).exists()
    return Purpose.INPUT_OUTPUT if serves_both else PURPOSE_TABS[tab]


def _other(purpose: Purpose) -> Purpose:
    return Purpose.LIGHTLY if purpose is Purpose.INPUT else Purpose.INPUT


def _stored(dataset: Dataset, purpose: Purpose) -> Datasource | None:
    return dataset.datasources.filter(purpose=purpose).first()


def _config(datasource: Datasource | None) -> CloudConfig | None:
    try:
        return datasource.config if datasource else None
    except UnreadableConfigError:
        return None  # the form starts empty, and the bulbs say why


def _after_change(request: PageRequest, dataset: Dataset, tab: str) -> HttpResponse:
    if not request.htmx:
        return redirect("datasources:dataset", dataset.pk) if tab == "dataset" else _to_tab(dataset, tab)
    if tab == "dataset":
        return _changed(_render_dataset_tab(request, dataset), dataset)
    form = _blank_form(request, dataset, _purpose(dataset, tab))
    return _changed(_render_tab(request, dataset, tab, form=form, saved=True), dataset)


def _to_tab(dataset: Dataset, tab: str) -> HttpResponse:
    return redirect("datasources:settings", dataset.pk, tab)


def _changed(response: HttpResponse, dataset: Dataset) -> HttpResponse:
    """Tell the dataset's row on the page underneath to fetch itself again."""
    return trigger_client_event(response, f"dataset-changed-{dataset.pk}")
