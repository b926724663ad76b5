"""The part `docker` of a configuration: what a worker reads, and what it leaves in the datasource."""

from typing import Any

from runs.configuration.keys import ALL, ONLY_V2, SINCE_V3, SINCE_V4, Keys, Version
from runs.configuration.settings import Ignored, InputExpiration
from runs.selection.parsing.problems import Notes

# https://docs.lightly.ai/docs/all-configuration-options, and the models DockerWorkerConfigV2Docker to …V4Docker of the
# official client.
KEYS = {
    "checkpoint": ALL,
    "checkpointRunId": SINCE_V3,
    "corruptnessCheck": ALL,
    "datasource": ALL,
    "crops": SINCE_V4,
    "embeddings": ALL,
    "enableTraining": ALL,
    "training": SINCE_V3,
    "method": ONLY_V2,
    "normalizeEmbeddings": ALL,
    "numProcesses": SINCE_V3,
    "numThreads": SINCE_V3,
    "objectLevel": ONLY_V2,
    "outputImageFormat": ALL,
    "pretagging": ALL,
    "pretaggingUpload": ALL,
    "relevantFilenamesFile": ALL,
    "selectedSequenceLength": ALL,
    "stoppingCondition": ONLY_V2,
    "uploadReport": ALL,
    "useDatapool": SINCE_V4,
    "shutdownWhenJobFinished": SINCE_V3,
    "cacheSize": SINCE_V4,
    # Documents of old clients have them, and only the plain configuration can carry them.
    "enableCorruptnessCheck": frozenset({Version.PLAIN}),
    "removeExactDuplicates": frozenset({Version.PLAIN}),
    "pretaggingDebug": frozenset({Version.PLAIN}),
}
_DATASOURCE = {"bypassVerify": ALL, "enableDatapoolUpdate": ALL, "processAll": ALL, "inputExpiration": SINCE_V3}
_FORMATS = {"png": "png", "jpg": "jpg", "jpeg": "jpg"}


def docker_keys(value: Any, version: Version, notes: Notes, ignored: list[Ignored]) -> Keys:
    known = [key for key, versions in KEYS.items() if version in versions]
    return Keys(value, ("docker",), notes, "docker", known, ignored)


def read_docker(keys: Keys, version: Version) -> dict[str, Any]:
    """Arguments of RunSettings. `method` and `stoppingCondition` are left for `choosing`."""
    found: dict[str, Any] = _datasource(keys, version)
    found["use_datapool"] = keys.flag("useDatapool", False)
    found["normalize_embeddings"] = keys.flag("normalizeEmbeddings", True)
    found["upload_report"] = keys.flag("uploadReport", True)
    found["relevant_filenames_file"] = keys.file_name("relevantFilenamesFile", "subset.txt")
    found["embeddings_file"] = keys.file_name("embeddings", "embeddings.csv")
    found["output_image_format"] = _format(keys)
    check = keys.inner("corruptnessCheck", "docker.corruptnessCheck", ["corruptionThreshold"])
    if check is not None:
        threshold = check.number("corruptionThreshold", least=0, most=1)
        if threshold is not None:
            found["corruption_threshold"] = threshold
        check.finish()
    _machine(keys)
    _model(keys)
    _pretagging(keys)
    _objects(keys)
    _always(keys)
    return found


def _datasource(keys: Keys, version: Version) -> dict[str, Any]:
    known = [key for key, versions in _DATASOURCE.items() if version in versions]
    source = keys.inner("datasource", "docker.datasource", known)
    if source is None:
        return {}
    found: dict[str, Any] = {
        "bypass_verify": source.flag("bypassVerify", False),
        "enable_datapool_update": source.flag("enableDatapoolUpdate", True),
        "process_all": source.flag("processAll", False),
    }
    expiration = source.inner(
        "inputExpiration", "docker.datasource.inputExpiration", ["minDaysToExpiration", "handlingStrategy"]
    )
    if expiration is not None:
        days = expiration.number("minDaysToExpiration", least=0, required_by="inputExpiration")
        strategy = expiration.plain_text("handlingStrategy")
        if strategy not in {"SKIP", "ABORT"}:
            place = expiration.at("handlingStrategy")
            expiration.notes.add(place, strategy or None, "SKIP or ABORT", "Write one of the two.")
        elif days is not None:
            found["input_expiration"] = InputExpiration(days, strategy == "ABORT")
        expiration.finish()
    source.finish()
    return found


