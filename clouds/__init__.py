"""The clouds a dataset can live in. A new one is one file beside this and its name in `AnyConfig`."""

from typing import Annotated, Any, get_args

from pydantic import ConfigDict, Field, TypeAdapter

from clouds.azure.store import AzureConfig
from clouds.base import (
    Cause,
    CloudConfig,
    CorsRule,
    Deadline,
    Endpoints,
    Entry,
    Expiry,
    Failure,
    KeyFacts,
    Page,
    Preflight,
    Store,
    StoreError,
    safe_name,
)
from clouds.gcs.store import GCSConfig
from clouds.obs.store import OBSConfig
from clouds.s3.delegated import S3DelegatedAccessConfig
from clouds.s3.store import S3Config

AnyConfig = Annotated[
    S3Config | S3DelegatedAccessConfig | AzureConfig | GCSConfig | OBSConfig, Field(discriminator="type")
]

CONFIG_CLASSES: dict[str, type[CloudConfig]] = {
    config_class.model_fields["type"].default: config_class for config_class in get_args(get_args(AnyConfig)[0])
}

# The adapter makes the errors, and would quote what was typed whatever the models say.
_adapter: TypeAdapter[CloudConfig] = TypeAdapter(AnyConfig, config=ConfigDict(hide_input_in_errors=True))


def parse_config(fields: dict[str, Any], endpoints: Endpoints | None = None) -> CloudConfig:
    """A config from fields named as the REST API spells them. Raises pydantic.ValidationError."""
    return _adapter.validate_python(fields, context={"endpoints": endpoints or Endpoints()})


__all__ = [
    "CONFIG_CLASSES",
    "AnyConfig",
    "AzureConfig",
    "Cause",
    "CloudConfig",
    "CorsRule",
    "Deadline",
    "Endpoints",
    "Entry",
    "Expiry",
    "Failure",
    "GCSConfig",
    "KeyFacts",
    "OBSConfig",
    "Page",
    "Preflight",
    "S3Config",
    "S3DelegatedAccessConfig",
    "Store",
    "StoreError",
    "parse_config",
    "safe_name",
]
