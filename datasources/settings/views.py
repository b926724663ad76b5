"""A dataset's settings, in the dialog and as a page. Without htmx the whole page is sent, with it only a part."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from core.web.navigation import HOME
from core.web.undo import success_with_undo
from datasets.access import dataset_for, editable_dataset_for, manageable_dataset_for
from datasets.forms import DeleteForm, NameForm
from datasets.models import Dataset
from datasets.services import delete_dataset, rename_dataset
from datasets.sharing.views import sharing_context
from datasources import services
from datasources.checks import queries
from datasources.checks.lifecycle import KEPT_PER_DATASOURCE
from datasources.settings import timeline
from datasources.settings.events import check_finished, dataset_changed
from datasources.settings.forms import config_class_for
from datasources.settings.panel import DatasourcePanel, Panel
from datasources.settings.pasting import PASTED_INTO, understand
from datasources.shared_credentials import words
from teams.requests import PageRequest

HISTORY_SIZE = 20
# More than are kept of two datasources, apart from checks that are still under way.
HISTORY_LIMIT = 3 * KEPT_PER_DATASOURCE


def settings(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """The tabs Input and Lightly: one datasource's form beside its bulbs. POST saves and queues a check."""
    if request.method == "POST":
        panel = DatasourcePanel(editable_dataset_for(request.user, dataset_id), tab, in_dialog=_in_dialog(request))
        return _save(request, panel.for_person(request.user))
    panel = DatasourcePanel(dataset_for(request.user, dataset_id), tab, in_dialog=_in_dialog(request))
    panel.for_person(request.user)
    panel.show_form(request.GET.get("provider"), copy="copy" in request.GET)
    return _render(request, panel)


def _save(request: PageRequest, panel: DatasourcePanel) -> HttpResponse:
    if PASTED_INTO in request.POST:  # nothing is saved: the fields are filled in while the person goes on
        form = panel.fill_form_from_paste(request.POST.dict())
        return _render(request, panel) if form.understood and form.understood.is_news else HttpResponse(status=204)
    form = panel.fill_form(request.POST.dict(), request.FILES)
    if not form.is_valid():
        return _render(request, panel, status=422)
    saved = panel.save(by=request.user)
    for note in form.understood.notes if form.understood else ():
        messages.info(request, note)
    if panel.everywhere:
        words.tell(request, saved.replaced)
    if not request.htmx:  # in the dialog the bulbs beside the form say it
        messages.success(request, gettext("%(purpose)s saved.") % {"purpose": saved.purpose.label})
        return redirect(saved.url)
    saved.show_form()
    answer = dataset_changed(_render(request, saved, is_saved=True), saved.dataset)
    for datasource in saved.replaced.changed if saved.replaced else ():
        dataset_changed(answer, datasource.dataset)
    return answer


@require_POST
def access(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """What to run or paste in one's cloud so that the path typed so far can be read, and written.

    Changes nothing. It is a POST because a secret may have been pasted into any field, and addresses are logged.
    """
    panel = DatasourcePanel(dataset_for(request.user, dataset_id), tab)
    understood = understand(request.POST.dict(), config_class_for(request.POST.get("provider"), None), {})
    setup = panel.access_for(understood.config_class, understood.data)
    context = {"panel": panel, "access": setup, "chosen": request.POST.get("access-form")}
    return render(request, "datasources/_access.html", context)


@require_POST
def check_again(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    panel = DatasourcePanel(editable_dataset_for(request.user, dataset_id), tab)
    if panel.datasource is None:
        raise Http404(gettext("Nothing to check yet."))
    services.check_again(datasource=panel.datasource, by=request.user)
    if request.htmx:
        return dataset_changed(permissions(request, dataset_id, tab), panel.dataset)
    if "wizard" in request.GET:
        return redirect(f"{reverse('datasources:wizard', args=[panel.dataset.pk, tab])}?step=check")
    return redirect(panel.url)


def permissions(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """The bulbs of one datasource with their reasons. The part fetches itself again while a check is open."""
    panel = DatasourcePanel(dataset_for(request.user, dataset_id), tab, in_dialog=_in_dialog(request))
    panel.for_person(request.user)
    response = render(request, "datasources/_permissions.html", _context(panel, oob=True))
    return response if panel.status.is_open else check_finished(response)


@require_GET
def cors(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """Whether browsers may load from there. The part fetches itself again until the check has stored it."""
    panel = DatasourcePanel(dataset_for(request.user, dataset_id), tab, in_dialog=_in_dialog(request))
    return render(request, "datasources/_cors.html", _context(panel))


def dataset_tab(request: PageRequest, dataset_id: str) -> HttpResponse:
    """Rename, share or delete the dataset."""
    if request.method != "POST":
        return _render_dataset_tab(request, dataset_for(request.user, dataset_id))
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
    words = gettext("The dataset is named %(dataset)s now.") % {"dataset": dataset.name}
    success_with_undo(request, words, url=url, fields={"name": before})
    if not request.htmx:
        return redirect(url)
    return dataset_changed(_render_dataset_tab(request, dataset), dataset)


def _delete(request: PageRequest, dataset: Dataset) -> HttpResponse:
    form = DeleteForm(dataset, request.POST)
    if not form.is_valid():
        return _render_dataset_tab(request, dataset, status=422, delete_form=form)
    delete_dataset(dataset=dataset)
    messages.success(
        request, gettext("%(dataset)s was deleted. Nothing in your buckets was touched.") % {"dataset": dataset.name}
    )
    return HttpResponseClientRedirect(HOME.url()) if request.htmx else redirect(HOME.url())


def _render_dataset_tab(
    request: PageRequest,
    dataset: Dataset,
    *,
    status: int = 200,
    name_form: NameForm | None = None,
    delete_form: DeleteForm | None = None,
) -> HttpResponse:
    panel = Panel(dataset, "dataset", in_dialog=_in_dialog(request))
    forms = {
        "name_form": name_form or NameForm(initial={"name": dataset.name}),
        "delete_form": delete_form or DeleteForm(dataset),
    }
    return _render(request, panel, status, **forms, **sharing_context(request, dataset))


@require_GET
def history(request: PageRequest, dataset_id: str) -> HttpResponse:
    """Every check of the dataset's datasources: what changed, and a picture of it all."""
    panel = Panel(dataset_for(request.user, dataset_id), "history", in_dialog=_in_dialog(request))
    checks = list(queries.checks_of(panel.dataset)[:HISTORY_LIMIT])
    paginator = Paginator(timeline.entries(checks), HISTORY_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    return _render(
        request,
        panel,
        page=page,
        pages=paginator.get_elided_page_range(page.number),
        pictures=timeline.pictures(checks),
    )


def _render(request: PageRequest, panel: Panel, status: int = 200, **more: Any) -> HttpResponse:
    template = "datasources/_settings.html" if request.htmx else "datasources/settings.html"
    return render(request, template, _context(panel, **more), status=status)


def _context(panel: Panel, **more: Any) -> dict[str, Any]:
    """The names that parts of other pages know are spelled out; everything else is read from the panel."""
    return {"panel": panel, "dataset": panel.dataset, "in_dialog": panel.in_dialog, **more}


def _in_dialog(request: PageRequest) -> bool:
    """Whether the response lands in the dialog. Parts that fetch themselves again say so in their address."""
    return bool(request.htmx) and (request.htmx.target == "dialog" or "dialog" in request.GET)
