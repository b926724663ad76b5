"""Why something was not scheduled, cancelled or aborted. `code` is one of the official client's ApiErrorCode."""

from collections.abc import Sequence
from typing import Any


class SchedulingError(Exception):
    """`text` is for people, and may have several lines."""

    code = "UNKNOWN"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class NoDatasourceError(SchedulingError):
    """The dataset lacks a datasource that every run needs."""

    code = "DATASET_DATASOURCE_UNKNOWN"


class PermissionsMissingError(SchedulingError):
    """`findings`: a gate.Finding for each permission that is not granted."""

    code = "DATASET_DATASOURCE_CREDENTIALS_ERROR"

    def __init__(self, text: str, findings: Sequence[Any]) -> None:
        super().__init__(text)
        self.findings = list(findings)


class ReferencesError(SchedulingError):
    """The configuration names what is not there. `problems`: a sentence for each."""

    def __init__(self, text: str, problems: Sequence[str], *, code: str) -> None:
        super().__init__(text)
        self.problems = list(problems)
        self.code = code


class UnsupportedDatasetError(SchedulingError):
    code = "DATASET_NOT_SUPPORTED"


class NotOpenError(SchedulingError):
    """It runs already, or has ended."""

    code = "DOCKER_WORKER_SCHEDULE_UPDATE_FAILED"


class UnstorableConfigError(SchedulingError):
    code = "DOCKER_WORKER_CONFIG_INVALID"
