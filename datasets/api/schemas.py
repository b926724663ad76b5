"""Datasets as the REST API shows them. The official client refuses any key it does not know, so none may be added."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

from core.addresses import LONGEST as LONGEST_ADDRESS
from datasets.models import LONGEST_NAME, NAME, SHORTEST_NAME, Dataset, DatasetType
from teams.api.schemas import HEX_ID as HEX_ID
from teams.api.schemas import Created as Created
from teams.api.schemas import Error as Error
from teams.api.schemas import milliseconds as milliseconds


def _valid_name(name: str) -> str:
    if not NAME.fullmatch(name):  # unlike a pattern with $, this refuses a line break at the end
        raise ValueError("only letters, digits, spaces, _ and -, starting with a letter or digit")
    return name


DatasetName = Annotated[
    str,
    Field(min_length=SHORTEST_NAME, max_length=LONGEST_NAME, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9 _-]+$"),
    AfterValidator(_valid_name),
]


# So many people and teams one request may share with.
MOST_ADDRESSES = 1000
Address = Annotated[str, Field(max_length=LONGEST_ADDRESS)]
Id = Annotated[str, Field(max_length=24)]


class DatasetCreate(Schema):
    model_config = ConfigDict(populate_by_name=True)

    name: DatasetName
    type: DatasetType = DatasetType.IMAGES
    img_type: Literal["full", "thumbnail", "meta"] = Field("full", alias="imgType")
    parent_dataset_id: str | None = Field(None, alias="parentDatasetId", pattern=HEX_ID)
    creator: str | None = Field(None, max_length=LONGEST_NAME)


class DatasetUpdate(Schema):
    name: DatasetName


class DatasetData(Schema):
    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(pattern=HEX_ID)
    name: str
    user_id: str = Field(alias="userId")
    type: DatasetType
    img_type: str = Field(alias="imgType")
    n_samples: int = Field(0, alias="nSamples")
    size_in_bytes: int = Field(0, alias="sizeInBytes")
    created_at: int = Field(alias="createdAt", description="milliseconds")
    last_modified_at: int = Field(alias="lastModifiedAt", description="milliseconds")
    access_type: Literal["WRITE"] | None = Field(None, alias="accessType")
    datasources: list[str] | None = None
    processed_until: int | None = Field(None, alias="datasourceProcessedUntilTimestamp", description="seconds")
    parent_dataset_id: str | None = Field(None, alias="parentDatasetId")


def dataset_data(dataset: Dataset) -> dict[str, Any]:
    """Needs `datasources` prefetched and `may_edit` from access.py."""
    data = {
        "id": dataset.pk,
        "name": dataset.name,
        "userId": dataset.owner_id,
        "type": dataset.type,
        "imgType": dataset.img_type,
        "nSamples": dataset.sample_count,
        "sizeInBytes": dataset.sample_bytes,
        "createdAt": milliseconds(dataset.created_at),
        "lastModifiedAt": milliseconds(dataset.modified_at),
        "datasources": [datasource.pk for datasource in dataset.datasources.all()],
        "datasourceProcessedUntilTimestamp": dataset.processed_until,
    }
    if dataset.may_edit:
        data["accessType"] = "WRITE"
    if dataset.parent_dataset_id:
        data["parentDatasetId"] = dataset.parent_dataset_id
    return data


class SharedAccessCreate(Schema):
    model_config = ConfigDict(populate_by_name=True)

    access_type: Literal["WRITE"] = Field(alias="accessType")
    users: list[Address] = Field([], max_length=MOST_ADDRESSES)
    teams: list[Id] = Field([], max_length=MOST_ADDRESSES)
    creator: str | None = Field(None, max_length=LONGEST_NAME)


class SharedAccessData(Schema):
    model_config = ConfigDict(populate_by_name=True)

    id: str
    owner: str
    access_type: Literal["WRITE"] = Field(alias="accessType")
    users: list[str]
    teams: list[str]
    created_at: int = Field(alias="createdAt", description="milliseconds")
    last_modified_at: int = Field(alias="lastModifiedAt", description="milliseconds")
    # Clients up to 1.4.5 want it, newer ones refuse it: sent by User-Agent.
    organizations: list[str] | None = None
