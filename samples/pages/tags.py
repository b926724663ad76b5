"""Making, renaming and deleting tags, in small dialogs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from core.web.dialogs import dialog, done
from datasets.access import dataset_for, editable_dataset_for
from datasets.models import Dataset
from samples import queries
from samples.models import Tag
from samples.pages.forms import FilterForm, NamesForm, TagNameForm, TwoTagsForm
from samples.tags import services
from samples.tags.errors import TagError
from samples.tags.filters import mask_of
from samples.tags.services import Operation
from teams.models import User
from teams.requests import PageRequest

CREATOR = "USER_WEBAPP"


def tag_for(user: User, dataset_id: str, tag_id: str, *, to_change: bool = False) -> Tag:
    """Its dataset knows what the person may. Raises Http404, and PermissionDenied for who may only look."""
    dataset = editable_dataset_for(user, dataset_id) if to_change else dataset_for(user, dataset_id)
    tag = services.tag_of(dataset, tag_id)
    if tag is None:
        raise Http404(gettext("The dataset has no such tag. It may have been deleted."))
    tag.dataset = dataset
    return tag


@require_http_methods(["GET", "POST"])
def create(request: PageRequest, dataset_id: str, how: str) -> HttpResponse:
    """`how`: names, tags or filter."""
    dataset = editable_dataset_for(request.user, dataset_id)
    tags = queries.tags_of(dataset)
    data = request.POST if request.method == "POST" else None
    form, make = _FORMS[how](dataset, tags, data, request)
    if form.is_bound and form.is_valid():
        try:
            tag = make()
        except TagError as error:
            form.add_error(error.field if error.field in form.fields else None, error.words)
        else:
            words = gettext("Created the tag %(name)s with %(count)s samples.")
            told = {"name": tag.name, "count": f"{tag.size:,}"}
            return done(request, words % told, reverse("samples:tag", args=[dataset.pk, tag.pk]))
    titles = {
        "names": gettext("New tag from names"),
        "tags": gettext("New tag from two tags"),
        "filter": gettext("New tag from a filter"),
    }
    back = reverse("samples:samples", args=[dataset.pk])
    status = 422 if form.errors else 200
    return dialog(request, "samples/_form.html", title=titles[how], back=back, status=status, form=form, how=how)


_Made = tuple[forms.Form, Callable[[], Tag]]


def _from_names(dataset: Dataset, tags: list[Tag], data: Any, request: PageRequest) -> _Made:
    form = NamesForm(data)
    return form, lambda: services.create_from_names(
        dataset,
        name=form.cleaned_data["name"],
        file_names=form.chosen,
        by=request.user,
        creator=CREATOR,
    )


def _from_tags(dataset: Dataset, tags: list[Tag], data: Any, request: PageRequest) -> _Made:
    initial = {"one": request.GET.get("one", "")}
    form = TwoTagsForm(tags, data, initial=initial)
    by_id = {tag.pk: tag for tag in tags}
    return form, lambda: services.create_by_arithmetic(
        dataset,
        name=form.cleaned_data["name"],
        one=by_id[form.cleaned_data["one"]],
        other=by_id[form.cleaned_data["other"]],
        operation=Operation(form.cleaned_data["operation"]),
        by=request.user,
        creator=CREATOR,
    )


def _from_filter(dataset: Dataset, tags: list[Tag], data: Any, request: PageRequest) -> _Made:
    asked = request.GET
    initial = {
        "within": asked.get("within") or (tags[-1].pk if tags else ""),
        "contains": asked.get("contains", "")[:500],
    }
    form = FilterForm(tags, data, initial=initial)

    def make() -> Tag:
        chosen = form.filter(tags)
        within = chosen.within if chosen.within and not chosen.within.is_initial else None
        bits = mask_of(dataset, chosen)
        return services.create(
            dataset, name=form.cleaned_data["name"], bits=bits, previous=within, by=request.user, creator=CREATOR
        )

    return form, make


_FORMS = {"names": _from_names, "tags": _from_tags, "filter": _from_filter}


@require_http_methods(["GET", "POST"])
def rename(request: PageRequest, dataset_id: str, tag_id: str) -> HttpResponse:
    tag = tag_for(request.user, dataset_id, tag_id, to_change=True)
    form = TagNameForm(request.POST if request.method == "POST" else None, initial={"name": tag.name})
    back = reverse("samples:tag", args=[tag.dataset_id, tag.pk])
    if form.is_bound and form.is_valid():
        try:
            services.update(tag, name=form.cleaned_data["name"], by=request.user, creator=CREATOR)
        except TagError as error:
            form.add_error(error.field if error.field in form.fields else None, error.words)
        else:
            return done(request, gettext("Renamed the tag."), back)
    title = gettext("Rename %(name)s") % {"name": tag.name}
    status = 422 if form.errors else 200
    return dialog(request, "samples/_form.html", title=title, back=back, status=status, form=form, how="rename")


@require_http_methods(["GET", "POST"])
def delete(request: PageRequest, dataset_id: str, tag_id: str) -> HttpResponse:
    """Asks first. Samples stay."""
    tag = tag_for(request.user, dataset_id, tag_id, to_change=True)
    back = reverse("samples:samples", args=[tag.dataset_id])
    obstacle = ""
    if request.method == "POST":
        try:
            services.delete(tag, by=request.user)
        except TagError as error:
            obstacle = error.words
        else:
            return done(request, gettext("Deleted the tag %(name)s.") % {"name": tag.name}, back)
    title = gettext("Delete %(name)s?") % {"name": tag.name}
    status = 409 if obstacle else 200
    return dialog(request, "samples/_delete.html", title=title, back=back, status=status, tag=tag, obstacle=obstacle)
