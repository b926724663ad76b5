"""What is written for people to paste is exactly enough, and survives every path there can be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clouds import PROVIDERS, parse_config
from clouds.doctor.grants import gap, missing, setup
from clouds.permissions import ALL, READ_ONLY, Permission, State
from clouds.policies import Gap, Place, Platform, Snippet
from clouds.s3.policies import ASK_KMS_KEY, ASK_PRINCIPAL
from clouds.s3compatible.policies import ASK_USER
from tests.clouds.examples import example, secrets_of
from tests.servers.s3.policy import allows

LIST, READ, WRITE, OVERWRITE = Permission
PRINCIPAL = "arn:aws:iam::999988887777:role/lightly-platform"
PLATFORM = Platform(PRINCIPAL, "lightly-0123456789abcdef", date(2026, 11, 23))
KMS = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NASTY = [
    "plain/",
    "it's/",
    'say "hi"/',
    "$(touch pwned)/`touch pwned`/",
    "${HOME}/$HOME/%{if true}/",
    "$${a}/$$${b}/%%{c}/",
    "a*b?c[d]/",
    "back\\slash\\\\n/",
    "-rf --delete/",
    "@file/~/#no comment/",
    "END_OF_CONDITION/",
    "größe 日本 😀/",
    "a;b&c|d>e<f!g/",
]


def place(provider: str, prefix: str = "path/to/", **more: str) -> Place:
    return Place(provider, "my-bucket", prefix, more)


def by_form(snippets: list[Snippet]) -> dict[str, Snippet]:
    found = {snippet.form: snippet for snippet in snippets}
    assert len(found) == len(snippets)  # they are tabs
    return found


def lacking(*permissions: Permission, **more: Any) -> Gap:
    return Gap(frozenset(permissions), **more)


# ---- AWS ----
def test_input_is_read_and_nothing_else() -> None:
    policy = json.loads(by_form(setup(place("S3"), READ_ONLY, PLATFORM))["policy"].text)
    assert policy == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LightlyList",
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": "arn:aws:s3:::my-bucket",
                "Condition": {"StringLike": {"s3:prefix": ["path/to/*"]}},
            },
            {
                "Sid": "LightlyObjects",
                "Effect": "Allow",
                "Action": ["s3:GetObject"],
                "Resource": "arn:aws:s3:::my-bucket/path/to/*",
            },
        ],
    }


def test_lightly_is_written_as_well_but_never_deleted_from() -> None:
    text = by_form(setup(place("S3"), ALL, PLATFORM))["policy"].text
    assert json.loads(text)["Statement"][1]["Action"] == ["s3:GetObject", "s3:PutObject"]
    assert "Delete" not in text


def test_a_whole_bucket_needs_no_condition() -> None:
    list_all, objects = json.loads(by_form(setup(place("S3", ""), READ_ONLY, PLATFORM))["policy"].text)["Statement"]
    assert "Condition" not in list_all
    assert objects["Resource"] == "arn:aws:s3:::my-bucket/*"


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-gov-east", "aws-us-gov"),
     ("us-iso-east-1", "aws-iso"), ("us-isob-east-1", "aws-iso-b"), ("", "aws")],
)  # fmt: skip
def test_arns_are_of_the_regions_partition(region: str, partition: str) -> None:
    for snippet in setup(place("S3", region=region), ALL, PLATFORM):
        assert set(re.findall(r"arn:([a-z-]+):s3", snippet.text)) == {partition}


def test_the_key_of_the_bucket_is_granted_as_far_as_it_is_used() -> None:
    for needs, actions in ((READ_ONLY, ["kms:Decrypt"]), (ALL, ["kms:Decrypt", "kms:GenerateDataKey"])):
        policy = json.loads(by_form(setup(place("S3", kms_key_arn=KMS), needs, PLATFORM))["policy"].text)
        assert policy["Statement"][-1] == {
            "Sid": "LightlyEncryption", "Effect": "Allow", "Action": actions, "Resource": KMS,
        }  # fmt: skip
    only = by_form(missing(place("S3"), ALL, Gap(kms=frozenset({WRITE})), PLATFORM))["policy"]
    assert ASK_KMS_KEY in only.text
    assert "Default encryption" in only.note


def test_a_role_trusts_this_platform_with_the_teams_external_id() -> None:
    texts = by_form(setup(place("S3DelegatedAccess"), READ_ONLY, PLATFORM))
    (statement,) = json.loads(texts["trust"].text)["Statement"]
    assert statement["Principal"] == {"AWS": PRINCIPAL}
    assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": PLATFORM.external_id}}
    given_one = by_form(setup(place("S3DelegatedAccess", external_id="my-own-id-1"), READ_ONLY, PLATFORM))
    assert "my-own-id-1" in given_one["trust"].text


def test_who_the_platform_is_must_be_asked_where_nobody_has_said() -> None:
    trust = by_form(setup(place("S3DelegatedAccess"), READ_ONLY, Platform(external_id="lightly-1")))["trust"]
    assert ASK_PRINCIPAL in trust.text
    assert "operator" in trust.note


def test_a_grant_never_replaces_another() -> None:
    names = set()
    for prefix in ("a/", "b/"):
        for permissions in ([LIST], [LIST, READ], [WRITE, OVERWRITE]):
            cli = by_form(missing(place("S3", prefix), ALL, lacking(*permissions), PLATFORM))["cli"].text
            names.update(re.findall(r"--policy-name (\S+)", cli))
    assert len(names) == 6
    assert all(re.fullmatch(r"[\w+=,.@-]{1,128}", name) for name in names)


@given(st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=30), st.text("ab*?$/{}", max_size=6))
@settings(deadline=None, max_examples=200)
def test_an_iam_policy_reaches_what_lies_under_the_path_and_nothing_else(directory: str, other: str) -> None:
    """Whatever looks like a wildcard in the path is none."""
    prefix = directory.replace("/", "_") + "/"
    policy = json.loads(by_form(setup(place("S3", prefix), READ_ONLY, PLATFORM))["policy"].text)
    arn = "arn:aws:s3:::my-bucket"
    assert allows(policy, "s3:GetObject", f"{arn}/{prefix}a.jpg", {})
    assert allows(policy, "s3:ListBucket", arn, {"s3:prefix": prefix})
    assert allows(policy, "s3:GetObject", f"{arn}/{other}", {}) == other.startswith(prefix)
    assert allows(policy, "s3:ListBucket", arn, {"s3:prefix": other}) == other.startswith(prefix)


# ---- the other clouds ----
def test_a_sas_has_exactly_the_letters_and_an_end() -> None:
    for needs, letters in ((READ_ONLY, "rl"), (ALL, "rcwl")):
        texts = by_form(setup(place("AZURE", account="acme"), needs, PLATFORM))
        for form in ("container", "account", "delegation"):
            assert re.findall(r"--permissions (\S+)", texts[form].text) == [letters]
            assert "--https-only" in texts[form].text
        assert "--expiry 2027-02-21T00:00Z" in texts["container"].text
        assert "--services b --resource-types co" in texts["account"].text
        assert "--expiry 2026-11-29T00:00Z" in texts["delegation"].text  # Azure allows seven days
        granted = re.findall(r"^    (\w+) += true$", texts["terraform"].text, re.MULTILINE)
        assert sorted(name[0] for name in granted) == sorted(letters)


def test_a_new_sas_has_all_it_takes_and_says_what_it_adds() -> None:
    snippet = by_form(missing(place("AZURE", account="acme"), ALL, lacking(WRITE, OVERWRITE), PLATFORM))["container"]
    assert "--permissions rcwl" in snippet.text
    assert "It adds cw to what you have." in snippet.note


def test_google_needs_delete_to_overwrite_only() -> None:
    def permissions(snippets: list[Snippet]) -> str:
        (found,) = re.findall(r"--permissions=(\S+)", by_form(snippets)["gcloud"].text)
        return str(found)

    google = place("GCS", project_id="acme", service_account="x@acme.iam.gserviceaccount.com")
    assert permissions(setup(google, READ_ONLY, PLATFORM)) == "storage.objects.list,storage.objects.get"
    assert permissions(setup(google, ALL, PLATFORM)).endswith("storage.objects.create,storage.objects.delete")
    assert permissions(missing(google, ALL, lacking(WRITE), PLATFORM)) == "storage.objects.create"
    assert "service-accounts create" not in by_form(setup(google, ALL, PLATFORM))["gcloud"].text
    fresh = by_form(setup(place("GCS", project_id="acme"), ALL, PLATFORM))["gcloud"].text
    assert "service-accounts create lightly" in fresh
    assert "keys create service-account.json" in fresh


def test_obs_policies() -> None:
    texts = by_form(setup(place("OBS"), ALL, PLATFORM))
    listing, objects = json.loads(texts["bucket"].text)["Statement"]
    assert (listing["Action"], listing["Resource"]) == (["ListBucket"], ["my-bucket"])
    assert listing["Condition"] == {"StringLike": {"prefix": ["path/to/*"]}}
    assert (objects["Action"], objects["Resource"]) == (["GetObject", "PutObject"], ["my-bucket/path/to/*"])
    iam = json.loads(texts["policy"].text)
    assert iam["Statement"][1]["Resource"] == ["OBS:*:*:object:my-bucket/path/to/*"]


# ---- only what is missing ----
OUTCOMES = [
    ({LIST: "denied", READ: "hidden"}, {LIST, READ}),
    ({LIST: "", READ: "hidden"}, set()),
    ({WRITE: "denied", OVERWRITE: "denied"}, {WRITE, OVERWRITE}),
    ({LIST: "explicit_deny", READ: "network_rules"}, set()),
    ({LIST: "timeout"}, set()),
]


@pytest.mark.parametrize(("causes", "permissions"), OUTCOMES)
def test_what_a_grant_can_mend(causes: dict[Permission, str], permissions: set[Permission]) -> None:
    outcomes = {name: (State.DENIED if cause else State.GRANTED, cause) for name, cause in causes.items()}
    assert gap(outcomes).permissions == permissions


def test_where_no_grant_helps_none_is_offered() -> None:
    for provider in PROVIDERS:
        assert missing(place(provider), ALL, Gap(), PLATFORM) == []
    for provider in ("S3", "OBS"):  # only a secret was wrong
        assert missing(place(provider), ALL, Gap(credential=True), PLATFORM) == []
    assert "container" in by_form(missing(place("AZURE"), ALL, Gap(credential=True), PLATFORM))
    assert "keys create" in by_form(missing(place("GCS"), ALL, Gap(credential=True), PLATFORM))["gcloud"].text


@pytest.mark.parametrize("provider", ["S3", "S3DelegatedAccess", "GCS", "OBS"])
def test_what_is_there_is_not_granted_again(provider: str) -> None:
    words = {
        "S3": ("s3:PutObject", "s3:ListBucket"),
        "GCS": ("storage.objects.create", "storage.objects.list"),
        "OBS": ("PutObject", "ListBucket"),
    }
    new, old = words.get(provider, words["S3"])
    for snippet in missing(place(provider), ALL, lacking(WRITE, OVERWRITE), PLATFORM):
        assert new in snippet.text
        assert old not in snippet.text


def test_a_role_that_lets_nobody_in_needs_its_trust_policy_alone() -> None:
    role = place(
        "S3DelegatedAccess", role_arn="arn:aws:iam::123456789012:role/path/My-Role", external_id="lightly-1234"
    )
    texts = by_form(missing(role, ALL, Gap(trust=True), PLATFORM))
    assert set(texts) == {"trust", "cli", "terraform"}
    assert "update-assume-role-policy" in texts["cli"].text
    assert "--role-name=My-Role" in texts["cli"].text


# ---- places ----
@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_place_keeps_no_secret(provider: str) -> None:
    config = parse_config(example(provider))
    kept = Place.of(config)
    assert (kept.bucket, kept.prefix) == (config.bucket, config.prefix)
    assert not [secret for secret in secrets_of(provider) if secret in repr(kept)]
    assert Place.stored(json.loads(json.dumps(kept.as_dict()))) == kept


def test_what_is_typed_so_far() -> None:
    config_class = PROVIDERS["S3"].config_class
    assert Place.typed(config_class, {}).prefix == "path/to/images/"  # the example
    assert Place.typed(config_class, {"path": "not a path"}).bucket == "my-bucket"
    found = Place.typed(config_class, {"path": " s3://b-1/x/y ", "region": "eu-", "secret_access_key": "s"})
    assert (found.bucket, found.prefix, found.fact("region")) == ("b-1", "x/y/", "")
    assert Place.typed(config_class, {"region": "cn-north-1"}).fact("region") == "cn-north-1"


# ---- nothing a path contains becomes code ----
def everything(prefix: str) -> Iterator[tuple[Place, Snippet]]:
    for provider in PROVIDERS:
        where = place(provider, prefix, access_key_id="AKIA'\"$(id)", role_arn=f"arn:aws:iam::1:role/{prefix}x'y")
        for needs in (READ_ONLY, ALL):
            grants = missing(where, needs, lacking(*needs), PLATFORM)
            for snippet in [*setup(where, needs, PLATFORM), *grants]:
                yield where, snippet


def literals(terraform: str) -> list[str]:
    """All strings of a Terraform text, as Terraform reads them."""
    found = []
    for quoted in re.findall(r'"(?:[^"\\]|\\.)*"', terraform):
        plain = re.sub(r"(?<!\$)\$\$\{", "${", re.sub(r"(?<!%)%%\{", "%{", quoted))
        found.append(json.loads(plain))
    return found


def interpolations(terraform: str) -> list[str]:
    return re.findall(r"(?<!\$)\$\{[^}]*\}|(?<!%)%\{[^}]*\}", terraform)


@given(
    st.one_of(st.sampled_from(NASTY), st.text("$%{}\\\"'*ab ", min_size=1, max_size=12).map(lambda text: f"{text}/"))
)
@settings(deadline=None, max_examples=60)
def test_documents_parse_whatever_the_path(prefix: str) -> None:
    for where, snippet in everything(prefix):
        if snippet.language == "json":
            json.loads(snippet.text)
        if snippet.language == "hcl":
            assert set(interpolations(snippet.text)) <= {"${google_service_account.lightly.email}"}
            texts = literals(snippet.text)
            if where.provider == "GCS":
                (condition,) = [text for text in texts if "startsWith" in text]
                (name,) = re.findall(r'startsWith\(("(?:[^"\\]|\\.)*")\)', condition)
                assert json.loads(name) == f"projects/_/buckets/my-bucket/objects/{prefix}"
            if where.provider.startswith("S3") and "s3:ListBucket" in texts:
                twin = by_form(setup(where, READ_ONLY, PLATFORM))["policy"]
                resource = json.loads(twin.text)["Statement"][1]["Resource"]
                assert resource in texts


STUB = """
for tool in aws az gcloud mc; do
  eval "$tool() { printf '%s\\\\0' $tool \\"\\$@\\" >> calls; printf '\\\\n' >> calls; }"
