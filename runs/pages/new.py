"""A new run: as a form or as JSON, which stand for the same configuration; its dry run; and scheduling it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from datasets.access import editable_dataset_for
from datasets.models import Dataset
from datasources.models import Trigger
from datasources.settings.bulbs import statuses_of
from runs.configuration import InvalidConfigError, RunSettings, parse
from runs.models import ConfigVersion, Priority, Run
from runs.pages.access import runs_for
from runs.pages.building import VERSION, NotInFormError, build, content_of, values_of
from runs.pages.estimating import Estimate, estimate
from runs.pages.forms import HowForm, JsonForm, RunForm, target_text
from runs.pages.offers import Offers, offers_of
from runs.scheduling import configs, registry, services
from runs.scheduling.errors import SchedulingError
from runs.selection.parsing.problems import Problem
from teams.requests import PageRequest

CREATOR = "USER_WEBAPP"
# What a form without a history begins with.
_FIRST: dict[str, Any] = {"size_by": "count", "count": 100, "diversity": True, "typicality_neighbours": 20}


@dataclass
class Draft:
    """A configuration at work. Of `form` and `json_form` there is the one that `mode` names."""

    dataset: Dataset
    offers: Offers
    mode: str
    how: HowForm
    form: RunForm | None = None
    json_form: JsonForm | None = None
    # Where the other way can't show this configuration.
    note: str = ""
    refusal: str = ""
    estimate: Estimate | None = None
    settings: RunSettings | None = None
    content: dict[str, Any] = field(default_factory=dict)

    @property
    def is_wrong(self) -> bool:
        shown = self.form if self.mode == "form" else self.json_form
        return bool(self.how.errors or self.refusal or (shown is not None and shown.errors))


@require_http_methods(["GET", "POST"])
def new(request: PageRequest, dataset_id: str) -> HttpResponse:
    """`?run=`: begin with that run's configuration."""
    dataset = editable_dataset_for(request.user, dataset_id)
    if request.method == "GET":
        draft = _first(dataset, runs_for(request.user).filter(pk=request.GET.get("run", "")).first())
        return _shown(request, draft)
    draft = _posted(request, dataset)
    action = request.POST.get("action", "schedule")
    if action in {"form", "json"}:
        _switch(draft, action)
    elif not draft.is_wrong and draft.settings:
        if action == "dry":
            workers = [each for each in registry.living() if registry.fits(each, draft.how.cleaned_data["runs_on"])]
            draft.estimate = estimate(dataset, draft.settings, draft.offers, workers=len(workers))
        else:
            return _schedule(request, draft)
    return _shown(request, draft)


@require_GET
def permissions(request: PageRequest, dataset_id: str) -> HttpResponse:
    """The bulbs alone: they fetch themselves again while a check is under way, and after one in the dialog."""
    dataset = editable_dataset_for(request.user, dataset_id)
    return render(request, "runs/_permissions.html", _bulbs(dataset) | {"dataset": dataset, "announce": True})


def _bulbs(dataset: Dataset) -> dict[str, Any]:
    statuses = statuses_of(dataset.datasources.select_related("latest_check"))
    return {
        "statuses": statuses,
        "missing": [source for source in statuses if any(bulb.state != "granted" for bulb in source.bulbs)],
        "checking": next((source for source in statuses if source.is_open), None),
    }


def _shown(request: PageRequest, draft: Draft) -> HttpResponse:
    template = "runs/_new.html" if request.htmx else "runs/new.html"
    dataset = draft.dataset
    workers = list(registry.living())
    context = _bulbs(dataset) | {
        "dataset": dataset,
        "tab": "runs",
        "draft": draft,
        "workers": len(workers),
        "labels": sorted({label for worker in workers for label in worker.labels}),
    }
    return render(request, template, context, status=422 if draft.is_wrong else 200)


