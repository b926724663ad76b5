"""Workers, configurations and runs as the REST API shows them. The official client refuses any key it does not know."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

from core.api.parameters import Flag, Parameters
from datasets.api.schemas import HEX_ID
from runs.models import ArtifactType, LogLevel, Priority, RunState, ScheduledState, WorkerState
from runs.scheduling.registry import NAME, SHORTEST_NAME

Answer = dict[str, Any]
LONGEST = 255
MOST_LABELS = 100
HexId = Annotated[str, Field(pattern=HEX_ID, max_length=24)]
Label = Annotated[str, Field(max_length=LONGEST, pattern=r"^[^\x00]*$")]
Creator = Literal["UNKNOWN", "USER_WEBAPP", "USER_PIP", "USER_PIP_LIGHTLY_MAGIC", "USER_WORKER"]


def _valid_name(name: str) -> str:
    if not NAME.fullmatch(name):  # unlike a pattern with $, this refuses a line break at the end
        raise ValueError("only letters, digits, spaces, _ and -, starting with a letter or digit")
    return name


WorkerName = Annotated[
    str,
    Field(min_length=SHORTEST_NAME, max_length=LONGEST, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9 _-]+$"),
    AfterValidator(_valid_name),
]


class Body(Schema):
    model_config = ConfigDict(populate_by_name=True)


class WorkerCreate(Body):
    name: WorkerName
    worker_type: Literal["FULL"] = Field(alias="workerType")
    labels: list[Label] = Field([], max_length=MOST_LABELS)
    creator: Creator = "UNKNOWN"
    docker_version: str | None = Field(None, max_length=LONGEST, alias="dockerVersion")


class WorkerData(Body):
    id: HexId
    user_id: str = Field(alias="userId", description="empty: a worker of this server, which works for everybody")
    name: str
    worker_type: Literal["FULL"] = Field(alias="workerType")
    state: WorkerState
    created_at: int = Field(alias="createdAt", description="milliseconds")
    last_modified_at: int = Field(alias="lastModifiedAt", description="milliseconds")
    labels: list[str]
    is_default: bool | None = Field(None, alias="isDefault")
    docker_version: str | None = Field(None, alias="dockerVersion")


class ConfigCreate(Body):
    config: dict[str, Any]
    creator: Creator = "UNKNOWN"


class VersionedConfigCreate(ConfigCreate):
    version: Literal["V2", "V3", "V4"]


class ConfigData(Body):
    id: HexId
    version: Literal["V0", "V2", "V3", "V4"]
    config: dict[str, Any]
    created_at: int = Field(alias="createdAt", description="milliseconds")


class ScheduleCreate(Body):
    config_id: HexId = Field(alias="configId")
    priority: Priority = Priority.MID
    runs_on: list[Label] = Field([], max_length=MOST_LABELS, alias="runsOn")
    creator: Creator = "UNKNOWN"


class HowToSchedule(Parameters):
    disable_config_validation: Flag = Field(
        None,
        alias="disableConfigValidation",
        description="true: what the configuration names in the datasource is not looked for",
    )


class ScheduledData(Body):
    id: HexId
    dataset_id: str = Field(alias="datasetId")
    user_id: str | None = Field(None, alias="userId")
    config_id: str = Field(alias="configId")
    priority: Priority
    runs_on: list[str] = Field(alias="runsOn")
    state: ScheduledState
    created_at: int = Field(alias="createdAt", description="milliseconds")
    last_modified_at: int = Field(alias="lastModifiedAt", description="milliseconds")


class WhichScheduled(Parameters):
    state: ScheduledState | None = Field(None, description="only these; else those that are neither done nor canceled")
    states: list[ScheduledState] = Field([], max_length=20)


class Whose(Parameters):
    """Without either: one's own."""

    get_assets_of_team: Flag = Field(None, alias="getAssetsOfTeam", description="true: your teams', without your own")
    get_assets_of_team_inclusive_self: Flag = Field(
        None, alias="getAssetsOfTeamInclusiveSelf", description="true: all that you may see"
    )


class ForWhom(Parameters):
    for_user_id: str = Field("", alias="forUserId", max_length=LONGEST, description="nobody but yourself")


class PageOfRuns(Whose):
    """`pageOffset` counts runs; without `pageSize` all are sent."""

    page_size: int | None = Field(None, ge=1, le=1_000_000, alias="pageSize")
    page_offset: int = Field(0, ge=0, le=10**12, alias="pageOffset")


class ArtifactData(Body):
    id: HexId
    type: ArtifactType
    file_name: str = Field(alias="fileName")
    created_at: int = Field(alias="createdAt", description="milliseconds")


class RunData(Body):
    id: HexId
    user_id: str = Field(alias="userId")
    docker_version: str = Field(alias="dockerVersion")
    state: RunState
    dataset_id: str | None = Field(None, alias="datasetId")
    config_id: str | None = Field(None, alias="configId")
    scheduled_id: str | None = Field(None, alias="scheduledId")
    created_at: int = Field(alias="createdAt", description="milliseconds")
    last_modified_at: int = Field(alias="lastModifiedAt", description="milliseconds")
    message: str | None = None
    artifacts: list[ArtifactData] | None = None


class SinceLine(Parameters):
    cursor: int = Field(0, ge=0, le=2**62, description="from the answer before")


class LogEntry(Body):
    ts: int = Field(description="milliseconds")
    level: LogLevel | Literal["WARN"]
    msg: str
    state: RunState


class LogData(Body):
    cursor: int
    logs: list[LogEntry]


class ContentParameters(Parameters):
    public_token: str = Field(alias="publicToken", min_length=1, max_length=1000)
