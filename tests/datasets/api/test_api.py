"""/v1/datasets and sharing, against the contract the official clients were seen to expect."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from datasets.models import Dataset
from datasets.services import create_dataset, share_dataset
from teams.models import ApiToken, User
from teams.services import create_token
from tests.conftest import Call

pytestmark = pytest.mark.django_db
REQUIRED = {"id", "name", "userId", "type", "nSamples", "sizeInBytes", "createdAt", "lastModifiedAt"}
OPTIONAL = {
    "accessType",
    "imgType",
    "metaDataConfigurationId",
    "datasources",
    "datasourceProcessedUntilTimestamp",
    "accessRole",
    "parentDatasetId",
    "originalDatasetId",
}


def names(answer: object) -> list[str]:
    return [dataset["name"] for dataset in json.loads(answer.content)]  # type: ignore[attr-defined]


class TestTokens:
    def test_query_and_bearer_header_both_work(self, client: Client, alice: User) -> None:
        token = create_token(user=alice, name="test")
        assert client.get("/v1/datasets", {"token": token}).status_code == 200
        assert client.get("/v1/datasets", headers={"Authorization": f"Bearer {token}"}).status_code == 200

    @pytest.mark.parametrize("query", [{}, {"token": ""}, {"token": "wrong"}, {"token": "\0"}])
    def test_without_a_right_one_it_is_401_in_the_clients_shape(
        self, client: Client, alice: User, query: dict[str, str]
    ) -> None:
        answer = client.get("/v1/datasets", query)
        assert answer.status_code == 401
        assert set(answer.json()) == {"code", "error"}
        assert answer.json()["code"] == "UNAUTHORIZED"

    def test_a_browser_session_is_no_token(self, client: Client, alice: User) -> None:
        client.force_login(alice, "teams.backends.PasswordBackend")
        assert client.get("/v1/datasets").status_code == 401

    def test_expired_revoked_and_deactivated_ones_stop_working(self, client: Client, alice: User) -> None:
        token = create_token(user=alice, name="test")
        past = timezone.now() - timedelta(seconds=1)
        for change in ({"expires_at": past}, {"revoked_at": past}):
            ApiToken.objects.update(**change)
            assert client.get("/v1/datasets", {"token": token}).status_code == 401
            ApiToken.objects.update(expires_at=None, revoked_at=None)
        User.objects.update(is_active=False)
        assert client.get("/v1/datasets", {"token": token}).status_code == 401

    def test_use_is_noted(self, client: Client, alice: User) -> None:
        client.get("/v1/datasets", {"token": create_token(user=alice, name="test")})
        assert ApiToken.objects.get().last_used_at is not None

    def test_guessing_is_slowed_and_right_tokens_are_not(self, client: Client, alice: User) -> None:
        """Others behind the same address are not shut out by somebody's forgotten script."""
        good = create_token(user=alice, name="test")
        statuses = [client.get("/v1/datasets", {"token": f"guess {n}"}).status_code for n in range(31)]
        assert statuses == [401] * 30 + [429]
        assert client.get("/v1/datasets", {"token": good}).status_code == 200
        refused = client.get("/v1/datasets", {"token": "another guess"})
        assert (refused.status_code, refused["Retry-After"]) == (429, "60")
        assert client.get("/v1/datasets", {"token": "guess"}, REMOTE_ADDR="10.0.0.9").status_code == 401

    def test_an_empty_installation_answers_in_json(self, client: Client) -> None:
        assert client.get("/v1/datasets").status_code == 401


@pytest.mark.parametrize("path", ["latest", "minimum"])
def test_versions_are_json_strings_for_everybody(client: Client, path: str, db: None) -> None:
    answer = client.get(f"/v1/versions/pip/{path}", {"currentVersion": "1.5.26"})
    assert answer.status_code == 200
    major, minor, patch = answer.json().split(".")
    assert (major, minor.isdigit(), patch.isdigit()) == ("1", True, True)


