"""/v1/datasets/{id}/datasource: configure it, read it back, verify it, with the same services as the web pages."""

from typing import Any, cast

from django.http import HttpRequest
from ninja import Body, Query, Router, Status

from clouds import PROVIDERS, CloudConfig, meant_by, provider_of
from clouds.provider import Guise
from core.api import places
from core.api.client_version import LAST_LENIENT, client_version
from core.api.errors import ApiError, malformed
from core.api.lanes import VERIFYING
from core.api.parameters import Parameters
from datasets.access import dataset_for, editable_dataset_for
from datasets.api.routes import caller
from datasets.api.schemas import Error
from datasets.models import Dataset
from datasources import services
from datasources.api.schemas import DatasourceConfig
from datasources.checks.verify import VerifyData, verify_data
from datasources.endpoints import configured_endpoints
from datasources.models import Datasource, Purpose, Trigger, UnreadableConfigError
from datasources.validation import InvalidSettingsError, checked_config, problem_of_suffix
from teams.api.authentication import needs
from teams.models import Scope

router = Router(tags=["datasource"])
Answer = dict[str, Any]

# Answers show this instead of a secret. A client that sends it back keeps the stored secret.
PLACEHOLDER = "***"
# Guests of the team see this instead of what only its members may see. The client's models ask for this form.
HIDDEN = "hidden-from-guests"


class OfPurpose(Parameters):
    purpose: Purpose | None = None


@router.put(
    "/datasets/{dataset_id}/datasource",
    auth=needs(Scope.DATASOURCES),
    response={204: None, 400: Error, 401: Error, 403: Error, 404: Error, 413: Error, 422: Error},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/DatasourceConfig"}}},
        }
    },
)
def put_datasource(request: HttpRequest, dataset_id: str, payload: Body[dict[str, Any]]) -> Status[None]:
    """Store a datasource and queue its check, as *Save and check* in the dashboard does.

    `***` as a secret keeps the stored one, as long as bucket, account and user stay the same. `LOCAL` is not
    supported: this server checks and signs what lies in a cloud, and can't reach into anybody's machine.
    """
    dataset = editable_dataset_for(caller(request), dataset_id)
    purpose = _purpose(payload.get("purpose"))
    config = _config(dataset, purpose, payload)
    suffix = payload.get("thumbSuffix") or ""
    if not isinstance(suffix, str):
        raise malformed("thumbSuffix: must be text")
    if problem := problem_of_suffix(suffix, purpose):
        raise malformed(f"thumbSuffix: {problem}")
    services.save(
        dataset=dataset,
        purpose=purpose,
        config=config,
        thumb_suffix=suffix,
        by=caller(request),
        trigger=Trigger.API,
    )
    return Status(204, None)


def _purpose(value: Any) -> Purpose:
    try:
        return Purpose(value)
    except ValueError:
        raise malformed(f"purpose: must be one of {', '.join(Purpose.values)}") from None


def _config(dataset: Dataset, purpose: Purpose, payload: Answer) -> CloudConfig:
    kind = payload.get("type")
    if kind in ("LOCAL", "LIGHTLY"):
        raise ApiError(
            422,
            "DATASET_DATASOURCE_ACTION_NOT_IMPLEMENTED",
            f"Datasources of type {kind} are not supported by this server. Use one of {', '.join(PROVIDERS)}.",
        )
    if not isinstance(kind, str) or kind not in PROVIDERS:
        raise malformed(f"type: must be one of {', '.join(PROVIDERS)}")
    stored = _stored_config(dataset, purpose)
    provider = meant_by(kind, payload, configured_endpoints())
    if provider.type != kind and stored and stored.type == kind and _same_address(payload.get("obsEndpoint"), stored):
        provider = PROVIDERS[kind]  # what is stored under a name keeps it
    config_class = provider.config_class
    guise = provider.guise if provider.guise and provider.type != kind else None
    aliases = guise.names if guise else {name: info.alias or name for name, info in config_class.fields().items()}
    sent = {name: payload[alias] for name, alias in aliases.items() if payload.get(alias) is not None}
    if guise:
        sent = _without_guise(sent, guise, config_class, stored)
    keep = [name for name in config_class.secret_fields() if sent.get(name) == PLACEHOLDER]
    keep += [name for name in config_class.members_only_fields() if sent.get(name) == HIDDEN]
    try:
        return checked_config(
            config_class,
            {name: value for name, value in sent.items() if name not in keep},
            keep=keep,
            stored=stored,
            team=dataset.team,
            for_guest=dataset.hides_from_guest,
        )
    except InvalidSettingsError as error:
        problems = (f"{aliases.get(name, name)}: {words}" for name, words in error.problems.items())
        raise malformed("; ".join(problems)) from None


def _without_guise(sent: Answer, guise: Guise, config_class: type[CloudConfig], stored: CloudConfig | None) -> Answer:
    """What came as another type, as our own fields. What the client can't say stays as it is stored."""
    path, spelled = sent.get("path"), f"{guise.scheme}://"
    if isinstance(path, str) and path.strip().startswith(spelled):
        sent = sent | {"path": f"{config_class.scheme}://{path.strip().removeprefix(spelled)}"}
    if isinstance(stored, config_class) and _same_address(sent.get("endpoint"), stored):
        unsaid = [name for name in config_class.fields() if name not in guise.names]
        kept = {name: value for name in unsaid if (value := getattr(stored, name)) is not None}
        sent = kept | sent
    return sent


