"""Datasets, sharing and refusals, through the official client."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.client.conftest import OfficialClient, page
from tests.e2e.support.backstage import Person
from tests.e2e.support.stack import Stack


def test_everything_about_datasets(official: OfficialClient, stack: Stack, person: Person, name: str) -> None:
    stranger = stack.backstage.person(f"{name}-stranger")
    colleague = stack.backstage.person(f"{name}-colleague", team=person["team"], role="MEMBER")
    friend = stack.backstage.person(f"{name}-friend")
    foreign = stack.backstage.dataset("foreign", stranger)
    stack.backstage.dataset("of-a-colleague", colleague)
    shared = stack.backstage.dataset("of-a-friend", friend)
    stack.backstage.share(shared, [person["email"]])

    said = official.script("manage_datasets.py", foreign=foreign)
    own = ["night-films", "night-films_1", "night-films_2", "street scenes"]
    # Datasets of the team are asked for by newer clients only.
    others = ["of-a-colleague", "of-a-friend"] if official.version == "1.5.26" else ["of-a-friend"]
    assert "already exists" in said.pop("twice")
    assert "does not exist" in said.pop("no such")
    images, videos = said.pop("ids")
    assert said == {
        "shared": others,
        "types": ["Images", "Videos"],
        "unique": own,
        "exists": [True, False, False],
        "name exists": [True, False, False],
        "by name": ["street scenes"],
        "own": own,
        "everything": sorted([*own, *others]),
        "all": sorted([*own, *others]),
        "shared name": True,
        "chosen by name": True,
        "newest": True,
        "reused": "Videos",
        "after deletion": False,
        "foreign": [404, "DATASET_UNKNOWN"],
    }
    home = page(stack, person, "/")
    assert f"dataset-{videos}" in home
    assert f"dataset-{images}" not in home


def test_sharing(official: OfficialClient, stack: Stack, person: Person, name: str) -> None:
    friend = stack.backstage.person(f"{name}-friend")
    dataset = stack.backstage.dataset(name, person)
    nobody = f"{name}-nobody-yet@example.com"
    lists: list[list[str]] = [[friend["email"], nobody], [friend["email"]], []]
    said = official.script("share_dataset.py", dataset_id=dataset, lists=lists)
    assert said == {"before": [], "after": [sorted(people) for people in lists]}
    official.script("share_dataset.py", dataset_id=dataset, lists=[[friend["email"]]])
    assert name in page(stack, friend, "/")


CALLS: list[tuple[str, dict[str, object]]] = [
    ("get_dataset_by_id", {}),
    ("get_datasource", {}),
    ("list_datasource_permissions", {}),
    ("get_shared_users", {}),
    ("share_dataset_only_with", {"user_emails": []}),
    (
        "set_s3_config",
        {"resource_path": "s3://some/where/", "region": "eu-west-1", "access_key": "a", "secret_access_key": "b"},
    ),
]


def calls(dataset: str) -> list[tuple[str, dict[str, object]]]:
    named = {"get_dataset_by_id", "get_shared_users", "share_dataset_only_with"}
    return [(method, {**more, "dataset_id": dataset} if method in named else more) for method, more in CALLS]


def test_a_wrong_token_is_401(official: OfficialClient, stack: Stack, person: Person, name: str) -> None:
    dataset = stack.backstage.dataset(name, person)
    official.environment["LIGHTLY_TOKEN"] = "lp_wrong"
    said = official.script("refused.py", dataset_id=dataset, calls=calls(dataset))
    assert said == [[method, 401, "UNAUTHORIZED"] for method, _ in CALLS]


def test_other_peoples_datasets_are_404(official: OfficialClient, stack: Stack, name: str) -> None:
    dataset = stack.backstage.dataset(name, stack.backstage.person(f"{name}-stranger"))
    said = official.script("refused.py", dataset_id=dataset, calls=calls(dataset))
    assert said == [[method, 404, "DATASET_UNKNOWN"] for method, _ in CALLS]


def test_a_colleague_may_look_but_not_change(official: OfficialClient, stack: Stack, person: Person, name: str) -> None:
    dataset = stack.backstage.dataset(name, stack.backstage.person(f"{name}-owner", team=person["team"]))
    member = stack.backstage.person(f"{name}-member", team=person["team"], role="MEMBER")
    official.environment["LIGHTLY_TOKEN"] = stack.backstage.token(member)
    said = official.script("refused.py", dataset_id=dataset, calls=calls(dataset))
    unknown = "DATASET_DATASOURCE_UNKNOWN"
    assert said == [
        ["get_dataset_by_id", 200, ""],
        ["get_datasource", 404, unknown],
        ["list_datasource_permissions", 404, unknown],
        ["get_shared_users", 200, ""],
        ["share_dataset_only_with", 403, "FORBIDDEN"],
        ["set_s3_config", 403, "FORBIDDEN"],
    ]


def test_the_token_may_come_from_an_argument(official: OfficialClient, tmp_path: Path) -> None:
    token = official.environment.pop("LIGHTLY_TOKEN")
    code = "from lightly.api import ApiWorkflowClient\nprint(ApiWorkflowClient(token={!r}).get_datasets())"
    ran = official.run(code.format(token))
    assert (ran.code, ran.output, ran.errors) == (0, "[]\n", "")
    assert official.run("from lightly.api import ApiWorkflowClient\nApiWorkflowClient()").code == 1


def test_its_code_is_the_published_one(official: OfficialClient) -> None:
    """What pip installed is what lies there now: hashes in the package's own list."""
    code = (
        "import base64, hashlib, importlib.metadata as metadata\n"
        "for file in metadata.files('lightly'):\n"
        "    if file.hash and file.suffix == '.py':\n"
        "        found = hashlib.sha256(file.locate().read_bytes()).digest()\n"
        "        assert base64.urlsafe_b64encode(found).decode().rstrip('=') == file.hash.value, file\n"
        "print(metadata.version('lightly'))"
    )
    ran = official.run(code)
    assert (ran.output, ran.errors) == (f"{official.version}\n", "")
