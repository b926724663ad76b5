"""`make chaos`: one installation and one storage for all of it, and a table of figures at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaos import processes
from chaos.figures import FIGURES, table
from chaos.house import DEADLINE, House
from chaos.small_disk import small_disk
from chaos.weather import Weather
from tests.runs.worker.embedding.networks import write_mean_network
from tests.servers import S3Cloud

# Of the installation's disk.
MEGABYTES = 600


@pytest.fixture(scope="session")
def cloud() -> Iterator[S3Cloud]:
    cloud = S3Cloud()
    cloud.start()
    yield cloud
    cloud.stop()


@pytest.fixture(scope="session")
def weather(cloud: S3Cloud) -> Iterator[Weather]:
    weather = Weather(cloud.address)
    with weather:
        yield weather


@pytest.fixture(scope="session")
def house(cloud: S3Cloud, weather: Weather, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """All of it runs, on a disk of its own. When everything is over, nothing of it does."""
    directory = tmp_path_factory.mktemp("chaos")
    write_mean_network(directory / "means.onnx")
    environment = {
        **cloud.environment(weather.address),
        "LIGHTLY_CHECK_DEADLINE_SECONDS": str(DEADLINE),
        "LIGHTLY_EMBEDDING_MODEL": str(directory / "means.onnx"),
        "TEST_NAMES_OF_A_PART": "2",
    }
    with small_disk(directory / "stack", MEGABYTES):
        house = House(directory / "stack", environment)
        try:
            house.open()
            yield house
        finally:
            house.stack.stop()
    left = processes.of_installation(house.stack.data_dir)
    assert left == [], "processes are left"


@pytest.fixture(autouse=True)
def whole(house: House) -> None:
    house.heal()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("chaos: faults tried and survived, and what was under way")
        for line in table(FIGURES):
            terminalreporter.write_line(line)
