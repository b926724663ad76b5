"""The REST form of a datasource's configuration: one schema per cloud, made from the clouds there are."""

import copy
import functools
from typing import Annotated, Any, Union

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    RootModel,
    SecretStr,
    TypeAdapter,
    create_model,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from clouds import PROVIDERS, CloudConfig
from clouds.config import MOST_PATH_BYTES
from datasets.api.schemas import HEX_ID
from datasources.models import Purpose


class DatasourceConfig(RootModel[Any]):
    """One of the providers' configurations, told apart by `type`."""

    @field_validator("root")
    @classmethod
    def _of_its_type(cls, value: Any) -> Any:
        return _one_of_all().validate_python(value)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        named = handler(core_schema)
        shown = handler.resolve_ref_schema(named)
        shown.update(handler(_one_of_all().core_schema))
        return named


def _one_of_all() -> TypeAdapter[Any]:
    """Of the clouds that are registered now."""
    return _one_of(tuple(provider.config_class for provider in PROVIDERS.values()))


@functools.cache
def _one_of(config_classes: tuple[type[CloudConfig], ...]) -> TypeAdapter[Any]:
    schemas = tuple(_schema(config_class) for config_class in config_classes)
    one_of: Any = Annotated[Union[schemas], Field(discriminator="type")]  # noqa: UP007 - made at run time
    return TypeAdapter(one_of)


@functools.cache
def _schema(config_class: type[CloudConfig]) -> Any:
    """A config class's own fields, plus purpose and thumbnail suffix."""
    secrets: dict[str, Any] = {
        field: (
            str,
            Field(
                alias=info.alias,
                title=info.title,
                description=info.description,
                min_length=1,
                json_schema_extra={"maxLength": config_class.most_bytes(field)},
            ),
        )
        for field, info in config_class.fields().items()
        if info.annotation is SecretStr
    }
    others: dict[str, Any] = {
        field: (info.annotation, _as_stored(info, config_class.most_bytes(field) if field != "type" else None))
        for field, info in config_class.model_fields.items()
        if field not in secrets
    }
    others["type"] = (config_class.model_fields["type"].annotation, ...)  # tells them apart, so it must be there
    return create_model(
        f"DatasourceConfig{config_class.provider_type()}",
        __config__=ConfigDict(populate_by_name=True, extra="ignore", json_schema_extra={"additionalProperties": True}),
        **others,
        **secrets,
        id=(str | None, Field(None, pattern=HEX_ID)),
        purpose=(Purpose, ...),
        thumb_suffix=(
            str | None,
            Field(None, alias="thumbSuffix", json_schema_extra={"maxLength": MOST_PATH_BYTES}),
        ),
    )


def _as_stored(info: FieldInfo, most_bytes: int | None) -> FieldInfo:
    """A field of an answer: what is stored was judged when it was saved, perhaps by the rules of another cloud.

    How long it may be is told, and not asked of what was stored before there was such a rule.
    """
    shown = copy.copy(info)
    shown.metadata = [each for each in info.metadata if not isinstance(each, AfterValidator)]
    if most_bytes and isinstance(info.json_schema_extra, dict):
        shown.json_schema_extra = info.json_schema_extra | {"maxLength": most_bytes}
    return shown
