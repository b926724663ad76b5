"""Making a dataset, and the page that tells how it is."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRedirect

from core.web.navigation import HOME
from datasets import pages, services
from datasets.access import dataset_for
from datasets.forms import DatasetForm
from datasets.sharing.queries import shared_people
from teams.requests import PageRequest

# The key in the session of the dataset whose settings the home page opens once, right after it was created.
OPEN_SETTINGS = "open_settings"


def create(request: PageRequest) -> HttpResponse:
    """A dataset's name and type; then its settings, to connect it."""
    form = DatasetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            dataset = services.create_dataset(
                name=form.cleaned_data["name"], dataset_type=form.cleaned_data["type"], owner=request.user
            )
        except ValidationError as error:
            form.add_error(None, error)
        except services.NoTeamError:
            form.add_error(None, gettext("You are in no team yet. Ask an admin to add you to one."))
        else:
            if not request.htmx:
                return redirect(pages.CONNECT.url(dataset.pk, "input"))
            request.session[OPEN_SETTINGS] = dataset.pk
            return HttpResponseClientRedirect(HOME.url())
    template = "datasets/_create.html" if request.htmx else "datasets/create.html"
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


@require_GET
def overview(request: PageRequest, dataset_id: str) -> HttpResponse:
    """The facts, with whom it is shared, and a section of every app that has something to say of it."""
    dataset = dataset_for(request.user, dataset_id)
    sections = [(section.template, section.context(request, dataset)) for section in pages.sections()]
    context = {"dataset": dataset, "sections": sections, "shared_people": shared_people(dataset)}
    return render(request, "datasets/overview.html", context)