def _same_address(endpoint: Any, stored: CloudConfig) -> bool:
    return isinstance(endpoint, str) and endpoint.strip().rstrip("/") == stored.facts().get("endpoint")


def _stored_config(dataset: Dataset, purpose: Purpose) -> CloudConfig | None:
    datasource = dataset.datasources.filter(purpose=purpose).first()
    return datasource.readable_config() if datasource else None


@router.get(
    "/datasets/{dataset_id}/datasource",
    auth=needs(Scope.READ),
    response={200: DatasourceConfig, 400: Error, 401: Error, 403: Error, 404: Error},
    by_alias=True,
    exclude_none=True,
)
def get_datasource(request: HttpRequest, dataset_id: str, which: Query[OfPurpose]) -> Answer:
    """The configuration with secrets replaced. Without a purpose: INPUT_OUTPUT, else INPUT, else LIGHTLY."""
    dataset = dataset_for(caller(request), dataset_id)
    wanted = [which.purpose] if which.purpose else [Purpose.INPUT_OUTPUT, Purpose.INPUT, Purpose.LIGHTLY]
    found = {datasource.purpose: datasource for datasource in dataset.datasources.all()}
    datasource = next((found[purpose] for purpose in wanted if purpose in found), None)
    if datasource is None:
        raise _no_datasource()
    return _shown(request, datasource)


@router.get(
    "/datasets/{dataset_id}/datasource/all",
    auth=needs(Scope.READ),
    response={200: list[DatasourceConfig], 401: Error, 403: Error, 404: Error},
    by_alias=True,
    exclude_none=True,
)
def get_datasources(request: HttpRequest, dataset_id: str) -> list[Answer]:
    dataset = dataset_for(caller(request), dataset_id)
    return [_shown(request, datasource) for datasource in dataset.datasources.order_by("purpose")]


@router.get(
    "/datasets/{dataset_id}/datasource/verify",
    auth=needs(Scope.DATASOURCES, lane=VERIFYING),
    response={200: VerifyData, 401: Error, 403: Error, 404: Error, 503: Error},
    by_alias=True,
    exclude_none=True,
)
def verify_datasource(request: HttpRequest, dataset_id: str) -> Answer:
    """Check all datasources of the dataset right now. The dashboard's bulbs show the same check.

    List and read must be granted everywhere, write and overwrite on the Lightly (or INPUT_OUTPUT) datasource.
    """
    dataset = dataset_for(caller(request), dataset_id)
    if not dataset.datasources.exists():
        raise _no_datasource()
    person = caller(request)
    places.enter(request, VERIFYING, person=person.pk, dataset_id=dataset.pk, team=dataset.team_id)
    return verify_data(services.verify_now(dataset=dataset, by=person))


def _no_datasource() -> ApiError:
    return ApiError(404, "DATASET_DATASOURCE_UNKNOWN", "The dataset has no such datasource.")


def _shown(request: HttpRequest, datasource: Datasource) -> Answer:
    try:
        config = datasource.config
    except UnreadableConfigError:
        raise ApiError(
            422,
            "DATASET_DATASOURCE_INVALID",
            "The stored credentials can't be decrypted. Configure the datasource again.",
        ) from None
    guise = provider_of(config).guise
    if guise and client_version(request):  # its models know the types they know, and refuse any other
        return _with_rest(datasource, guise.put_on(config, PLACEHOLDER))
    fields = config.revealed()
    for name in config.secret_fields():
        fields[config.fields()[name].alias or name] = PLACEHOLDER
    if datasource.dataset.hides_from_guest:
        fields |= {config.fields()[name].alias or name: HIDDEN for name in config.members_only_fields()}
    if "s3Region" in fields:
        fields["s3Region"] = _known_region(request, cast("str", fields["s3Region"]))
    return _with_rest(datasource, fields)


def _with_rest(datasource: Datasource, fields: Answer) -> Answer:
    return {
        "id": datasource.pk,
        **fields,
        "purpose": datasource.purpose,
        "thumbSuffix": datasource.thumbnail_suffix or None,
    }


# The regions client 1.5.26 knows. It refuses a whole answer over any other, so others get the nearest of these there.
CLIENT_REGIONS = frozenset(
    [
        "us-east-2",
        "us-east-1",
        "us-west-1",
        "us-west-2",
        "af-south-1",
        "ap-east-1",
        "ap-south-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-south-1",
        "ap-northeast-3",
        "ap-northeast-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-northeast-1",
        "ca-central-1",
        "cn-northwest-1",
        "eu-central-1",
        "eu-west-1",
        "eu-west-2",
        "eu-south-1",
        "eu-west-3",
        "eu-north-1",
        "eu-south-2",
        "eu-central-2",
        "me-south-1",
        "me-central-1",
        "sa-east-1",
        "us-gov-east",
        "us-gov-west",
    ]
)


def _known_region(request: HttpRequest, region: str) -> str:
    version = client_version(request)
    if version is None or version <= LAST_LENIENT or region in CLIENT_REGIONS:
        return region
    area = region.rpartition("-")[0]  # us-gov-west-1 -> us-gov-west, ap-southeast-5 -> ap-southeast
    alike = sorted(known for known in CLIENT_REGIONS if known == area or known.startswith(area))
    return alike[0] if alike else "us-east-1"
