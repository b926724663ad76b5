"""/v1/datasets: create, read, find, rename, delete, share."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from core.api.client_version import LAST_LENIENT, client_version
from core.api.errors import ApiError, malformed
from core.api.parameters import Flag, Parameters
from datasets import services
from datasets.access import (
    dataset_for,
    datasets_for,
    datasets_of_teams,
    datasets_shared_with,
    editable_dataset_for,
    manageable_dataset_for,
    own_datasets,
)
from datasets.api.schemas import (
    Created,
    DatasetCreate,
    DatasetData,
    DatasetUpdate,
    Error,
    SharedAccessCreate,
    SharedAccessData,
    dataset_data,
    milliseconds,
)
from datasets.models import Dataset, SharedAccess
from teams.api.authentication import caller as caller
from teams.api.authentication import needs
from teams.models import Scope, User

router = Router(tags=["datasets"])
Answer = dict[str, Any]


class Which(Parameters):
    """Whose datasets, and which page of them. `pageOffset` counts datasets; without `pageSize` all are sent."""

    shared: Flag = Field(None, description="true: those shared with you; false: your own")
    get_assets_of_team: Flag = Field(None, alias="getAssetsOfTeam", description="true: your teams', without your own")
    get_assets_of_team_inclusive_self: Flag = Field(
        None, alias="getAssetsOfTeamInclusiveSelf", description="true: all that you may see"
    )
    page_size: int | None = Field(None, ge=1, le=1_000_000, alias="pageSize")
    page_offset: int = Field(0, ge=0, le=10**12, alias="pageOffset")

    def datasets(self, user: User) -> QuerySet[Dataset]:
        if self.get_assets_of_team_inclusive_self:
            return datasets_for(user)
        if self.get_assets_of_team:
            return datasets_of_teams(user).exclude(owner=user)
        return datasets_shared_with(user) if self.shared else own_datasets(user)

    def page(self, found: QuerySet[Dataset]) -> list[Answer]:
        ordered = found.order_by("created_at", "pk").prefetch_related("datasources")
        end = self.page_offset + self.page_size if self.page_size else None
        return [dataset_data(dataset) for dataset in ordered[self.page_offset : end]]


@router.post(
    "/datasets",
    auth=needs(Scope.DATASOURCES),
    response={201: Created, 400: Error, 401: Error, 403: Error, 409: Error, 422: Error},
    by_alias=True,
)
def create_dataset(request: HttpRequest, payload: DatasetCreate) -> Status[Answer]:
    user = caller(request)
    if Dataset.objects.filter(owner=user, name=payload.name).exists():
        raise ApiError(409, "DATASET_NAME_EXISTS", f"You have a dataset named {payload.name} already.")
    try:
        dataset = services.create_dataset(
            name=payload.name,
            dataset_type=payload.type,
            owner=user,
            img_type=payload.img_type,
            parent_dataset_id=payload.parent_dataset_id or "",
        )
    except ValidationError as error:
        raise malformed(" ".join(error.messages)) from None
    except services.NoTeamError:
        raise ApiError(422, "CREATION_FAILED", "You are in no team yet. Ask an admin to add you to one.") from None
    return Status(201, {"id": dataset.pk})


@router.get(
    "/datasets",
    auth=needs(Scope.READ),
    response={200: list[DatasetData], 400: Error, 401: Error, 403: Error},
    by_alias=True,
    exclude_none=True,
)
def list_datasets(request: HttpRequest, which: Query[Which]) -> list[Answer]:
    return which.page(which.datasets(caller(request)))


class Exactly(Which):
    exact: Flag = Field(None, description="true: this very name; else all names that start with it")


@router.get(
    "/datasets/query/name/{dataset_name}",
    auth=needs(Scope.READ),
    response={200: list[DatasetData], 400: Error, 401: Error, 403: Error},
    by_alias=True,
    exclude_none=True,
)
def find_datasets(request: HttpRequest, dataset_name: str, which: Query[Exactly]) -> list[Answer]:
    if "\0" in dataset_name:
        return []
    lookup = {"name": dataset_name} if which.exact else {"name__startswith": dataset_name}
    return which.page(which.datasets(caller(request)).filter(**lookup))


@router.get(
    "/datasets/{dataset_id}",
    auth=needs(Scope.READ),
    response={200: DatasetData, 401: Error, 403: Error, 404: Error},
    by_alias=True,
    exclude_none=True,
)
def get_dataset(request: HttpRequest, dataset_id: str) -> Answer:
    return dataset_data(dataset_for(caller(request), dataset_id))


@router.put(
    "/datasets/{dataset_id}",
    auth=needs(Scope.DATASOURCES),
    response={204: None, 400: Error, 401: Error, 403: Error, 404: Error, 409: Error},
)
def rename_dataset(request: HttpRequest, dataset_id: str, payload: DatasetUpdate) -> Status[None]:
    dataset = editable_dataset_for(caller(request), dataset_id)
    taken = Dataset.objects.filter(owner=dataset.owner, name=payload.name).exclude(pk=dataset.pk)
    if taken.exists():
        raise ApiError(409, "DATASET_NAME_EXISTS", f"There is a dataset named {payload.name} already.")
    services.rename_dataset(dataset=dataset, name=payload.name)
    return Status(204, None)


@router.delete(
    "/datasets/{dataset_id}", auth=needs(Scope.DATASOURCES), response={204: None, 401: Error, 403: Error, 404: Error}
)
def delete_dataset(request: HttpRequest, dataset_id: str) -> Status[None]:
    services.delete_dataset(dataset=manageable_dataset_for(caller(request), dataset_id))
    return Status(204, None)


@router.get(
    "/datasets/{dataset_id}/collaboration/access",
    auth=needs(Scope.READ),
    response={200: list[SharedAccessData], 401: Error, 403: Error, 404: Error},
    by_alias=True,
    exclude_none=True,
    tags=["collaboration"],
)
def list_shared_access(request: HttpRequest, dataset_id: str) -> list[Answer]:
    dataset = dataset_for(caller(request), dataset_id)
    version = client_version(request)
    organizations: Answer = {"organizations": []} if version and version <= LAST_LENIENT else {}
    return [
        {
            "id": shared.pk,
            "owner": dataset.owner_id,
            "accessType": "WRITE",
            "users": sorted(shared.people.values_list("email", flat=True)),
            "teams": [],
            "createdAt": milliseconds(shared.created_at),
            "lastModifiedAt": milliseconds(shared.modified_at),
            **organizations,
        }
        for shared in SharedAccess.objects.filter(dataset=dataset)
    ]


@router.post(
    "/datasets/{dataset_id}/collaboration/access",
    auth=needs(Scope.ADMIN),
    response={201: Created, 400: Error, 401: Error, 403: Error, 404: Error},
    by_alias=True,
    tags=["collaboration"],
)
def share_dataset(request: HttpRequest, dataset_id: str, payload: SharedAccessCreate) -> Status[Answer]:
    """Replaces the whole list; an empty one ends all sharing. Addresses nobody has yet wait for their owner."""
    dataset = manageable_dataset_for(caller(request), dataset_id)
    try:
        shared = services.share_dataset(dataset=dataset, emails=payload.users)
    except ValidationError as error:
        raise malformed("users: " + " ".join(error.messages)) from None
    return Status(201, {"id": shared.pk})


@router.delete(
    "/datasets/{dataset_id}/collaboration/access/{access_config_id}",
    auth=needs(Scope.ADMIN),
    response={204: None, 401: Error, 403: Error, 404: Error},
    tags=["collaboration"],
)
def unshare_dataset(request: HttpRequest, dataset_id: str, access_config_id: str) -> Status[None]:
    dataset = manageable_dataset_for(caller(request), dataset_id)
    if not services.unshare_dataset(dataset=dataset, shared_access_id=access_config_id):
        raise ApiError(404, "ACCESS_CONTROL_UNKNOWN", "There is no such sharing.")
    return Status(204, None)
