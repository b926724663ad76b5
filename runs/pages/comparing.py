"""Two runs of a dataset side by side: their configurations, what came out, and how many names both selected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from datasets.access import dataset_for
from runs.models import Run, RunPick
from runs.pages.access import runs_for
from runs.pages.reports import goals_of
from runs.pages.run import SIZES
from runs.pages.showing import lasted, look_of
from teams.requests import PageRequest


@dataclass(frozen=True)
class Difference:
    """One value of the configurations. Empty: it is not there."""

    name: str
    one: str
    other: str

    @property
    def is_different(self) -> bool:
        return self.one != self.other


@dataclass(frozen=True)
class Overlap:
    both: int
    only_one: int
    only_other: int

    @property
    def percent(self) -> int:
        """Of all names that either selected."""
        total = self.both + self.only_one + self.only_other
        return round(100 * self.both / total) if total else 0


@require_GET
def compare(request: PageRequest, dataset_id: str) -> HttpResponse:
    """`?run=` twice. With any other number of them: back to the list, which says how it is done."""
    dataset = dataset_for(request.user, dataset_id)
    ids = list(dict.fromkeys(request.GET.getlist("run")))
    if len(ids) != 2:
        messages.info(request, gettext("Tick two runs to compare them."))
        return redirect("runs:dataset", dataset.pk)
    found = {
        each.pk: each for each in runs_for(request.user).select_related("config").filter(dataset=dataset, pk__in=ids)
    }
    if len(found) != 2:
        raise Http404(gettext("There are no such runs in this dataset."))
    one, other = (found[each] for each in ids)
    differences = differences_of(one.config.content, other.config.content)
    context = {
        "dataset": dataset,
        "tab": "runs",
        "pair": [_facts(each) for each in (one, other)],
        "different": [each for each in differences if each.is_different],
        "same": sum(1 for each in differences if not each.is_different),
        "sizes": [
            (words, one.sizes.get(key, "—"), other.sizes.get(key, "—"))
            for key, words in SIZES
            if key in one.sizes or key in other.sizes
        ],
        "overlap": overlap_of(one, other),
    }
    return render(request, "runs/compare.html", context)


def _facts(run: Run) -> dict[str, Any]:
    return {"run": run, "look": look_of(run), "lasted": lasted(run), "goals": goals_of(run)}


def overlap_of(one: Run, other: Run) -> Overlap:
    """Of the names that they selected."""
    chosen = RunPick.objects.filter(run=one, is_chosen=True)
    in_other = RunPick.objects.filter(run=other, is_chosen=True, file_name=OuterRef("file_name"))
    both = chosen.filter(Exists(in_other)).count()
    return Overlap(both, chosen.count() - both, RunPick.objects.filter(run=other, is_chosen=True).count() - both)


def differences_of(one: dict[str, Any], other: dict[str, Any]) -> list[Difference]:
    """Value by value, by their way in the configuration."""
    left, right = _flat(one), _flat(other)
    names = dict.fromkeys([*left, *right])
    return [Difference(name, left.get(name, ""), right.get(name, "")) for name in names]


def _flat(value: Any, way: str = "") -> dict[str, str]:
    if isinstance(value, dict) and value:
        return {
            k: v for key, each in value.items() for k, v in _flat(each, f"{way}.{key}" if way else str(key)).items()
        }
    if isinstance(value, list) and value:
        return {k: v for place, each in enumerate(value, 1) for k, v in _flat(each, f"{way}[{place}]").items()}
    return {way: _shown(value)}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return "—" if value in (None, {}, []) else str(value)