class TestDatasets:
    def test_create_and_read_back(self, call: Call, alice: User) -> None:
        body = {"name": "street scenes", "type": "Videos", "creator": "USER_PIP"}
        answer = call(alice).post("/v1/datasets", body)
        created = json.loads(answer.content)
        assert answer.status_code == 201
        assert list(created) == ["id"]
        data = json.loads(call(alice).get(f"/v1/datasets/{created['id']}").content)
        assert set(data) >= REQUIRED
        assert set(data) <= REQUIRED | OPTIONAL
        assert (data["name"], data["type"], data["imgType"]) == ("street scenes", "Videos", "full")
        assert data["createdAt"] > 1_700_000_000_000  # milliseconds
        assert None not in data.values()

    @pytest.mark.parametrize(
        ("body", "status", "words"),
        [
            ({}, 400, "name"),
            ({"name": "ab"}, 400, "name"),
            ({"name": "line\n"}, 400, "name"),
            ({"name": "a/b/c"}, 400, "name"),
            ({"name": 17}, 400, "name"),
            ({"name": "abc", "type": "Sounds"}, 400, "type"),
            ({"name": "abc", "parentDatasetId": "xyz"}, 400, "parentDatasetId"),
            ([], 400, ""),
            ("text", 400, ""),
            ({"name": "street-scenes"}, 409, "already"),
        ],
    )
    def test_what_is_wrong_is_named(
        self, call: Call, alice: User, dataset: Dataset, body: object, status: int, words: str
    ) -> None:
        answer = call(alice).post("/v1/datasets", body)
        error = json.loads(answer.content)
        assert answer.status_code == status
        assert set(error) == {"code", "error"}
        assert words in error["error"]
        assert Dataset.objects.count() == 1

    def test_broken_json_is_400(self, client: Client, alice: User) -> None:
        token = create_token(user=alice, name="test")
        answer = client.post(f"/v1/datasets?token={token}", "{", content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (400, "MALFORMED_REQUEST")

    def test_a_huge_body_is_413(self, call: Call, alice: User) -> None:
        assert call(alice).post("/v1/datasets", {"name": "x" * 3_000_000}).status_code == 413

    def test_whose_datasets(self, call: Call, alice: User, bob: User, charlie: User, dataset: Dataset) -> None:
        create_dataset(name="of bob", owner=bob)
        shared = create_dataset(name="of charlie", owner=charlie)
        share_dataset(dataset=shared, emails=[alice.email])
        expected = {
            "": ["street-scenes"],
            "shared=False": ["street-scenes"],
            "shared=True": ["of charlie"],
            "getAssetsOfTeam=True": ["of bob"],
            "getAssetsOfTeamInclusiveSelf=true": ["of bob", "of charlie", "street-scenes"],
            "excludePlayground=True&unknown=1": ["street-scenes"],
        }
        for query, found in expected.items():
            pairs = dict(pair.split("=") for pair in query.split("&") if pair)
            assert sorted(names(call(alice).get("/v1/datasets", pairs))) == found

    def test_by_name_exact_and_by_prefix(self, call: Call, alice: User) -> None:
        for name in ("my set", "my set_1", "other"):
            create_dataset(name=name, owner=alice)
        path = "/v1/datasets/query/name/my%20set"
        assert names(call(alice).get(path, {"exact": "True"})) == ["my set"]
        assert names(call(alice).get(path, {"exact": "False"})) == ["my set", "my set_1"]
        assert names(call(alice).get("/v1/datasets/query/name/nothing")) == []

    def test_pages_count_rows_and_end_with_an_empty_one(self, call: Call, alice: User) -> None:
        for number in range(5):
            create_dataset(name=f"set {number}", owner=alice)
        pages = [names(call(alice).get("/v1/datasets", {"pageSize": "2", "pageOffset": str(n)})) for n in (0, 2, 4, 6)]
        assert pages == [["set 0", "set 1"], ["set 2", "set 3"], ["set 4"], []]
        assert len(names(call(alice).get("/v1/datasets"))) == 5
        assert len(names(call(alice).get("/v1/datasets", {"pageSize": "25000"}))) == 5

    @pytest.mark.parametrize("query", [{"pageSize": "0"}, {"pageOffset": "-1"}, {"shared": "perhaps"}])
    def test_wrong_parameters_are_named(self, call: Call, alice: User, query: dict[str, str]) -> None:
        answer = call(alice).get("/v1/datasets", query)
        assert answer.status_code == 400
        assert next(iter(query)) in json.loads(answer.content)["error"]

    def test_rename_and_delete(self, call: Call, alice: User, dataset: Dataset) -> None:
        path = f"/v1/datasets/{dataset.pk}"
        assert call(alice).put(path, {"name": "night-scenes"}).status_code == 204
        assert json.loads(call(alice).get(path).content)["name"] == "night-scenes"
        assert call(alice).delete(path).status_code == 204
        answer = call(alice).get(path)
        assert (answer.status_code, json.loads(answer.content)["code"]) == (404, "DATASET_UNKNOWN")

    def test_unknown_paths_answer_in_json(self, call: Call, alice: User) -> None:
        answer = call(alice).get("/v1/nothing")
        assert answer.status_code == 404
        assert set(json.loads(answer.content)) == {"code", "error"}


class TestSharing:
    def path(self, dataset: Dataset) -> str:
        return f"/v1/datasets/{dataset.pk}/collaboration/access"

    def test_the_list_is_replaced_as_a_whole(self, call: Call, alice: User, dataset: Dataset) -> None:
        assert json.loads(call(alice).get(self.path(dataset)).content) == []
        ids = []
        for users in (["charlie@example.com", "New@example.com"], ["dora@example.com"], []):
            answer = call(alice).post(
                self.path(dataset), {"accessType": "WRITE", "users": users, "creator": "USER_PIP"}
            )
            assert answer.status_code == 201
            (config,) = json.loads(call(alice).get(self.path(dataset)).content)
            assert config["users"] == sorted(user.lower() for user in users)
            ids.append(config["id"])
        assert len(set(ids)) == 1

    def test_shared_people_may_work_on_it_and_pending_ones_once_they_exist(
        self, call: Call, alice: User, charlie: User, dataset: Dataset
    ) -> None:
        late = "late@example.com"
        call(alice).post(self.path(dataset), {"accessType": "WRITE", "users": [charlie.email, late]})
        assert call(charlie).put(f"/v1/datasets/{dataset.pk}", {"name": "renamed"}).status_code == 204
        latecomer = User.objects.create_user(late, email_is_proven=True)
        assert names(call(latecomer).get("/v1/datasets", {"shared": "True"})) == ["renamed"]
        call(alice).post(self.path(dataset), {"accessType": "WRITE", "users": []})
        assert call(charlie).get(f"/v1/datasets/{dataset.pk}").status_code == 404

    @pytest.mark.parametrize(
        ("agent", "organizations"),
        [
            ("Lightly/1.3.3 (Linux)", True),
            ("Lightly/1.4.5 (Linux)", True),
            ("Lightly/1.5.26 (Linux)", False),
            ("curl/8", False),
        ],
    )
    def test_each_client_gets_the_keys_it_can_read(
        self, call: Call, alice: User, dataset: Dataset, agent: str, organizations: bool
    ) -> None:
        call(alice).post(self.path(dataset), {"accessType": "WRITE", "users": []})
        (config,) = json.loads(call(alice).get(self.path(dataset), agent=agent).content)
        assert ("organizations" in config) is organizations
        assert set(config) - {"organizations"} == {
            "id",
            "owner",
            "accessType",
            "users",
            "teams",
            "createdAt",
            "lastModifiedAt",
        }

    @pytest.mark.parametrize("body", [{}, {"accessType": "READ"}, {"accessType": "WRITE", "users": ["no address"]}])
    def test_mistakes_change_nothing(self, call: Call, alice: User, dataset: Dataset, body: object) -> None:
        call(alice).post(self.path(dataset), {"accessType": "WRITE", "users": ["dora@example.com"]})
        assert call(alice).post(self.path(dataset), body).status_code == 400
        assert "dora@example.com" in call(alice).get(self.path(dataset)).content.decode()

    def test_it_can_be_ended_by_its_id(self, call: Call, alice: User, dataset: Dataset) -> None:
        shared = json.loads(call(alice).post(self.path(dataset), {"accessType": "WRITE", "users": []}).content)["id"]
        assert call(alice).delete(f"{self.path(dataset)}/{shared}").status_code == 204
        assert call(alice).delete(f"{self.path(dataset)}/{shared}").status_code == 404
