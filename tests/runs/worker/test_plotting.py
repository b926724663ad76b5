"""The picture of an embedding that a script uploaded, through the job, from a real bucket."""

from __future__ import annotations

from array import array

import pytest
from pytest_django import Settings

from clouds import parse_config
from datasets.models import Dataset
from datasources import services, tasks
from datasources.endpoints import configured_endpoints
from datasources.models import Purpose
from jobs.models import Job, JobState
from samples.models import Embedding
from teams.models import User
from tests.conftest import Call
from tests.jobs.helpers import work_off
from tests.samples.making import grow
from tests.servers import WORKING_RIGHTS, Cloud

pytestmark = pytest.mark.django_db
KEY = ".lightly/embeddings/default_mine.csv"


@pytest.fixture
def embedding(
    dataset: Dataset,
    alice: User,
    clouds: dict[str, Cloud],
    cloud_environment: dict[str, str],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Embedding:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)
    settings.LIGHTLY_S3_ENDPOINT_URL = cloud_environment["LIGHTLY_S3_ENDPOINT_URL"]
    cloud = clouds["S3"]
    bucket = cloud.make_bucket()
    lines = ["filenames,embedding_0,embedding_1,embedding_2,labels", "c.jpg,4,0,0,0", "a.jpg,0,1,0,0", "b.jpg,2,0,0,0"]
    cloud.put(bucket, f"lightly/{KEY}", "\n".join(lines).encode())
    cloud.put(bucket, "lightly/broken.csv", b"filenames,embedding_0,embedding_1,labels\na.jpg,1,x,0\n")
    config = parse_config(cloud.grant(bucket, "lightly/", WORKING_RIGHTS), configured_endpoints())
    services.save(dataset=dataset, purpose=Purpose.LIGHTLY, config=config, thumb_suffix="", by=alice)
    grow(dataset, ["a.jpg", "b.jpg", "c.jpg", "without.jpg"])
    return Embedding.objects.create(dataset=dataset, name="default_mine", key=KEY)


def triggered(call: Call, alice: User, embedding: Embedding) -> Job:
    """As the client does, three times; and a worker did what there is to do."""
    path = f"/v1/datasets/{embedding.dataset_id}/embeddings/{embedding.pk}/trigger2dEmbeddingsJob"
    for method in ("PCA", "TSNE", "UMAP"):
        answer = call(alice).post(path, {"dimensionalityReductionMethod": method})
        assert answer.status_code == 200
        assert answer.json()["dimensionalityReductionMethod"] == "PCA"
        assert ("not supported" in answer.json()["message"]) == (method != "PCA")
    job = Job.objects.get(kind="runs.plot")
    work_off(job)
    job.refresh_from_db()
    return job


def test_it_is_drawn_in_the_order_of_samples(call: Call, alice: User, embedding: Embedding) -> None:
    assert triggered(call, alice, embedding).state == JobState.DONE
    embedding.refresh_from_db()
    assert (embedding.rows, embedding.dimensions, embedding.is_processed) == (3, 3, True)
    plot = embedding.plots.get()
    points = array("f", bytes(plot.points))
    across = list(points[::2])
    assert plot.count == 4
    assert abs(across[2] - across[1]) == pytest.approx(2, rel=0.2)  # b and c are two apart
    assert list(points[6:]) == [0, 0]  # of which the file says nothing


def test_a_file_that_is_wrong_says_where(call: Call, alice: User, embedding: Embedding) -> None:
    Embedding.objects.filter(pk=embedding.pk).update(key="broken.csv")
    job = triggered(call, alice, embedding)
    assert job.state == JobState.FAILED
    assert job.error == "Line 2: not all values of the embedding are numbers."
    assert not embedding.plots.exists()


def test_a_file_that_is_missing(call: Call, alice: User, embedding: Embedding) -> None:
    Embedding.objects.filter(pk=embedding.pk).update(key="nothing.csv")
    job = triggered(call, alice, embedding)
    assert job.state == JobState.FAILED
    assert job.error == "nothing.csv: The file is not there any more."
    assert not embedding.plots.exists()
