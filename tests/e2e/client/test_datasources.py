"""What the client's documentation does with datasources, for every provider, against real storage servers."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from tests.e2e.client.conftest import OfficialClient, bulbs, page
from tests.e2e.support.backstage import Person
from tests.e2e.support.stack import Stack
from tests.servers import WORKING_RIGHTS, CephCloud, Cloud, Config, Right

PROVIDERS = ["S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS", "S3Compatible"]
READING = {Right.LIST, Right.READ}
# The client's method for a provider, and what of a config goes into which of its arguments.
METHODS = {
    "S3": (
        "set_s3_config",
        {
            "resource_path": "fullPath",
            "region": "s3Region",
            "access_key": "s3AccessKeyId",
            "secret_access_key": "s3SecretAccessKey",
        },
    ),
    "S3DelegatedAccess": (
        "set_s3_delegated_access_config",
        {"resource_path": "fullPath", "region": "s3Region", "role_arn": "s3ARN", "external_id": "s3ExternalId"},
    ),
    "AZURE": (
        "set_azure_config",
        {"container_name": "fullPath", "account_name": "accountName", "sas_token": "accountKey"},
    ),
    "GCS": (
        "set_gcs_config",
        {"resource_path": "fullPath", "project_id": "gcsProjectId", "credentials": "gcsCredentials"},
    ),
    "OBS": (
        "set_obs_config",
        {
            "resource_path": "fullPath",
            "obs_endpoint": "obsEndpoint",
            "obs_access_key_id": "obsAccessKeyId",
            "obs_secret_access_key": "obsSecretAccessKey",
        },
    ),
}
SECRETS = {
    "S3": "s3SecretAccessKey",
    "AZURE": "accountKey",
    "GCS": "gcsCredentials",
    "OBS": "obsSecretAccessKey",
    "S3Compatible": "s3SecretAccessKey",
}
GREEN = {
    "Input List": "granted",
    "Input Read": "granted",
    "Lightly List": "granted",
    "Lightly Read": "granted",
    "Lightly Write": "granted",
    "Lightly Overwrite": "granted",
}
START = """
from lightly.api import ApiWorkflowClient
from lightly.openapi_generated.swagger_client import DatasetType, DatasourcePurpose
"""
# The documentation checks attributes; in client 1.5.26 the same answer is a dict.
PERMISSIONS = {
    "attributes": """
permissions = client.list_datasource_permissions()
try:
    assert permissions.can_list
    assert permissions.can_read
    assert permissions.can_write
    assert permissions.can_overwrite
except AssertionError:
    print("Datasources are missing permissions. Potential errors are:", permissions.errors)
""",
    "dict": """
permissions = client.list_datasource_permissions()
try:
    assert permissions["can_list"]
    assert permissions["can_read"]
    assert permissions["can_write"]
    assert permissions["can_overwrite"]
except AssertionError:
    print("Datasources are missing permissions. Potential errors are:", permissions["errors"])