done
"""


def calls_of(text: str, directory: Path) -> list[list[str]]:
    """What a real shell would run: every call of a cloud's tool with its arguments."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run(
        [bash, "-euc", STUB + text], cwd=directory, capture_output=True, text=True, timeout=20, env={"HOME": "/nowhere"}
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in directory.iterdir()} <= {"calls", "lightly-condition.json", "lightly-policy.json"}
    return [line.rstrip("\0").split("\0") for line in (directory / "calls").read_text().split("\0\n") if line]


@pytest.mark.parametrize("prefix", NASTY)
def test_a_shell_runs_what_is_meant_and_nothing_else(prefix: str, tmp_path: Path) -> None:
    for where, snippet in everything(prefix):
        if snippet.language != "bash":
            continue
        calls = calls_of(snippet.text, tmp_path / "here")
        assert {call[0] for call in calls} <= {"aws", "az", "gcloud", "mc"}
        documents = [call[call.index("--policy-document") + 1] for call in calls if "--policy-document" in call]
        for document in documents:
            assert by_policy(where, document)
        if snippet.form == "mc":
            [file] = [call[-1] for call in calls if call[1:4] == ["admin", "policy", "create"]]
            assert by_policy(where, (tmp_path / "here" / file).read_text())
        if snippet.form == "bucket":  # the same, but for whom it names
            [call] = calls
            document = json.loads(call[call.index("--policy") + 1])
            for statement in document["Statement"]:
                assert statement.pop("Principal") == {"AWS": [f"arn:aws:iam:::user/{ASK_USER}"]}
            assert by_policy(where, json.dumps(document))
        if where.provider == "GCS":
            condition = json.loads((tmp_path / "here" / "lightly-condition.json").read_text())
            (name,) = re.findall(r'startsWith\(("(?:[^"\\]|\\.)*")\)', condition["expression"])
            assert json.loads(name) == f"projects/_/buckets/my-bucket/objects/{prefix}"


def by_policy(where: Place, document: str) -> bool:
    """Whether a document on a command line is what stands under "IAM policy", for one of the purposes."""
    whole = [by_form(setup(where, needs, PLATFORM))["policy"].text for needs in (READ_ONLY, ALL)]
    return json.loads(document) in [json.loads(text) for text in whole]
