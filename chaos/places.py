"""Many datasets of one owner in one bucket, of which half work and half lack a right."""

from __future__ import annotations

from dataclasses import dataclass

from chaos.house import House
from tests.e2e.support.backstage import Person
from tests.servers import Config, Right, S3Cloud

READING = {Right.LIST, Right.READ}


@dataclass
class Places:
    """`outcomes`: by dataset, what its newest check must come to."""

    house: House
    cloud: S3Cloud
    bucket: str
    owner: Person
    good: Config
    bad: Config
    outcomes: dict[str, str]

    @property
    def datasets(self) -> list[str]:
        return list(self.outcomes)

    def add(self, count: int, *, bad: int = 0) -> list[str]:
        """So many datasets, whose first checks are queued. `bad`: each such one may not read."""
        name = f"{self.bucket}-{len(self.outcomes)}"
        wrong = {number for number in range(count) if bad and number % bad == bad - 1}
        configs = {f"{name}-{number}": self.bad if number in wrong else self.good for number in range(count)}
        ids = self.house.hands.connect(configs, self.owner["email"])
        for number, dataset in enumerate(ids.values()):
            self.outcomes[dataset] = "RED" if number in wrong else "GREEN"
        return list(ids.values())

    def turn_red(self) -> None:
        """What worked does not work any more, as if somebody had changed the rights in the cloud."""
        self.cloud.change_rights(self.good, self.bucket, "input/", {Right.LIST})
        self.outcomes = dict.fromkeys(self.outcomes, "RED")

    def lost(self) -> list[str]:
        return self.house.lost_checks(self.outcomes)


def places(house: House, cloud: S3Cloud, name: str) -> Places:
    bucket = cloud.make_bucket()
    cloud.put(bucket, "input/image.jpg", b"not really an image")
    good = cloud.grant(bucket, "input/", READING)
    bad = cloud.grant(bucket, "input/", {Right.LIST})
    return Places(house, cloud, bucket, house.owner(name), good, bad, {})
