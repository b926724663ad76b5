"""The Samples tab of a dataset: its tags, and how its samples lie to each other."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from datasets.access import dataset_for
from datasets.models import Dataset
from samples import queries
from samples.models import Tag
from samples.pages import plot
from samples.pages.links import new_run_url
from samples.pages.tree import branches
from teams.requests import PageRequest


@require_GET
def samples(request: PageRequest, dataset_id: str) -> HttpResponse:
    """`tag`: whose samples have the colour in the picture; the newest one's by default."""
    dataset = dataset_for(request.user, dataset_id)
    tags = queries.tags_of(dataset)
    count = queries.count_of(dataset)
    context = {
        "dataset": dataset,
        "count": count,
        "tags": tags,
        "branches": branches(tags, count),
        "embeddings": queries.embeddings_of(dataset).count(),
        "new_run_url": new_run_url(dataset.pk),
        **_plot(dataset, tags, request.GET.get("tag", "")),
    }
    return render(request, "samples/samples.html", context)


def _plot(dataset: Dataset, tags: list[Tag], chosen: str) -> dict[str, Any]:
    found = plot.newest_plot(dataset)
    if found is None:
        return {"plot": None}
    tag = next((tag for tag in tags if tag.pk == chosen), tags[0] if tags else None)
    return {
        "plot": plot.drawn(found, tag),
        "plot_tag": tag,
        "plot_csv": reverse("samples:plot", args=[dataset.pk]) + (f"?tag={tag.pk}" if tag else ""),
        "width": plot.WIDTH,
        "height": plot.HEIGHT,
    }
