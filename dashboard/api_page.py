"""The page that shows how to use the official Python client with this very server."""

import re

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from clouds import PROVIDERS, CloudConfig, provider_of
from clouds.doctor import snippets
from datasets.access import dataset_for, datasets_for
from datasets.models import Dataset
from datasources.models import DEFAULT_THUMBNAIL_SUFFIX
from teams.requests import PageRequest

# So many datasets, the last ones changed, can be chosen from.
CHOICES = 50


@require_GET
def api_page(request: PageRequest) -> HttpResponse:
    version, provider = request.GET.get("client"), request.GET.get("provider")
    version = version if version in snippets.CLIENT_VERSIONS else snippets.CLIENT_VERSIONS[0]
    provider = provider if provider in PROVIDERS else next(iter(PROVIDERS))
    datasets = list(datasets_for(request.user).order_by("-modified_at", "-pk")[:CHOICES])
    if asked_for := request.GET.get("dataset"):
        if not re.fullmatch("[a-f0-9]{24}", asked_for):  # PostgreSQL fails on a NUL
            raise Http404(gettext("This is not the id of a dataset."))
        chosen = dataset_for(request.user, asked_for)
        datasets = [chosen, *(dataset for dataset in datasets if dataset != chosen)]
    dataset = datasets[0] if datasets else None
    context = {
        "version": version,
        "versions": snippets.CLIENT_VERSIONS,
        "provider": provider,
        "providers": {key: provider.label for key, provider in PROVIDERS.items()},
        "dataset": dataset,
        "datasets": datasets,
        "steps": _steps(request.build_absolute_uri("/"), version, PROVIDERS[provider].config_class, dataset),
    }
    return render(request, "dashboard/api_page.html", context)


def _steps(root: str, version: str, config_class: type[CloudConfig], dataset: Dataset | None) -> list[dict[str, str]]:
    """In the order in which a script would do them; all share one `client`."""
    configure = snippets.configure_both(config_class, thumbnail_suffix=DEFAULT_THUMBNAIL_SUFFIX)
    steps = [
        (
            "environment",
            gettext("Connect the client"),
            gettext("Install it and set the server address and your token."),
            snippets.environment(root, version),
        ),
        ("create", gettext("Create a dataset"), gettext("You own it; your team can see it."), snippets.create()),
    ]
    if dataset:
        words = gettext("This uses %(dataset)s instead of creating a dataset.") % {"dataset": dataset.name}
        steps.append(("reuse", gettext("Or use an existing dataset"), words, snippets.reuse(dataset.pk)))
    steps += [
        (
            "configure",
            gettext("Connect %(provider_label)s") % {"provider_label": provider_of(config_class).label},
            gettext("Replace the example values. Input and Lightly can use different buckets and clouds."),
            configure,
        ),
        (
            "verify",
            gettext("Check the permissions"),
            gettext("The same check as in the dashboard. If a permission is missing, it stops with the reasons."),
            snippets.verify(version),
        ),
        (
            "list",
            gettext("List the raw samples"),
            gettext("Each with a temporary read URL."),
            snippets.list_samples(),
        ),
    ]
    return [{"key": key, "title": title, "words": words, "code": code} for key, title, words, code in steps]