def _format(keys: Keys) -> str:
    name = keys.plain_text("outputImageFormat") or "png"
    if name.lower() not in _FORMATS:
        keys.notes.add(keys.at("outputImageFormat"), name, "png, jpg or jpeg", "Write png to lose nothing.")
    return _FORMATS.get(name.lower(), "png")


def _machine(keys: Keys) -> None:
    """How a worker uses its machine: here its operator decides that."""
    keys.without_meaning(["numProcesses", "numThreads"], "the operator of a worker decides how many cores it uses")
    keys.without_meaning(["cacheSize"], "workers keep no files on their disks")
    keys.without_meaning(["shutdownWhenJobFinished"], "a worker goes on until its operator stops it")
    for key in ("numProcesses", "numThreads", "cacheSize"):
        keys.whole(key, least=-1)
    keys.flag("shutdownWhenJobFinished", False)


def _model(keys: Keys) -> None:
    checkpoint = keys.plain_text("checkpoint")
    if checkpoint:
        fix = "Remove checkpoint; the operator of the workers can name an ONNX file for all runs."
        keys.notes.unsupported(keys.at("checkpoint"), checkpoint, "Embedding with a checkpoint", fix)
    run = keys.text("checkpointRunId", pattern="[a-f0-9]{24}", example="the 24 digits of a run's id")
    if run is not None:
        fix = "Remove checkpointRunId."
        keys.notes.unsupported(keys.at("checkpointRunId"), run, "Embedding with the checkpoint of a run", fix)
    if keys.flag("enableTraining", False):
        keys.notes.unsupported(keys.at("enableTraining"), True, "Training a model", "Remove enableTraining.")
    keys.without_meaning(["training"], "no model is trained here")
    training = keys.inner("training", "docker.training", ["taskName"])
    if training is not None:
        training.plain_text("taskName")
        training.finish()


def _pretagging(keys: Keys) -> None:
    if keys.flag("pretagging", False):
        fix = "Remove pretagging, and bring predictions of your own."
        keys.notes.unsupported(keys.at("pretagging"), True, "Detecting objects (pretagging)", fix)
    keys.without_meaning(["pretaggingUpload", "pretaggingDebug"], "no objects are detected here")
    for key in ("pretaggingUpload", "pretaggingDebug"):
        keys.flag(key, False)


def _objects(keys: Keys) -> None:
    """Crops, objects and sequences."""
    keys.without_meaning(["crops"], "no crops are made here")
    crops = keys.inner("crops", "docker.crops", ["enableUpload", "enableUploadForTasks"])
    if crops is not None:
        tasks = crops.take("enableUploadForTasks")
        right = tasks is None or (isinstance(tasks, list) and all(isinstance(each, str) for each in tasks))
        if not right:
            crops.notes.add(crops.at("enableUploadForTasks"), tasks, "a list of tasks", "Write [] for none.")
        if crops.flag("enableUpload", True) and right and tasks != []:
            fix = 'Remove crops, or write {"enableUpload": false}.'
            crops.notes.unsupported(crops.steps, tasks, "Writing crops of objects", fix)
        crops.finish()
    keys.without_meaning(["objectLevel"], "no objects are cut out here")
    level = keys.inner("objectLevel", "docker.objectLevel", ["taskName", "cropDatasetName", "padding"])
    if level is not None:
        task = level.plain_text("taskName")
        if task:
            level.notes.unsupported(level.at("taskName"), task, "Selecting objects", "Remove objectLevel.")
        level.plain_text("cropDatasetName")
        level.number("padding")
        level.finish()
    length = keys.whole("selectedSequenceLength", least=1)
    if length is not None and length > 1:
        fix = "Remove selectedSequenceLength to select single frames."
        keys.notes.unsupported(keys.at("selectedSequenceLength"), length, "Selecting sequences", fix)


def _always(keys: Keys) -> None:
    """What old documents switch on and every run does."""
    every_run = (
        ("enableCorruptnessCheck", "Keeping files that can't be read"),
        ("removeExactDuplicates", "Keeping exact duplicates"),
    )
    for key, without in every_run:
        if keys.flag(key, True):
            continue
        keys.notes.unsupported(keys.at(key), False, without, f"Remove {key}; every run does it.")
