"""Everything that the client does with workers and runs: register, configure, schedule, follow, download."""

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]

warnings.simplefilter("ignore")
given = json.load(sys.stdin)
client = ApiWorkflowClient(dataset_id=given["dataset_id"])
told: dict[str, Any] = {}

# The generator waits 30 s between two questions.
wait = time.sleep
time.sleep = lambda _: wait(0.5)


def word(value: Any) -> str:
    return str(getattr(value, "value", value))  # an enum in some versions


first = client.register_compute_worker(name="Default")
told["same"] = first == client.register_compute_worker(name="Default")
told["registered"] = first in client.get_compute_worker_ids()
if hasattr(client, "get_compute_workers"):
    found = {worker.name: worker for worker in client.get_compute_workers()}
    told["workers"] = {name: [word(worker.state), list(worker.labels)] for name, worker in found.items()}
client.delete_compute_worker(first)
told["removed"] = first not in client.get_compute_worker_ids()


def code_of(action: Any) -> Any:
    try:
        action()
    except Exception as error:  # noqa: BLE001 - an ApiException, whose place differs by version
        return [vars(error)["status"], json.loads(vars(error)["body"])]
    return None


# Each selection that this version can send; no worker has this label, so they wait.
waiting = [
    client.schedule_compute_worker_run(
        worker_config={}, selection_config=selection, priority="LOW", runs_on=["nobody-has-this"]
    )
    for selection in given["selections"]
]
told["waiting"] = [
    [run.id in waiting, word(run.state), run.runs_on] for run in client.get_scheduled_compute_worker_runs(state="OPEN")
]
told["info"] = word(client.get_compute_worker_run_info(waiting[0]).state)
told["refused"] = code_of(
    lambda: client.schedule_compute_worker_run(worker_config={}, selection_config=given["impossible"])
)

scheduled = client.schedule_compute_worker_run(worker_config=given["worker"], selection_config=given["selection"])
told["seen"] = [
    [word(info.state), info.message] for info in client.compute_worker_run_info_generator(scheduled_run_id=scheduled)
]
told["ended_well"] = client.get_compute_worker_run_info(scheduled).ended_successfully()
run = client.get_compute_worker_run_from_scheduled_run(scheduled)
told["run"] = [run.id, word(run.state), run.dataset_id, run.scheduled_id]
told["by_id"] = client.get_compute_worker_run(run.id).id
told["runs"] = [
    [each.id for each in client.get_compute_worker_runs(dataset_id=of)] for of in (given["dataset_id"], None)
]
tags = client.get_compute_worker_run_tags(run.id)
told["tags"] = [tag.name for tag in tags]
told["selected"] = client.export_filenames_by_tag_name(tags[0].name).splitlines() if tags else []

client.download_compute_worker_run_artifacts(run=run, output_dir="artifacts")
told["artifacts"] = {path.name: path.stat().st_size for path in Path("artifacts").iterdir()}
told["types"] = sorted(word(artifact.type) for artifact in run.artifacts)
client.download_compute_worker_run_log(run=run, output_path="log.txt")
told["log"] = Path("log.txt").read_text().splitlines()
client.download_compute_worker_run_corruptness_check_information(run=run, output_path="corrupt.json")
told["corrupt"] = json.loads(Path("corrupt.json").read_text())
if hasattr(client, "download_compute_worker_run_report_v2_json"):
    client.download_compute_worker_run_report_v2_json(run=run, output_path="report.json")
    told["report"] = json.loads(Path("report.json").read_text())
try:
    client.download_compute_worker_run_checkpoint(run=run, output_path="checkpoint.ckpt")
except Exception as error:  # noqa: BLE001 - named by its class, whose place differs by version
    told["no_checkpoint"] = type(error).__name__

print(json.dumps(told))
