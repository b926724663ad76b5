"""One bucket per provider with everything in it, filled once per test process, and datasets connected to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_django import Settings

from datasets.models import Dataset
from datasources.models import Purpose
from teams.models import User
from tests.conftest import Call
from tests.contents.support import (
    FLAT,
    FLAT_COUNT,
    IMAGES,
    INPUT,
    METADATA,
    OTHERS,
    OUTPUT,
    PREDICTIONS,
    PROVIDERS,
    READING,
    VIDEOS,
    Listings,
    Storage,
    connect,
)
from tests.servers import ALL_RIGHTS, WORKING_RIGHTS, Cloud


@pytest.fixture(scope="session")
def storages(clouds: dict[str, Cloud]) -> dict[str, Storage]:
    """Filled side by side: each is its own server. The two ways into S3 share a bucket."""

    def fill(cloud: Cloud) -> str:
        bucket = cloud.make_bucket()
        keys = [INPUT + name for name in IMAGES + VIDEOS + OTHERS]
        keys += [f"{OUTPUT}.lightly/predictions/boxes/{name}" for name in ["schema.json", *PREDICTIONS]]
        keys += [f"{OUTPUT}.lightly/predictions/tasks.json", f"{OUTPUT}.lightly/predictions/other/plain.json"]
        keys += [f"{OUTPUT}.lightly/metadata/{name}" for name in ["schema.json", *METADATA]]
        keys += [f"{FLAT}img_{number:06}.jpg" for number in range(FLAT_COUNT)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: cloud.put(bucket, key, f"this is {key}".encode()), keys))
        return bucket

    own = [cloud for provider, cloud in clouds.items() if provider != "S3DelegatedAccess"]
    with ThreadPoolExecutor() as pool:
        buckets = dict(zip([cloud.provider for cloud in own], pool.map(fill, own), strict=True))
    buckets["S3DelegatedAccess"] = buckets["S3"]
    return {
        provider: Storage(
            cloud,
            buckets[provider],
            cloud.grant(buckets[provider], INPUT, READING),
            cloud.grant(buckets[provider], OUTPUT, WORKING_RIGHTS),
            cloud.grant(buckets[provider], FLAT, ALL_RIGHTS),
        )
        for provider, cloud in clouds.items()
    }


@pytest.fixture
def endpoints(cloud_environment: dict[str, str], settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product talks to the test servers, with the platform's own AWS identity for roles."""
    for name, value in cloud_environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
        else:
            setattr(settings, name, value.split(",") if name == "LIGHTLY_ALLOWED_PRIVATE_HOSTS" else value)


@pytest.fixture(params=PROVIDERS)
def storage(storages: dict[str, Storage], request: pytest.FixtureRequest) -> Storage:
    return storages[request.param]


@pytest.fixture
def connected(dataset: Dataset, storage: Storage) -> Dataset:
    connect(dataset, Purpose.INPUT, storage.input)
    connect(dataset, Purpose.LIGHTLY, storage.lightly)
    return dataset


@pytest.fixture
def on_s3(dataset: Dataset, storages: dict[str, Storage]) -> Dataset:
    connect(dataset, Purpose.INPUT, storages["S3"].input)
    connect(dataset, Purpose.LIGHTLY, storages["S3"].lightly)
    return dataset


@pytest.fixture
def listings(call: Call, alice: User, dataset: Dataset) -> Listings:
    return Listings(call(alice), dataset)