def _first(dataset: Dataset, run: Run | None) -> Draft:
    offers = offers_of(dataset)
    if run is None:
        return Draft(dataset, offers, "form", HowForm(), RunForm(offers=offers, initial=_initial(dataset, {})))
    how: dict[str, Any] = {}
    if run.scheduled:
        how = {"priority": run.scheduled.priority, "runs_on": ", ".join(run.scheduled.runs_on)}
    draft = Draft(dataset, offers, "json", HowForm(initial=how))
    try:
        settings = configs.settings_of(run.config)
    except InvalidConfigError as error:
        draft.json_form = JsonForm(initial={"text": _text(run.config.content)})
        draft.note = gettext("This release does not accept the configuration any more: %(reason)s") % {"reason": error}
        return draft
    content = run.config.content if run.config.version == ConfigVersion.V4 else content_of(settings)
    _open(draft, settings, content)
    return draft


def _initial(dataset: Dataset, values: dict[str, Any]) -> dict[str, Any]:
    if not values:
        return _FIRST | {"use_datapool": dataset.samples.exists()}
    return values | {"balance_target": target_text(values.get("balance_target") or {})}


def _open(draft: Draft, settings: RunSettings, content: dict[str, Any]) -> None:
    """As a form if it can show all of it, else as JSON."""
    try:
        values = values_of(settings)
    except NotInFormError as error:
        draft.mode, draft.form, draft.json_form = "json", None, JsonForm(initial={"text": _text(content)})
        draft.note = str(error)
        return
    draft.mode, draft.json_form = "form", None
    draft.form = RunForm(offers=draft.offers, initial=_initial(draft.dataset, values))


def _posted(request: PageRequest, dataset: Dataset) -> Draft:
    mode = "json" if request.POST.get("mode") == "json" else "form"
    offers = offers_of(dataset)
    draft = Draft(dataset, offers, mode, HowForm(request.POST))
    draft.how.is_valid()
    if mode == "json":
        draft.json_form = JsonForm(request.POST)
        if draft.json_form.is_valid():
            _read_json(draft, draft.json_form)
        return draft
    draft.form = RunForm(request.POST, offers=offers)
    if draft.form.is_valid():
        _read_form(draft, draft.form)
    return draft


def _read_json(draft: Draft, form: JsonForm) -> None:
    draft.content = form.cleaned_data["text"]
    try:
        draft.settings = parse(VERSION, draft.content)
    except InvalidConfigError as error:
        for problem in error.problems:
            form.add_error("text", str(problem))


def _read_form(draft: Draft, form: RunForm) -> None:
    built = build(form.cleaned_data)
    draft.content = built.content
    try:
        draft.settings = parse(VERSION, built.content)
    except InvalidConfigError as error:
        for problem in error.problems:
            name = built.field_at(problem.pointer)
            form.add_error(name if name in form.fields else None, _words(problem, name))


def _words(problem: Problem, name: str) -> str:
    if name == "strategies":
        return gettext("Choose at least one way to select: diversity, for example.")
    if name == "balance_target":  # of which the problem speaks as JSON
        return gettext("Write the share of each class, from 0 to 1 and together at most 1, or choose another mix.")
    words = gettext("Expected is %(expected)s. %(fix)s")
    return words % {"expected": problem.expected, "fix": problem.fix}


def _switch(draft: Draft, to: str) -> None:
    """Show the same configuration the other way. What is wrong with it stays to be seen where it is."""
    if to == draft.mode or draft.is_wrong or draft.settings is None:
        return
    if to == "form":
        _open(draft, draft.settings, draft.content)
        return
    draft.mode, draft.form = "json", None
    draft.json_form = JsonForm(initial={"text": _text(_without_empty(draft.content))})


def _schedule(request: PageRequest, draft: Draft) -> HttpResponse:
    config = configs.store(version=ConfigVersion.V4, content=draft.content, by=request.user, creator=CREATOR)
    try:
        scheduled = services.schedule(
            dataset=draft.dataset,
            config=config,
            by=request.user,
            priority=Priority(draft.how.cleaned_data["priority"]),
            runs_on=draft.how.cleaned_data["runs_on"],
            creator=CREATOR,
            trigger=Trigger.PERSON,
        )
    except SchedulingError as error:
        config.delete()
        draft.refusal = error.text
        return _shown(request, draft)
    messages.success(request, gettext("The run is scheduled."))
    page = redirect("runs:scheduled", draft.dataset.pk, scheduled.pk)
    return HttpResponseClientRedirect(page["Location"]) if request.htmx else page


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)


def _without_empty(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if value != {}}
