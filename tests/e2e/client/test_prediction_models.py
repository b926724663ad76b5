"""The official client's models of predictions and our checks agree on what is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.contents.annotations.cases import CASES
from tests.contents.annotations.trees import TYPES, P, Tree, good
from tests.e2e.client.running import run

SCRIPT = Path(__file__).with_name("scripts") / "prediction_models.py"
# By rule, the task whose first prediction is broken.
REFUSED = {
    "category-missing": "boxes",
    "score-missing": "boxes",
    "score": "boxes",
    "probabilities-range": "boxes",
    "box-missing": "boxes",
    "box": "boxes",
    "mask-missing": "masks",
    "mask": "masks",
    "mask-polygon": "masks",
    "keypoints-missing": "points",
}


def singleton(task: str, entry: dict[str, Any]) -> dict[str, Any]:
    """As the API spells it. It wants a score for classes too."""
    kept = {key: value for key, value in entry.items() if key != "category_id"}
    category = {"categoryId": entry["category_id"]} if "category_id" in entry else {}
    score = {"score": 1.0} if task == "labels" else {}
    return {"type": TYPES[task].upper().replace("-", "_"), "taskName": task} | score | category | kept


def entry_of(singleton: dict[str, Any]) -> dict[str, Any]:
    """As files spell it."""
    fields = ("score", "bbox", "segmentation", "keypoints", "probabilities")
    return {"category_id": singleton["categoryId"]} | {key: singleton[key] for key in fields if key in singleton}


def through_the_models(singletons: list[dict[str, Any]], home: Path) -> list[Any]:
    answer: list[Any] = run("1.5.26", str(SCRIPT), given={"singletons": singletons}, directory=home).answer
    return answer


def spoiled(rule: str) -> Tree:
    tree = good()
    CASES[rule].bad(tree)
    return tree


def test_they_agree(tmp_path: Path) -> None:
    tree = good()
    right = [singleton(task, tree.entry(task, number)) for task in TYPES for number in (1, 2)]
    wrong = [singleton(task, spoiled(rule).entry(task)) for rule, task in REFUSED.items()]
    answers = through_the_models([*right, *wrong], tmp_path)
    written = iter(answers[: len(right)])
    for task in TYPES:
        for number in (1, 2):
            tree.files[f"{P}{task}/street/{number}.json"]["predictions"] = [entry_of(next(written))]
    assert list(tree.report().findings()) == []
    assert dict(zip(REFUSED, answers[len(right) :], strict=True)) == dict.fromkeys(REFUSED)
