"""Making and revoking links, for who may edit the dataset."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from core.web.dialogs import dialog
from datasets.access import editable_dataset_for
from datasources.grant_links import addresses
from datasources.grant_links import services as grant_links
from datasources.settings.panel import DatasourcePanel
from teams.requests import PageRequest


@never_cache  # it shows links, which neither the browser nor its back button may keep
def links(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """The links of one datasource, to copy and to revoke. POST makes one."""
    panel = _panel(request, dataset_id, tab)
    if request.method != "POST" or panel.datasource is None:
        return _render(request, panel)
    try:
        grant_links.make(datasource=panel.datasource, by=request.user)
    except grant_links.TooManyLinksError as error:
        return _render(request, panel, problem=str(error))
    return _changed(request, panel, gettext("The link is ready. Copy it and send it to your cloud admin."))


@never_cache
@require_POST
def revoke(request: PageRequest, dataset_id: str, tab: str, link_id: str) -> HttpResponse:
    panel = _panel(request, dataset_id, tab)
    if panel.datasource:
        grant_links.revoke(datasource=panel.datasource, link_id=link_id, by=request.user)
    return _changed(request, panel, gettext("The link is revoked. It opens nothing any more."))


def _panel(request: PageRequest, dataset_id: str, tab: str) -> DatasourcePanel:
    """Raises PermissionDenied for guests too: a link shows what only members of the team may see."""
    dataset = editable_dataset_for(request.user, dataset_id)
    if dataset.hides_from_guest:
        raise PermissionDenied(gettext("Only members of the dataset's team may make such links."))
    return DatasourcePanel(dataset, tab, in_dialog=bool(request.htmx))


def _changed(request: PageRequest, panel: DatasourcePanel, words: str) -> HttpResponse:
    if request.htmx:
        return _render(request, panel, said=words)
    messages.success(request, words)
    return redirect(_url(panel))


def _render(request: PageRequest, panel: DatasourcePanel, *, problem: str = "", said: str = "") -> HttpResponse:
    found = grant_links.links_of(panel.datasource) if panel.datasource else []
    return dialog(
        request,
        "datasources/grant_links/_links.html",
        title=gettext("Send to my cloud admin"),
        back=panel.url,
        status=422 if problem else 200,
        panel=panel,
        links_url=_url(panel),
        shown=[{"link": link, "address": request.build_absolute_uri(addresses.path_of(link))} for link in found],
        days=grant_links.LIFETIME.days,
        problem=problem,
        said=said,
    )


def _url(panel: DatasourcePanel) -> str:
    return reverse("datasources:grant_links", args=[panel.dataset.pk, panel.tab])
