from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django_htmx.http import HttpResponseClientRedirect

from datasets import services
from datasets.forms import DatasetForm
from teams.requests import PageRequest

# In the session: the dataset whose settings the home page opens once, right after it was created.
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
                return redirect("datasources:settings", dataset.pk, "input")
            request.session[OPEN_SETTINGS] = dataset.pk
            return HttpResponseClientRedirect(reverse("home"))
    template = "datasets/_create.html" if request.htmx else "datasets/create.html"
    return render(request, template, {"form": form}, status=422 if form.errors else 200)
