"""The same in Python: calls of the official `lightly` client that do what the dashboard's forms do. Pure text.

Whatever a user entered stands in the text as a Python literal, so no value can become code. A secret never stands
there: its place is taken by a word, or by reading a file.
"""

import shlex
from collections.abc import Collection

from pydantic import SecretStr

from clouds.config import CloudConfig, extra
from clouds.provider import provider_of

# The versions of the client this server is tested with, newest first.
CLIENT_VERSIONS = ("1.5.26", "1.4.5", "1.3.3")
ANSWERS_AS_DICT = {"1.5.26"}  # the older ones give objects with attributes

KEY_FILE = "service-account.json"


def environment(root: str, version: str) -> str:
    """Shell: install the client, tell it where this server is and who asks."""
    return _text(
        f"pip install lightly=={version}",
        f"export LIGHTLY_SERVER_LOCATION={shlex.quote(root.rstrip('/'))}",
        "export LIGHTLY_TOKEN='<your token>'",
    )


def create() -> str:
    return _text(
        "from lightly.api import ApiWorkflowClient",
        "from lightly.openapi_generated.swagger_client import DatasetType, DatasourcePurpose",
        "",
        "client = ApiWorkflowClient()",
        'client.create_dataset("my-dataset", DatasetType.IMAGES)  # or VIDEOS, CROPS',
        "print(client.dataset_id)",
    )


def reuse(dataset_id: str) -> str:
    return _text(
        "from lightly.api import ApiWorkflowClient",
        "from lightly.openapi_generated.swagger_client import DatasourcePurpose",
        "",
        f"client = ApiWorkflowClient(dataset_id={dataset_id!r})",
    )


def configure_both(config_class: type[CloudConfig], *, thumbnail_suffix: str) -> str:
    """Input and Lightly of `client`'s dataset, with the values that serve as examples in the form."""
    required = {name: info for name, info in config_class.fields().items() if info.is_required()}
    values = {name: str(info.examples[0]) for name, info in required.items() if info.examples}
    elsewhere = values | {"path": values["path"].replace("/images/", "/lightly/")}
    return _text(
        *_imports(config_class),
        "# Input: where your images or videos are. Needs the rights to list and read.",
        *_call(config_class, values, "INPUT", thumbnail_suffix),
        "",
        "# Lightly: where thumbnails and predictions go. Needs the rights to list, read, write and overwrite.",
        *_call(config_class, elsewhere, "LIGHTLY", thumbnail_suffix),
    )


def stored(
    config: CloudConfig, *, dataset_id: str, purpose: str, thumbnail_suffix: str, hidden: Collection[str] = ()
) -> str:
    """A whole script that configures a datasource as it is stored here, with a word in place of what is `hidden`."""
    values = {
        name: f"<your {info.title}>" if name in hidden else str(value)
        for name, info in config.fields().items()
        if info.annotation is not SecretStr and (value := getattr(config, name)) is not None
    }
    return _text(
        *_imports(type(config)),
        reuse(dataset_id),
        *_call(type(config), values, purpose, thumbnail_suffix),
    )


def verify(version: str) -> str:
    """Asks for the bulbs, and stops with the reasons if one is not green."""
    as_dict = version in ANSWERS_AS_DICT
    return _text(
        "permissions = client.list_datasource_permissions()",
        'errors = permissions.get("errors")' if as_dict else "errors = permissions.errors",
        *(
            f'assert permissions["{name}"], errors' if as_dict else f"assert permissions.{name}, errors"
            for name in ("can_list", "can_read", "can_write", "can_overwrite")
        ),
    )


def list_samples() -> str:
    return _text(
        "for filename, read_url in client.download_raw_samples():",
        "    print(filename, read_url)",
    )


def _imports(config_class: type[CloudConfig]) -> list[str]:
    return (
        ["from pathlib import Path", ""] if any(_is_file(config_class, name) for name in config_class.fields()) else []
    )


def _call(config_class: type[CloudConfig], values: dict[str, str], purpose: str, suffix: str) -> list[str]:
    """The call as lines. `values` are the fields that are not secret."""
    provider = provider_of(config_class)
    method, guise = provider.client_method, provider.guise
    passed = values | {"path": guise.path(values["path"])} if guise else values
    arguments = {
        keyword: _secret(config_class, name) if name in config_class.secret_fields() else repr(passed[name])
        for keyword, name in method.arguments.items()
    }
    if purpose != "INPUT":  # nothing is ever written there
        arguments["thumbnail_suffix"] = repr(suffix or None)
    arguments["purpose"] = f"DatasourcePurpose.{purpose}"
    unknown = [] if guise else [name for name in values if name not in method.arguments.values()]
    cleared = [config_class.model_fields[name].title for name in unknown]
    return [
        *(
            f"# {title}: this call clears it, the client can't set it. Enter it in the dashboard again."
            for title in cleared
        ),
        f"client.{method.name}(",
        *(f"    {keyword}={value}," for keyword, value in arguments.items()),
        ")",
    ]


def _secret(config_class: type[CloudConfig], name: str) -> str:
    if _is_file(config_class, name):
        return f"Path({KEY_FILE!r}).read_text()"
    return repr(f"<{config_class.model_fields[name].title}>")


def _is_file(config_class: type[CloudConfig], name: str) -> bool:
    return bool(extra(config_class.model_fields[name], "multiline"))


def _text(*lines: str) -> str:
    return "\n".join(lines)
