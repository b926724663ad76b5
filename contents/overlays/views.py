"""The part of a file's page that shows its predictions and metadata: shapes over the picture, and a panel beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from contents.annotations.catalogue import RULES
from contents.annotations.rules import Severity
from contents.index.queries import TABS, look_at
from contents.models import FileKind
from contents.overlays.files import kept_entry, lightly_of, overlay_name
from contents.thumbnails.cache import Facts, Refusal, Started
from contents.thumbnails.files import Listed, cache, listed
from contents.thumbnails.reasons import Reason, words_of
from contents.thumbnails.services import Waiting, ask
from contents.thumbnails.views import PAUSES, THROTTLED_SECONDS, tries_of
from datasets.access import dataset_for
from datasources.models import Datasource
from teams.models import User
from teams.requests import PageRequest

TASK = "contents.tasks.make_overlay"
COLOURS, DASHES = 8, 3
# So high, about, are the letters of a name in a picture.
NAME_SHARE = 0.07
# Objects of the list beside the picture; all that are drawn have a name in the picture.
MOST_LISTED = 100
Shown = dict[str, Any]
"""What the templates _overlay.html and _shapes.html take."""
Answer = Facts | Refusal | Waiting

TYPES: dict[str, str | Promise] = {
    "classification": _("Classification"),
    "object-detection": _("Object detection"),
    "semantic-segmentation": _("Semantic segmentation"),
    "instance-segmentation": _("Instance segmentation"),
    "keypoint-detection": _("Keypoint detection"),
}
SEVERITIES: dict[Severity, tuple[str | Promise, str]] = {
    Severity.ERROR: (_("Error"), "denied"),
    Severity.WARNING: (_("Warning"), "unknown"),
    Severity.HINT: (_("Hint"), "off"),
}


@require_GET
def overlay(request: PageRequest, dataset_id: str, tab: str, row: str) -> HttpResponse:
    """While it is being made, this part asks for itself again. `only=shapes`: without the panel."""
    dataset = dataset_for(request.user, dataset_id)
    index = look_at(dataset, TABS[tab]).index
    found = listed(index.pk, int(row)) if index else None
    is_alone = request.GET.get("only") == "shapes"
    if found is None:
        shown = _refused(Refusal(Reason.OUTDATED)) | {"row": row}
    else:
        shown = Place(found, dataset_id, tab, is_alone).asked(request.user, tries_of(request))
    template = "contents/overlays/_alone.html" if is_alone else "contents/overlays/_answer.html"
    response = render(request, template, {"overlay": shown})
    response["Cache-Control"] = "no-store"
    return response


@dataclass(frozen=True)
class Place:
    """Where a page shows what is said of a file. `is_alone`: shapes without a panel."""

    listed: Listed
    dataset_id: str
    tab: str
    is_alone: bool = False

    def begin(self) -> Shown:
        """Of a page that asks for nothing yet."""
        lightly = lightly_of(self.listed)
        if lightly is None:
            return self._shown({"is_unconnected": True})
        found = kept_entry(cache(), overlay_name(self.listed, lightly))
        if isinstance(found, Facts | Refusal):
            return self._told(found)
        return self._shown({"again": self._again(0), "trigger": "load"})

    def asked(self, by: User, tries: int) -> Shown:
        lightly = lightly_of(self.listed)
        if lightly is None:
            return self._shown({"is_unconnected": True})
        answer = self._answer(lightly, by)
        if isinstance(answer, Waiting) and not answer.is_throttled and tries >= len(PAUSES):
            answer = Refusal(Reason.BUSY)
        if not isinstance(answer, Waiting):
            return self._told(answer)
        pause = THROTTLED_SECONDS if answer.is_throttled else PAUSES[tries]
        again = self._again(tries if answer.is_throttled else tries + 1)
        return self._shown({"again": again, "trigger": f"load delay:{round(pause * 1000)}ms"})

    def _answer(self, lightly: Datasource, by: User) -> Answer:
        name = overlay_name(self.listed, lightly)
        found = kept_entry(cache(), name)
        if isinstance(found, Facts | Refusal):
            return found
        return Waiting() if isinstance(found, Started) else ask(self.listed, TASK, name, by=by)

    def _told(self, answer: Facts | Refusal) -> Shown:
        return self._shown(_refused(answer) if isinstance(answer, Refusal) else shown_facts(answer.content))

    def _shown(self, more: Shown) -> Shown:
        is_video = self.listed.file.kind == FileKind.VIDEO
        return {"row": self.listed.file.pk, "dataset_id": self.dataset_id, "is_video": is_video} | more

    def _again(self, tries: int) -> str:
        address = reverse("contents:overlay", args=[self.dataset_id, self.tab, self.listed.file.pk])
        return f"{address}?tries={tries}{'&only=shapes' if self.is_alone else ''}"


def _refused(refusal: Refusal) -> Shown:
    return {"refused": words_of(refusal.reason), "detail": refusal.detail}


def shown_facts(content: dict[str, Any]) -> Shown:
    """`content` is what contents.overlays.making keeps."""
    tasks = [_task(task, f"t{number}", content["height"]) for number, task in enumerate(content["tasks"])]
    metadata = content["metadata"] | {"findings": [_finding(each) for each in content["metadata"]["findings"]]}
    return {
        "is_there": True,
        "width": content["width"],
        "height": content["height"],
        "is_turned": content["orientation"] != 1,
        "orientation": content["orientation"],
        "tasks": tasks,
        "drawn": sum(shape["is_drawn"] for task in tasks for shape in task["objects"]),
        "findings": [_finding(each) for each in content["findings"]],
        "metadata": metadata,
    }


def _task(task: dict[str, Any], key: str, height: int) -> Shown:
    classes = [_class(each, f"{key}-{number}") for number, each in enumerate(task.get("classes", []))]
    objects = [_object(each, classes, height) for each in task.get("objects", [])]
    return task | {
        "key": key,
        "type": TYPES.get(task["type"], ""),
        "classes": classes,
        "objects": objects,
        "listed": objects[:MOST_LISTED],
        "unlisted": max(0, len(objects) - MOST_LISTED),
        "is_drawn": any(each["is_drawn"] for each in objects),
        "too_detailed": sum(bool(each.get("too_detailed")) for each in objects),
        "findings": [_finding(each) for each in task["findings"]],
    }


def _class(found: dict[str, Any], key: str) -> Shown:
    name = found["name"] or gettext("unknown category %(id)s") % {"id": found["id"]}
    colour = found["colour"]
    return found | {
        "key": key,
        "name": name,
        "look": f"look--{colour % COLOURS} look--dash-{colour // COLOURS % DASHES}",
    }


def _object(found: dict[str, Any], classes: list[Shown], height: int) -> Shown:
    own = classes[found["class"]] if found["class"] is not None else None
    name = own["name"] if own else gettext("without category")
    score = found["score"]
    return found | {
        "own": own,
        "look": own["look"] if own else "look--7",
        "name": name,
        "score_word": "" if score is None else f"{score:.2f}",
        # Without a score it is never below the chosen one.
        "threshold": "" if score is None else f"{score:.4f}",
        # Low enough in the picture for its name to stand above it.
        "is_low": "at" in found and found["at"][1] > height * NAME_SHARE,
        "is_drawn": any(key in found for key in ("box", "outline", "points")),
    }


def _finding(found: dict[str, Any]) -> Shown:
    rule = RULES.get(found["rule"])
    word, look = SEVERITIES[Severity(found["severity"])]
    return found | {"title": rule.title if rule else found["rule"], "severity_word": word, "look": look}
