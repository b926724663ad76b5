"""What every cloud promises to a suite that runs over all of them."""

from __future__ import annotations

import pytest

from tests.servers import ALL_RIGHTS, Cloud, Right, all_clouds, environment_of
from tests.servers.faults import refused
from tests.servers.process import answers

PROVIDERS = ["S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS", "S3Compatible"]


@pytest.fixture(params=PROVIDERS)
def cloud(clouds: dict[str, Cloud], request: pytest.FixtureRequest) -> Cloud:
    return clouds[request.param]


def test_every_provider_is_there(clouds: dict[str, Cloud]) -> None:
    assert list(clouds) == PROVIDERS


def test_buckets_are_new_and_the_operator_may_do_everything(cloud: Cloud) -> None:
    bucket, other = cloud.make_bucket(), cloud.make_bucket()
    assert bucket != other
    assert cloud.keys(bucket) == []
    for key in ("b/ü x", "a", "b/1"):
        cloud.put(bucket, key, b"1")
    cloud.put(bucket, "a", b"")
    assert cloud.keys(bucket) == ["a", "b/1", "b/ü x"]
    assert cloud.keys(other) == []


def test_a_config_is_made_of_strings_and_names_its_type_and_path(cloud: Cloud) -> None:
    bucket = cloud.make_bucket()
    config = cloud.grant(bucket, "input/", ALL_RIGHTS)
    assert config["type"] == cloud.provider
    assert config["fullPath"].endswith(f"{bucket}/input/")
    assert all(isinstance(value, str) for value in config.values())


def test_each_grant_is_another_principal(cloud: Cloud) -> None:
    bucket = cloud.make_bucket()
    first, second = (cloud.grant(bucket, "", {Right.LIST}) for _ in range(2))
    # Azure has no principals: one SAS is as good as another with the same letters.
    assert (first == second) is (cloud.provider == "AZURE")


def test_broken_configs_differ_where_they_should(cloud: Cloud) -> None:
    config = cloud.grant(cloud.make_bucket(), "input/", ALL_RIGHTS)
    for breaking in (cloud.with_wrong_secret, cloud.with_unknown_key):
        broken = breaking(config)
        assert broken != config
        assert broken["fullPath"] == config["fullPath"]
    assert cloud.with_missing_bucket(config)["fullPath"] != config["fullPath"]
    moved = cloud.with_path(config, cloud.make_bucket(), "elsewhere/")
    assert moved["fullPath"].endswith("/elsewhere/")
    assert moved["fullPath"] != config["fullPath"]


def test_a_fault_can_be_put_in_between(cloud: Cloud) -> None:
    """Where the endpoint is the environment's, there; where it is the config's, there."""
    config = cloud.grant(cloud.make_bucket(), "", ALL_RIGHTS)
    with refused() as address:
        aimed = {**cloud.environment(address), **cloud.at_address(config, address)}
        assert any(address in value for value in aimed.values())
        assert not any(cloud.address in value for value in aimed.values())
    usual = {**cloud.environment(), **config}
    assert any(cloud.address in value for value in usual.values())


def test_one_environment_reaches_them_all(clouds: dict[str, Cloud]) -> None:
    environment = environment_of(list(clouds.values()))
    assert set(environment) == {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "LIGHTLY_ALLOWED_PRIVATE_HOSTS",
        "LIGHTLY_AZURE_ENDPOINT_URL",
        "LIGHTLY_GCS_CERTS_URL",
        "LIGHTLY_GCS_ENDPOINT_URL",
        "LIGHTLY_GCS_TOKEN_URL",
        "LIGHTLY_OBS_HOSTS",
        "LIGHTLY_S3_ENDPOINT_URL",
        "LIGHTLY_STS_ENDPOINT_URL",
    }
    assert "{account}" in environment["LIGHTLY_AZURE_ENDPOINT_URL"]


def test_a_stopped_cloud_answers_no_more() -> None:
    cloud = all_clouds()[0]
    cloud.start()
    port = int(cloud.address.rpartition(":")[2])
    assert answers(port)
    cloud.stop()
    assert not answers(port)