""",
}
# get_datasource() gives a dict, or since 1.4.10 a wrapper of a model.
READ_BACK = """
import json
datasource = client.get_datasource()
print(json.dumps(datasource if isinstance(datasource, dict) else datasource.actual_instance.to_dict(by_alias=True)))
"""


def call(config: Config, purpose: str) -> str:
    method, arguments = METHODS[config["type"]]
    values = "".join(f"    {name}={config[field]!r},\n" for name, field in arguments.items())
    return f"client.{method}(\n{values}    purpose=DatasourcePurpose.{purpose},\n)\n"


def check(version: str) -> str:
    return PERMISSIONS["dict" if version == "1.5.26" else "attributes"]


def documented(version: str, name: str, datasources: dict[str, Config], dataset_type: str = "IMAGES") -> str:
    """The documentation's script, from a new dataset to its permissions. It says the dataset's id last."""
    create = f"client.create_dataset(dataset_name={name!r}, dataset_type=DatasetType.{dataset_type})\n"
    configure = "".join(call(config, purpose) for purpose, config in datasources.items())
    return START + "client = ApiWorkflowClient()\n" + create + configure + check(version) + "print(client.dataset_id)\n"


def unwrapped(text: str) -> str:
    """Without the line breaks with which old clients print long texts."""
    return re.sub(r"['\"]\n\s+['\"]", "", text)


def granted(cloud: Cloud) -> dict[str, Config]:
    """Input and Lightly with the rights they need, each with its own credentials, in a bucket with a file in each."""
    bucket = cloud.make_bucket()
    for key in ("input/image.jpg", "lightly/image.jpg"):
        cloud.put(bucket, key, b"not really an image")
    return {
        "INPUT": cloud.grant(bucket, "input/", READING),
        "LIGHTLY": cloud.grant(bucket, "lightly/", WORKING_RIGHTS),
    }


def codes(text: str) -> dict[str, str]:
    """The pieces of code a page shows."""
    return {
        key: html.unescape(code)
        for key, code in re.findall(r'<pre id="code-(\w+)"[^>]*><code>(.*?)</code>', text, re.S)
    }


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_documentations_script(
    official: OfficialClient, clouds: dict[str, Cloud], stack: Stack, person: Person, name: str, provider: str
) -> None:
    """And the dashboard shows what it did and found out, without showing secrets to anybody."""
    cloud, datasources = clouds[provider], granted(clouds[provider])
    on_page = datasources["INPUT"]["fullPath"]
    if isinstance(cloud, CephCloud):  # which goes by the name of OBS to the client, and by its own to everybody else
        datasources = {purpose: cloud.as_obs(config) for purpose, config in datasources.items()}
    ran = official.run(documented(official.version, name, datasources) + READ_BACK)
    assert (ran.code, ran.errors) == (0, "")
    *words, dataset, datasource = ran.output.splitlines()
    assert words == []
    assert bulbs(stack, person, dataset) == GREEN
    assert on_page in page(stack, person, f"/datasets/{dataset}/row/")

    kind = datasources["INPUT"]["type"]
    secrets = {SECRETS[kind]: "***"} if kind in SECRETS else {}
    expected = datasources["INPUT"] | secrets | {"purpose": "INPUT"}
    shown = json.loads(datasource)
    assert {key: shown.get(key) for key in expected} == expected


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("version", ["1.5.26"], indirect=True)
def test_the_dashboards_own_code(
    official: OfficialClient,
    clouds: dict[str, Cloud],
    stack: Stack,
    person: Person,
    name: str,
    provider: str,
    tmp_path: Path,
) -> None:
    """What the settings show as "the same in Python" does the same again, once its secret is filled in."""
    datasources = granted(clouds[provider])
    dataset = stack.backstage.dataset(name, person, input=datasources["INPUT"], lightly=datasources["LIGHTLY"])
    script = ""
    for purpose, config in datasources.items():
        (code,) = codes(page(stack, person, f"/datasets/{dataset}/settings/{purpose.lower()}/")).values()
        secret = config.get(SECRETS.get(provider, ""), "")
        if provider == "GCS":
            file = tmp_path / f"{purpose}.json"
            file.write_text(secret)
            code = code.replace("service-account.json", file.name)
        script += re.sub("'<[^']+>'", repr(secret).replace("\\", r"\\"), code) + "\n"
    shown = codes(page(stack, person, f"/api/?client={official.version}&provider={provider}&dataset={dataset}"))
    ran = official.run(script + shown["verify"])
    assert (ran.code, ran.errors) == (0, "")
    revisions = [check["revision"] for check in stack.backstage.checks(dataset)]
    assert max(revisions) == 2  # it was saved once more
    assert bulbs(stack, person, dataset) == GREEN


def test_the_api_pages_code(official: OfficialClient, stack: Stack, person: Person, clouds: dict[str, Cloud]) -> None:
    """Page by page, with the values of the example replaced: what a new user does first."""
    datasources = granted(clouds["S3"])
    shown = codes(page(stack, person, f"/api/?client={official.version}&provider=S3"))
    assert f"lightly=={official.version}" in shown["environment"]
    assert stack.url in shown["environment"]
    assert [line for line in shown["configure"].splitlines() if line.startswith("client.")] == [
        "client.set_s3_config("
    ] * 2
    configure = "".join(call(config, purpose) for purpose, config in datasources.items())
    ran = official.run("\n".join([shown["create"], configure, shown["verify"]]))
    assert (ran.code, ran.errors) == (0, "")
    assert bulbs(stack, person, ran.output.strip()) == GREEN


def test_videos_with_one_datasource_for_everything(
    official: OfficialClient, clouds: dict[str, Cloud], stack: Stack, person: Person, name: str
) -> None:
    cloud = clouds["S3"]
    bucket = cloud.make_bucket()
    cloud.put(bucket, "all/film.mp4", b"not really a film")
    config = cloud.grant(bucket, "all/", WORKING_RIGHTS)
    ran = official.run(documented(official.version, name, {"INPUT_OUTPUT": config}, "VIDEOS") + READ_BACK)
    assert (ran.code, ran.errors) == (0, "")
    *words, dataset, datasource = ran.output.splitlines()
    assert words == []
    assert json.loads(datasource)["purpose"] == "INPUT_OUTPUT"
    assert official.script("dataset_type.py", dataset_id=dataset) == "Videos"


def test_missing_permissions_are_printed(
    official: OfficialClient, clouds: dict[str, Cloud], stack: Stack, person: Person, name: str
) -> None:
    """Wrong secret for Input, a Lightly datasource that may only be read: all is said, and the bulbs go red."""
    cloud = clouds["S3"]
    datasources = granted(cloud)
    datasources["INPUT"] = cloud.with_wrong_secret(datasources["INPUT"])
    datasources["LIGHTLY"] = cloud.grant(datasources["LIGHTLY"]["fullPath"].split("/")[2], "lightly/", READING)
    ran = official.run(documented(official.version, name, datasources))
    assert (ran.code, ran.errors) == (0, "")
    *words, dataset = ran.output.splitlines()
    text = "\n".join(words)
    assert text.startswith("Datasources are missing permissions. Potential errors are: {")
    for part in ("can_list", "can_read", "INPUT: wrong secret access key", "LIGHTLY: denied: s3:PutObject"):
        assert part in unwrapped(text)
    assert bulbs(stack, person, dataset) == GREEN | {
        "Input List": "denied",
        "Input Read": "denied",
        "Lightly Write": "denied",
        "Lightly Overwrite": "denied",
    }


def test_input_alone_can_not_be_written_to(official: OfficialClient, clouds: dict[str, Cloud], name: str) -> None:
    ran = official.run(documented(official.version, name, {"INPUT": granted(clouds["S3"])["INPUT"]}))
    assert (ran.code, ran.errors) == (0, "")
    assert "can_write" in ran.output
    assert "LIGHTLY: this datasource is not configured, so there is nowhere to write to." in unwrapped(ran.output)
    assert "INPUT" not in ran.output


@pytest.mark.parametrize("version", ["1.5.26"], indirect=True)
def test_providers_may_be_mixed(
    official: OfficialClient, clouds: dict[str, Cloud], stack: Stack, person: Person, name: str
) -> None:
    datasources = granted(clouds["AZURE"]) | {"LIGHTLY": granted(clouds["OBS"])["LIGHTLY"]}
    ran = official.run(documented(official.version, name, datasources))
    assert (ran.code, ran.errors) == (0, "")
    assert bulbs(stack, person, ran.output.strip()) == GREEN


def test_local_files_are_refused_in_words(official: OfficialClient, name: str) -> None:
    answer = official.script("local_datasource.py", name=name)
    assert answer["status"] == 422
    kinds = "S3, S3DelegatedAccess, AZURE, GCS, OBS, S3Compatible"
    expected = f"Datasources of type LOCAL are not supported by this server. Use one of {kinds}."
    assert answer["body"]["error"] == expected
