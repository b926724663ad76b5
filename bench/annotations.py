"""Checking files with predictions, against parsing the same files and nothing else."""

import json
import random

from bench.measuring import Effort, Measured, in_turns
from contents.annotations.checking import Check
from contents.annotations.report import Report
from contents.annotations.rules import Severity
from tests.contents.annotations.trees import Files

OBJECTS = 10
_FOLDER = ".lightly/predictions/boxes/"


def against_parsing(effort: Effort) -> Measured:
    """Files of ten boxes with scores and probabilities, in memory, without the images."""
    files = _files(effort.many)
    names = [name for name in files if name.startswith(f"{_FOLDER}street/")]
    check = Check(Files(files))
    layout, _ = check.layout()
    (schema,) = layout.tasks

    def ours() -> None:
        report = Report()
        for at in range(0, len(names), 500):
            report.merge(check.prediction_files(schema, names[at : at + 500]))
        assert report.tasks["boxes"].objects == OBJECTS * len(names)
        assert not report.count(Severity.ERROR)

    def parsing() -> None:
        for name in names:
            json.loads(files[name])

    took, floor = in_turns(ours, parsing, times=effort.times)
    return Measured(f"check {len(names):,} files of {OBJECTS} boxes each", took, floor, "json.loads of the same")


def _files(count: int) -> dict[str, bytes]:
    chance = random.Random(1)
    schema = {"task_type": "object-detection", "categories": [{"id": each, "name": str(each)} for each in range(4)]}
    files = {
        ".lightly/predictions/tasks.json": b'["boxes"]',
        f"{_FOLDER}schema.json": json.dumps(schema).encode(),
    }
    for number in range(count):
        entries = [
            {
                "category_id": chance.randrange(4),
                "bbox": [round(chance.uniform(1, 900), 2) for _ in range(4)],
                "score": chance.random(),
                "probabilities": [0.25, 0.25, 0.25, 0.25],
            }
            for _ in range(OBJECTS)
        ]
        content = {"file_name": f"street/{number}.jpg", "predictions": entries}
        files[f"{_FOLDER}street/{number}.json"] = json.dumps(content).encode()
    return files
