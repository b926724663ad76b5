"""What the settings ask while they wait for a change in the cloud."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect, reswap, retarget

from datasets.access import editable_dataset_for
from datasources.live_fix.services import look_again
from datasources.live_fix.waiting import Wait
from datasources.settings.events import dataset_changed
from datasources.settings.panel import DatasourcePanel
from datasources.settings.views import permissions
from teams.requests import PageRequest


@require_POST
def wait(request: PageRequest, dataset_id: str, tab: str) -> HttpResponse:
    """Check again if it is time to. While nothing changes, the bulbs and what is folded open stay as they are."""
    panel = DatasourcePanel(editable_dataset_for(request.user, dataset_id), tab, in_dialog="dialog" in request.GET)
    if panel.datasource is None:
        raise Http404(gettext("Nothing to check yet."))
    if not request.htmx:
        return redirect(panel.url)
    if panel.status.is_open or panel.status.stamp != request.POST.get("seen"):
        return _changed(request, panel)
    waits = Wait.continued(request.POST.get("since", ""), timezone.now())
    context: dict[str, Any] = {"panel": panel, "dataset": panel.dataset, "in_dialog": panel.in_dialog}
    context |= {"oob": True, "since": waits.since}
    if "wizard" in request.GET:
        context["wizard_url"] = _wizard_url(panel)
    if "stop" in request.POST:
        context["ended"] = "stopped"
    elif waits.is_over:
        context["ended"] = "over"
    else:
        delay = look_again(datasource_id=panel.datasource.pk, pace=waits.pace, by=request.user)
        context["delay"] = f"{delay // timedelta(milliseconds=1)}ms"
    return render(request, "datasources/_live_fix.html", context)


def _changed(request: PageRequest, panel: DatasourcePanel) -> HttpResponse:
    """All bulbs anew, in place of the part that asked."""
    if "wizard" in request.GET:
        return HttpResponseClientRedirect(f"{_wizard_url(panel)}?step=check")
    answer = permissions(request, panel.dataset.pk, panel.tab)
    return dataset_changed(reswap(retarget(answer, "#permissions"), "outerHTML"), panel.dataset)


def _wizard_url(panel: DatasourcePanel) -> str:
    return reverse("datasources:wizard", args=[panel.dataset.pk, panel.tab])
