"""/v1/datasets/{id}/datasource: configure, read back, verify."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from pytest_django import Settings

from core.api.lanes import VERIFYING
from datasets.models import Dataset
from datasets.services import create_dataset
from datasources import tasks
from datasources.models import CheckState, Outcome, PermissionCheck, Purpose, Trigger
from teams.models import Team, User
from tests.conftest import SECRET, Call, fill, s3_fields
from tests.contents.support import connect
from tests.datasources.settings.test_forms import GCS_KEY
from tests.servers import WORKING_RIGHTS, Cloud, Right

pytestmark = pytest.mark.django_db
STRICT, LENIENT = "Lightly/1.5.26 (Linux)", "Lightly/1.4.5 (Linux)"
CONFIGS: dict[str, dict[str, Any]] = {
    "S3": s3_fields(),
    "S3DelegatedAccess": {
        "type": "S3DelegatedAccess",
        "fullPath": "s3://acme-raw/street/",
        "s3Region": "eu-central-1",
        "s3ARN": "arn:aws:iam::123456789012:role/lightly",
        "s3ExternalId": "0123456789",
    },
    "AZURE": {
        "type": "AZURE",
        "fullPath": "images/street/",
        "accountName": "acmestore",
        "accountKey": f"?sp=rl&se=2030-01-01&sig={SECRET}",
    },
    "GCS": {"type": "GCS", "fullPath": "gs://acme/street/", "gcsProjectId": "acme", "gcsCredentials": GCS_KEY},
    "OBS": {
        "type": "OBS",
        "fullPath": "obs://acme/street/",
        "obsEndpoint": "https://obs.eu-de.otc.t-systems.com",
        "obsAccessKeyId": "AK",
        "obsSecretAccessKey": SECRET,
    },
}


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "dispatch", lambda check_id: True)


def path(dataset: Dataset, *more: str) -> str:
    return "/".join([f"/v1/datasets/{dataset.pk}/datasource", *more])


def body(provider: str = "S3", **changes: Any) -> dict[str, Any]:
    return {**CONFIGS[provider], "purpose": "INPUT", "thumbSuffix": None, **changes}


def content(answer: HttpResponse) -> Any:
    return json.loads(answer.content)


@pytest.mark.parametrize("provider", list(CONFIGS))
def test_what_was_put_is_read_back_with_its_secrets_replaced(
    call: Call, alice: User, dataset: Dataset, provider: str
) -> None:
    answer = call(alice).put(path(dataset), body(provider, thumbSuffix="[filename]_t.[extension]"))
    assert (answer.status_code, answer.content) == (204, b"")
    shown = content(call(alice).get(path(dataset), agent=STRICT))
    stored = dataset.datasources.get()
    secrets = {stored.provider_class.fields()[name].alias for name in stored.provider_class.secret_fields()}
    expected = {key: "***" if key in secrets else value for key, value in CONFIGS[provider].items()}
    assert shown == expected | {"id": stored.pk, "purpose": "INPUT", "thumbSuffix": "[filename]_t.[extension]"}
    assert SECRET not in json.dumps(shown)


S3_COMPATIBLE = {
    "type": "S3Compatible",
    "fullPath": "s3://acme/street/",
    "s3Endpoint": "https://minio.acme.example:9000",
    "s3Region": "garage",
    "s3AccessKeyId": "AK",
    "s3SecretAccessKey": SECRET,
    "s3AddressingStyle": "virtual",
}
AS_OBS = CONFIGS["OBS"] | {"obsEndpoint": S3_COMPATIBLE["s3Endpoint"]}


class TestS3Compatible:
    """The client knows it by the name of OBS; everybody else by its own."""

    @pytest.mark.parametrize("agent", [STRICT, LENIENT])
    def test_the_client_gets_what_its_models_know(self, call: Call, alice: User, dataset: Dataset, agent: str) -> None:
        assert call(alice).put(path(dataset), S3_COMPATIBLE | {"purpose": "INPUT"}).status_code == 204
        for shown in (
            content(call(alice).get(path(dataset), agent=agent)),
            *content(call(alice).get(path(dataset, "all"), agent=agent)),
        ):
            expected = AS_OBS | {"obsSecretAccessKey": "***", "purpose": "INPUT"}
            assert shown == expected | {"id": dataset.datasources.get().pk}

    @pytest.mark.parametrize(
        "odd",
        [
            {"s3Endpoint": "https://x.supabase.co/storage/v1/s3"},
            {"s3Endpoint": "http://minio_1:9000"},
            {"fullPath": "s3://Old_Bucket/street/"},
        ],
        ids=["path", "underscore", "bucket"],
    )
    def test_the_client_also_gets_what_obs_would_not_allow(
        self, call: Call, alice: User, dataset: Dataset, odd: dict[str, str]
    ) -> None:
        assert call(alice).put(path(dataset), S3_COMPATIBLE | {"purpose": "INPUT"} | odd).status_code == 204
        answer = call(alice).get(path(dataset), agent=STRICT)
        assert answer.status_code == 200
        shown = content(answer)
        config = dataset.datasources.get().config
        assert shown["obsEndpoint"] == config.facts()["endpoint"]
        assert shown["fullPath"] == config.path.replace("s3://", "obs://")
        assert call(alice).put(path(dataset), shown).status_code == 204
        assert dataset.datasources.get().config == config

    def test_others_get_all_its_fields(self, call: Call, alice: User, dataset: Dataset) -> None:
        call(alice).put(path(dataset), S3_COMPATIBLE | {"purpose": "INPUT"})
        shown = content(call(alice).get(path(dataset)))
        expected = S3_COMPATIBLE | {"s3SecretAccessKey": "***", "purpose": "INPUT"}
        assert shown == expected | {"id": dataset.datasources.get().pk}
        assert call(alice).put(path(dataset), shown).status_code == 204
        assert dataset.datasources.get().config.revealed() == S3_COMPATIBLE

    def test_what_comes_as_obs_is_stored_as_what_it_is(self, call: Call, alice: User, dataset: Dataset) -> None:
        assert call(alice).put(path(dataset), AS_OBS | {"purpose": "INPUT"}).status_code == 204
        stored = dataset.datasources.get()
        assert stored.provider == "S3Compatible"
        assert stored.config.revealed() == {
            **{name: value for name, value in S3_COMPATIBLE.items() if name != "s3Region"},
            "s3AddressingStyle": "path",
        }

    def test_what_the_client_can_not_say_stays_for_the_same_address(
        self, call: Call, alice: User, dataset: Dataset
    ) -> None:
        call(alice).put(path(dataset), S3_COMPATIBLE | {"purpose": "INPUT"})
        echoed = content(call(alice).get(path(dataset), agent=STRICT))
        assert call(alice).put(path(dataset), echoed | {"fullPath": "obs://acme/other/"}).status_code == 204
        assert dataset.datasources.get().config.revealed() == S3_COMPATIBLE | {"fullPath": "s3://acme/other/"}
        elsewhere = AS_OBS | {"purpose": "INPUT", "obsEndpoint": "https://s3.acme.example"}
        assert call(alice).put(path(dataset), elsewhere).status_code == 204
        assert "s3Region" not in dataset.datasources.get().config.revealed()

    def test_what_is_stored_as_obs_stays_obs(self, call: Call, alice: User, dataset: Dataset) -> None:
        """As older releases stored it, whatever answers there."""
        connect(dataset, Purpose.INPUT, AS_OBS)
        echoed = content(call(alice).get(path(dataset), agent=STRICT))
        assert call(alice).put(path(dataset), echoed | {"fullPath": "obs://acme/other/"}).status_code == 204
        assert dataset.datasources.get().config.revealed() == AS_OBS | {"fullPath": "obs://acme/other/"}

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"obsSecretAccessKey": "***", "obsEndpoint": "https://evil.example"}, "obsSecretAccessKey"),
            ({"fullPath": "obs://b!/x"}, "fullPath"),
            ({"fullPath": "gs://acme/x"}, "fullPath"),
            ({"obsEndpoint": "https://acme.s3.eu-central-2.wasabisys.com"}, "obsEndpoint"),
            ({"obsAccessKeyId": ""}, "obsAccessKeyId"),
        ],
    )
    def test_what_is_wrong_is_named_as_the_client_spells_it(
        self, call: Call, alice: User, dataset: Dataset, changes: dict[str, str], field: str
    ) -> None:
        call(alice).put(path(dataset), S3_COMPATIBLE | {"purpose": "INPUT"})
        answer = call(alice).put(path(dataset), AS_OBS | {"purpose": "INPUT"} | changes)
        assert answer.status_code == 400
        assert content(answer)["error"].startswith(f"{field}: ")
        assert SECRET not in answer.content.decode()


@pytest.mark.parametrize("region", ["auto", "garage", "fsn1", "minio"])
def test_regions_of_other_services_are_for_servers_of_ones_own(
    call: Call, alice: User, dataset: Dataset, settings: Settings, region: str
) -> None:
    answer = call(alice).put(path(dataset), body(s3Region=region))
    assert answer.status_code == 400
    assert "S3-compatible" in content(answer)["error"]
    settings.LIGHTLY_S3_ENDPOINT_URL = "http://garage.internal:3900"
    assert call(alice).put(path(dataset), body(s3Region=region)).status_code == 204
    settings.LIGHTLY_S3_ENDPOINT_URL = None
    assert content(call(alice).get(path(dataset)))["s3Region"] == region  # what is stored stays readable


def test_saving_queues_the_same_check_as_the_dashboard(call: Call, alice: User, dataset: Dataset) -> None:
    call(alice).put(path(dataset), body())
    check = PermissionCheck.objects.get()
    assert (check.state, check.requested_by) == (CheckState.QUEUED, alice)


def test_the_placeholder_keeps_the_stored_secret_but_not_for_a_new_target(
    call: Call, alice: User, dataset: Dataset
) -> None:
    call(alice).put(path(dataset), body())
    echoed = content(call(alice).get(path(dataset)))
    assert call(alice).put(path(dataset), echoed | {"fullPath": "s3://acme-raw/other/"}).status_code == 204
    assert dataset.datasources.get().config.revealed()["s3SecretAccessKey"] == SECRET
    for change in ({"fullPath": "s3://evil/"}, {"s3AccessKeyId": "AKIAOTHER"}):
        answer = call(alice).put(path(dataset), echoed | change)
        assert answer.status_code == 400
        assert "s3SecretAccessKey" in content(answer)["error"]
    answer = call(alice).put(path(dataset), body(purpose="LIGHTLY", s3SecretAccessKey="***"))
    assert answer.status_code == 400  # nothing is stored for this purpose


def test_one_slot_per_purpose(call: Call, alice: User, dataset: Dataset) -> None:
    def purposes() -> list[str]:
        return [source["purpose"] for source in content(call(alice).get(path(dataset, "all")))]

    assert purposes() == []
    call(alice).put(path(dataset), body(purpose="INPUT_OUTPUT"))
    assert purposes() == ["INPUT_OUTPUT"]
    call(alice).put(path(dataset), body(purpose="INPUT"))
    call(alice).put(path(dataset), body("GCS", purpose="LIGHTLY"))
    assert purposes() == ["INPUT", "LIGHTLY"]
    assert content(call(alice).get(path(dataset)))["type"] == "S3"
    assert content(call(alice).get(path(dataset), {"purpose": "LIGHTLY"}))["type"] == "GCS"
    answer = call(alice).get(path(dataset), {"purpose": "INPUT_OUTPUT"})
    assert (answer.status_code, content(answer)["code"]) == (404, "DATASET_DATASOURCE_UNKNOWN")


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"purpose": None}, 400, "purpose"),
        ({"purpose": "OUTPUT"}, 400, "purpose"),
        ({"type": "s3"}, 400, "type"),
        ({"type": ["S3"]}, 400, "type"),
        ({"type": "LOCAL"}, 422, "not supported"),
        ({"type": "LIGHTLY"}, 422, "not supported"),
        ({"fullPath": "acme-raw/street"}, 400, "fullPath"),
        ({"fullPath": "s3://acme-raw/../x"}, 400, "fullPath"),
        ({"fullPath": 17}, 400, "fullPath"),
        ({"s3Region": "mars"}, 400, "s3Region"),
        ({"s3SecretAccessKey": ""}, 400, "s3SecretAccessKey"),
        ({"s3SecretAccessKey": None}, 400, "s3SecretAccessKey"),
        ({"thumbSuffix": 17}, 400, "thumbSuffix"),
        ({"thumbSuffix": "thumb.jpg"}, 400, "thumbSuffix: It must contain [filename]"),
        ({"thumbSuffix": "[filename].webp"}, 400, "thumbSuffix: It must contain [extension]"),
        ({"thumbSuffix": "../[filename].[extension]"}, 400, "thumbSuffix: It must stay in the datasource"),
        ({"thumbSuffix": "t/[filename][extension]"}, 400, "thumbSuffix: Put a character between"),
        (
            {"thumbSuffix": "[filename].[extension]", "purpose": "INPUT_OUTPUT"},
            400,
            "thumbSuffix: These are the names of the images themselves",
        ),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    call: Call, alice: User, dataset: Dataset, change: dict[str, Any], status: int, words: str
) -> None:
    answer = call(alice).put(path(dataset), body(**change))
    assert answer.status_code == status
    assert words in content(answer)["error"]
    assert SECRET not in answer.content.decode()
    assert not dataset.datasources.exists()


def test_what_can_not_work_is_refused_by_its_field(
    call: Call, alice: User, charlie: User, team: Team, dataset: Dataset
) -> None:
    stolen = body("S3DelegatedAccess", s3ExternalId=team.external_id)
    assert call(alice).put(path(dataset), stolen).status_code == 204
    his = create_dataset(name="his", owner=charlie)
    over = "?sv=2025-05-05&sr=c&sp=rl&se=2020-01-01&sig=abc"
    for wrong, words in (
        (stolen, "s3ExternalId: This external ID belongs to another team"),
        (body("AZURE", accountKey=over), "accountKey: This token ended on 1 January 2020"),
        (body("S3", s3AccessKeyId="ASIAIOSFODNN7EXAMPLE"), "s3AccessKeyId: This is a temporary key"),
    ):
        answer = call(charlie).put(path(his), wrong)
        assert answer.status_code == 400
        assert words in content(answer)["error"]
    assert not his.datasources.exists()


def test_unknown_keys_are_ignored(call: Call, alice: User, dataset: Dataset) -> None:
    assert call(alice).put(path(dataset), body(createdAt=17, webServerLocation="x")).status_code == 204


@pytest.mark.parametrize(
    ("region", "agent", "shown"),
    [
        ("us-gov-west-1", STRICT, "us-gov-west"),
        ("us-gov-west-1", LENIENT, "us-gov-west-1"),
        ("us-gov-west-1", "", "us-gov-west-1"),
        ("ap-southeast-5", STRICT, "ap-southeast-1"),
        ("il-central-1", STRICT, "us-east-1"),
        ("eu-north-1", STRICT, "eu-north-1"),
    ],
)
def test_regions_a_strict_client_does_not_know_do_not_break_it(
    call: Call, alice: User, dataset: Dataset, region: str, agent: str, shown: str
) -> None:
    call(alice).put(path(dataset), body(s3Region=region))
    assert content(call(alice).get(path(dataset), agent=agent))["s3Region"] == shown


def test_who_may_what(call: Call, alice: User, bob: User, charlie: User, dataset: Dataset) -> None:
    assert call(charlie).put(path(dataset), body()).status_code == 404
    assert call(bob).put(path(dataset), body()).status_code == 403
    call(alice).put(path(dataset), body())
    for page in (path(dataset), path(dataset, "all")):
        assert call(bob).get(page).status_code == 200
        assert call(charlie).get(page).status_code == 404
    assert call(charlie).get(path(dataset, "verify")).status_code == 404


class TestVerify:
    @pytest.fixture
    def s3(self, clouds: dict[str, Cloud], settings: Settings) -> Cloud:
        settings.LIGHTLY_S3_ENDPOINT_URL = clouds["S3"].environment()["LIGHTLY_S3_ENDPOINT_URL"]
        return clouds["S3"]

    @pytest.fixture
    def bucket(self, s3: Cloud) -> str:
        bucket = s3.make_bucket()
        s3.put(bucket, "street/a.jpg", b"x")
        return bucket

    def test_without_a_datasource_it_is_404(self, call: Call, alice: User, dataset: Dataset) -> None:
        assert call(alice).get(path(dataset, "verify")).status_code == 404

    def test_all_granted(self, call: Call, alice: User, dataset: Dataset, s3: Cloud, bucket: str) -> None:
        call(alice).put(path(dataset), s3.grant(bucket, "street/", {Right.LIST, Right.READ}) | {"purpose": "INPUT"})
        call(alice).put(path(dataset), s3.grant(bucket, "street/", WORKING_RIGHTS) | {"purpose": "LIGHTLY"})
        answer = call(alice).get(path(dataset, "verify"))
        assert content(answer) == {"canList": True, "canRead": True, "canWrite": True, "canOverwrite": True}
        # The very checks the bulbs show.
        checks = [source.latest_check for source in dataset.datasources.select_related("latest_check")]
        assert [check.outcome for check in checks if check] == [Outcome.GREEN, Outcome.GREEN]

    def test_without_lightly_there_is_nowhere_to_write(
        self, call: Call, alice: User, dataset: Dataset, s3: Cloud, bucket: str
    ) -> None:
        call(alice).put(path(dataset), s3.grant(bucket, "street/", WORKING_RIGHTS) | {"purpose": "INPUT"})
        answer = content(call(alice).get(path(dataset, "verify")))
        assert (answer["canList"], answer["canRead"], answer["canWrite"], answer["canOverwrite"]) == (
            True,
            True,
            False,
            False,
        )
        assert set(answer["errors"]) == {"canWrite", "canOverwrite"}
        assert answer["errors"]["canWrite"].startswith("LIGHTLY: this datasource is not configured")

    def test_errors_name_the_purpose_and_the_reason(
        self, call: Call, alice: User, dataset: Dataset, s3: Cloud, bucket: str
    ) -> None:
        read_only = s3.grant(bucket, "street/", {Right.LIST, Right.READ})
        call(alice).put(path(dataset), s3.with_wrong_secret(read_only) | {"purpose": "INPUT"})
        call(alice).put(path(dataset), s3.grant(bucket, "street/", {Right.LIST, Right.READ}) | {"purpose": "LIGHTLY"})
        answer = call(alice).get(path(dataset, "verify"))
        errors = content(answer)["errors"]
        assert answer.status_code == 200
        assert set(errors) == {"canList", "canRead", "canWrite", "canOverwrite"}
        assert errors["canList"].startswith("INPUT: wrong secret access key.")
        assert errors["canWrite"].startswith("LIGHTLY: denied: s3:PutObject.")

    def test_one_datasource_for_everything(
        self, call: Call, alice: User, dataset: Dataset, s3: Cloud, bucket: str
    ) -> None:
        call(alice).put(path(dataset), s3.grant(bucket, "street/", WORKING_RIGHTS) | {"purpose": "INPUT_OUTPUT"})
        assert all(content(call(alice).get(path(dataset, "verify"))).values())

    def test_each_call_asks_the_cloud_anew(
        self, call: Call, alice: User, dataset: Dataset, s3: Cloud, bucket: str
    ) -> None:
        config = s3.grant(bucket, "street/", WORKING_RIGHTS)
        call(alice).put(path(dataset), config | {"purpose": "INPUT_OUTPUT"})
        assert content(call(alice).get(path(dataset, "verify")))["canRead"]
        s3.expired(config)  # behind our back
        assert not content(call(alice).get(path(dataset, "verify")))["canRead"]

    def test_only_so_many_at_once(
        self, call: Call, alice: User, dataset: Dataset, s3: Cloud, bucket: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        call(alice).put(path(dataset), s3.grant(bucket, "street/", WORKING_RIGHTS) | {"purpose": "INPUT_OUTPUT"})
        with monkeypatch.context() as patch:
            fill(patch, VERIFYING)
            answer = call(alice).get(path(dataset, "verify"))
        assert (answer.status_code, answer["Retry-After"]) == (503, "1")
        assert set(answer.json()) == {"code", "error"}
        assert PermissionCheck.objects.filter(trigger=Trigger.API).count() == 1  # the save's, and none of this
        assert call(alice).get(path(dataset, "verify")).status_code == 200
