"""The table: what a check must say, by provider, rights and condition. `test_probe_scenarios.py` runs it.

Each row gives the verdicts of an Input check (list, read) and of a Lightly check (list, read, write, overwrite).
Where a provider truly answers otherwise, `but` says so, and why.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from clouds import Cause, Endpoints
from clouds.permissions import State
from clouds.s3 import store as s3
from tests.servers import (
    ALL_RIGHTS,
    WORKING_RIGHTS,
    AzureCloud,
    Config,
    GCSCloud,
    OBSCloud,
    Right,
    S3Cloud,
    S3DelegatedCloud,
    Trouble,
)
from tests.servers.faults import cut, drip, refused, reset, silent, untrusted_tls
from tests.servers.gate import Gate, Request, Response, Silence
from tests.servers.gcs import State as AccountState

AnyCloud = S3Cloud | S3DelegatedCloud | AzureCloud | GCSCloud | OBSCloud

PROVIDERS = ("S3", "S3DelegatedAccess", "AZURE", "GCS", "OBS")
AWS = ("S3", "S3DelegatedAccess")
# Once it has its role, delegated access is S3: where time is dear, it need not be tried twice.
STORES = ("S3", "AZURE", "GCS", "OBS")

# --- verdicts -------------------------------------------------------------------------------------------------------
Expected = tuple[State, Cause | None]
Verdicts = tuple[Expected, ...]

YES: Expected = (State.GRANTED, None)
NO: Expected = (State.DENIED, Cause.DENIED)
HIDDEN: Expected = (State.UNKNOWN, Cause.HIDDEN)


def no(cause: Cause) -> Expected:
    return State.DENIED, cause


def skipped(cause: Cause) -> Expected:
    """Overwrite, where write was refused for this cause."""
    return State.SKIPPED, cause


def unknown(cause: Cause) -> Expected:
    return State.UNKNOWN, cause


SKIPPED = skipped(Cause.DENIED)
NO_ANSWER = unknown(Cause.TIMEOUT)


@dataclass(frozen=True)
class Expectation:
    input: Verdicts
    lightly: Verdicts


def refused_by_cloud(cause: Cause) -> Expectation:
    """Every request is answered, with the same refusal."""
    return Expectation((no(cause), no(cause)), (no(cause), no(cause), no(cause), skipped(cause)))


def refused_at_once(cause: Cause) -> Expectation:
    """The credential is found unusable before anything is tried, so that nothing needs to be skipped."""
    return Expectation((no(cause),) * 2, (no(cause),) * 4)


def nothing_known(cause: Cause) -> Expectation:
    return Expectation((unknown(cause),) * 2, (unknown(cause),) * 4)


# --- places and conditions ------------------------------------------------------------------------------------------
@dataclass
class Place:
    """A bucket with a config for it, before and while a condition is applied."""

    cloud: AnyCloud
    bucket: str
    prefix: str
    config: Config
    environment: dict[str, str]
    monkeypatch: pytest.MonkeyPatch
    stack: contextlib.ExitStack

    @property
    def endpoints(self) -> Endpoints:
        return endpoints_of(self.environment)

    @property
    def gate(self) -> Gate:
        cloud = self.cloud
        return cloud.s3.gate if isinstance(cloud, S3DelegatedCloud) else cloud.gate

    def aim_at(self, address: str) -> None:
        """Product code talks to this `host:port` instead of the cloud."""
        self.environment |= self.cloud.environment(address)
        self.config = self.cloud.at_address(self.config, address)

    def intercept(self, answer: Callable[[Request], Response | None]) -> None:
        """Answer requests for this bucket otherwise than the cloud does; None leaves it to the cloud."""
        usual = self.gate.answer

        def intercepted(request: Request) -> Response:
            response = answer(request) if self.bucket in request.path else None
            return usual(request) if response is None else response

        self.monkeypatch.setattr(self.gate, "answer", intercepted)


Condition = Callable[[Place], None]


def endpoints_of(environment: Mapping[str, str]) -> Endpoints:
    """As the settings make them of these variables."""
    return Endpoints(
        s3=environment.get("LIGHTLY_S3_ENDPOINT_URL"),
        sts=environment.get("LIGHTLY_STS_ENDPOINT_URL"),
        azure=environment.get("LIGHTLY_AZURE_ENDPOINT_URL"),
        gcs=environment.get("LIGHTLY_GCS_ENDPOINT_URL"),
        gcs_token=environment.get("LIGHTLY_GCS_TOKEN_URL"),
        gcs_certs=environment.get("LIGHTLY_GCS_CERTS_URL"),
        allowed_private_hosts=tuple(environment["LIGHTLY_ALLOWED_PRIVATE_HOSTS"].split(",")),
    )


def is_listing(request: Request) -> bool:
    """Of the keys in a bucket or container."""
    if request.method != "GET":
        return False
    path = request.raw_path
    return request.query.get("comp") == "list" or path.endswith("/o") or (path.count("/") == 1 and "comp" not in path)


def is_write(method: str, path: str) -> bool:
    """Whether a request changes the storage. Tokens and roles are asked for by POST too."""
    return method in {"PUT", "DELETE", "PATCH"} or (method == "POST" and path not in {"/", "/token"})


def broken_by(method: str) -> Condition:
    """The cloud's own way to break a config, such as `with_wrong_secret`."""

    def condition(place: Place) -> None:
        place.config = getattr(place.cloud, method)(place.config)

    return condition


def troubled(trouble: Trouble) -> Condition:
    def condition(place: Place) -> None:
        place.cloud.trouble(place.bucket, trouble)
        place.stack.callback(place.cloud.trouble, place.bucket, None)

    return condition


def at_peer(make: Callable[[], Any]) -> Condition:
    """The cloud's host is a peer that misbehaves."""

    def condition(place: Place) -> None:
        peer = place.stack.enter_context(make())
        place.aim_at(peer if isinstance(peer, str) else peer.address)

    return condition


def cut_off(place: Place) -> None:
    """Every answer ends after 5 bytes, in the middle of its first line."""
    place.aim_at(place.stack.enter_context(cut(place.cloud.address, 5)).address)


class _WebServer(Gate):
    """Somebody's home page: everything is found, and everything is fine."""

    def answer(self, request: Request) -> Response:
        return Response(200, b"<!doctype html><title>Welcome</title>", {"Content-Type": "text/html"})


def silent_to(which: Callable[[Request], bool]) -> Condition:
    """The cloud answers everything but these requests, for which it keeps still."""

    def condition(place: Place) -> None:
        def answer(request: Request) -> None:
            if which(request):
                raise Silence

        place.intercept(answer)

    return condition


def elsewhere(place: Place) -> None:
    """The rights are for another directory."""
    place.cloud.put(place.bucket, "elsewhere/a.jpg", b"1")
    place.config = place.cloud.with_path(place.config, place.bucket, "elsewhere/")


def in_region(region: str, *, redirects: bool) -> Condition:
    def condition(place: Place) -> None:
        assert isinstance(place.cloud, S3Cloud | S3DelegatedCloud)
        place.cloud.set_home_region(place.bucket, region, redirects=redirects)

    return condition


def without_kms(*actions: str) -> Condition:
    def condition(place: Place) -> None:
        assert isinstance(place.cloud, S3Cloud | S3DelegatedCloud)
        place.cloud.deny_kms(place.bucket, *actions)

    return condition


def trusting_another(place: Place) -> None:
    assert isinstance(place.cloud, S3DelegatedCloud)
    stranger = "arn:aws:iam::111122223333:root"
    place.config = place.cloud.grant(place.bucket, place.prefix, ALL_RIGHTS, trusted_arn=stranger)


def platform_is(access_key: str, secret: str) -> Condition:
    """What the platform's own AWS identity is; empty for none."""

    def condition(place: Place) -> None:
        for name, value in (("AWS_ACCESS_KEY_ID", access_key), ("AWS_SECRET_ACCESS_KEY", secret)):
            if value:
                place.monkeypatch.setenv(name, value)
            else:
                place.monkeypatch.delenv(name)
        s3._session.cache_clear()
        place.stack.callback(s3._session.cache_clear)

    return condition


def with_sas(make: Callable[[AzureCloud, str], str]) -> Condition:
    def condition(place: Place) -> None:
        assert isinstance(place.cloud, AzureCloud)
        place.config = place.cloud.config(place.bucket, place.prefix, make(place.cloud, place.bucket))

    return condition


def account_is(state: AccountState) -> Condition:
    def condition(place: Place) -> None:
        assert isinstance(place.cloud, GCSCloud)
        place.cloud.set_state(place.config, state)

    return condition


def with_broken_private_key(place: Place) -> None:
    """A line of the PEM is gone, as happens in copying; JSON and fields are whole."""
    key = place.config["gcsCredentials"]
    place.config |= {"gcsCredentials": key[: key.index("\\n") + 40] + key[key.index("\\n") + 90 :]}


def redirected(place: Place) -> None:
    assert isinstance(place.cloud, OBSCloud)
    elsewhere = place.stack.enter_context(Gate())
    place.cloud.redirect(place.bucket, f"http://{elsewhere.address}")
    place.stack.callback(place.cloud.redirect, place.bucket, None)
    # Checked when the row is over: nothing at all was sent there.
    place.stack.callback(lambda: _assert_untouched(elsewhere))


def _assert_untouched(gate: Gate) -> None:
    assert gate.requests == []


def untrusted(place: Place) -> None:
    """The cloud's host has a certificate that nobody knows."""
    gate = place.stack.enter_context(untrusted_tls())
    place.stack.callback(lambda: _assert_untouched(gate))
    place.aim_at(gate.address)
    for values in (place.environment, place.config):
        for name, value in values.items():
            values[name] = value.replace(f"http://{gate.address}", f"https://{gate.address}")


def nowhere(place: Place) -> None:
    """The cloud's host name does not exist."""
    resolve = socket.getaddrinfo

    def resolved(host: str, *arguments: Any, **options: Any) -> Any:
        if host == "nowhere.invalid":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *arguments, **options)

    place.monkeypatch.setattr(socket, "getaddrinfo", resolved)
    place.aim_at("nowhere.invalid:80")


def over_tls(*, right_name: bool) -> Condition:
    """The test authority is trusted, as the operator of a private cloud would have it."""

    def condition(place: Place) -> None:
        assert isinstance(place.cloud, OBSCloud)
        place.monkeypatch.setenv("SSL_CERT_FILE", str(place.cloud.ca_file))
        url = place.cloud.https_url if right_name else place.cloud.wrong_name_url
        place.config = place.cloud.with_endpoint(place.config, url)

    return condition


MARKERS = {"", ".lightly", ".lightly/"}
"""Objects by which some tools and clouds mark directories: the one that is checked, and our own in it."""


def content_of(name: str) -> bytes:
    return b"" if name in MARKERS or name.startswith("empty") else f"content of {name}".encode()


# --- the table ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    name: str
    rights: frozenset[Right]
    input: Verdicts
    lightly: Verdicts
    but: Mapping[str, Expectation] = field(default_factory=dict)
    """By provider."""
    condition: Condition | None = None
    prefix: str = "input/"
    objects: tuple[str, ...] = ("a.jpg", "sub/b.jpg")
    """Keys below the prefix: see `content_of`."""
    deadline: float = 15
    only: tuple[str, ...] = PROVIDERS
    region: str = ""
    """The right one, which every failure must name."""

    @property
    def empty(self) -> bool:
        return not set(self.objects) - MARKERS

    def expected(self, provider: str) -> Expectation:
        return self.but.get(provider, Expectation(self.input, self.lightly))


def row(name: str, rights: set[Right] | frozenset[Right], expected: Expectation, **more: Any) -> Row:
    return Row(name, frozenset(rights), expected.input, expected.lightly, **more)


LIST, READ, CREATE, REPLACE, DELETE = Right
# Seconds, for servers that never answer: to anything, or to some of what they are asked.
SHORTEST, SHORT = 0.4, 1.0

RIGHTS = [
    row("full rights", ALL_RIGHTS, Expectation((YES, YES), (YES, YES, YES, YES))),
    row("all but delete", WORKING_RIGHTS, Expectation((YES, YES), (YES, YES, YES, YES))),
    row("list and read", {LIST, READ}, Expectation((YES, YES), (YES, YES, NO, SKIPPED))),
    row("list only", {LIST}, Expectation((YES, NO), (YES, NO, NO, SKIPPED))),
    # Without list no object is known, and the missing one we try instead may be hidden from those who may read.
    row(
        "read only",
        {READ},
        Expectation((NO, HIDDEN), (NO, HIDDEN, NO, SKIPPED)),
        # Azure judges a SAS before it looks: to a reader it says that the blob is missing.
        but={"AZURE": Expectation((NO, YES), (NO, YES, NO, SKIPPED))},
    ),
    row("list and write, no read", {LIST, CREATE, REPLACE}, Expectation((YES, NO), (YES, NO, YES, YES))),
    # The object which a Lightly check writes tells what no missing one could.
    row(
        "write only",
        {CREATE, REPLACE},
        Expectation((NO, HIDDEN), (NO, NO, YES, YES)),
        but={"AZURE": Expectation((NO, NO), (NO, NO, YES, YES))},  # see "read only"
    ),
    row(
        "read and write, no list",
        {READ, CREATE, REPLACE},
        Expectation((NO, HIDDEN), (NO, YES, YES, YES)),
        but={"AZURE": Expectation((NO, YES), (NO, YES, YES, YES))},  # see "read only"
    ),
    row("create but not replace", {LIST, READ, CREATE}, Expectation((YES, YES), (YES, YES, YES, NO))),
    row(
        "create and delete but not replace",
        {LIST, READ, CREATE, DELETE},
        Expectation((YES, YES), (YES, YES, YES, NO)),
        # To Google, replacing is deleting and creating.
        but={"GCS": Expectation((YES, YES), (YES, YES, YES, YES))},
    ),
    row(
        "no rights at all",
        set(),
        Expectation((NO, HIDDEN), (NO, HIDDEN, NO, SKIPPED)),
        but={"AZURE": Expectation((NO, NO), (NO, NO, NO, SKIPPED))},  # see "read only"
    ),
    row(
        "rights for another directory",
        ALL_RIGHTS,
        Expectation((NO, HIDDEN), (NO, HIDDEN, NO, SKIPPED)),
        condition=elsewhere,
        # A container SAS reaches the whole container.
        but={"AZURE": Expectation((YES, YES), (YES, YES, YES, YES))},
    ),
]

EMPTY = [
    row("empty path, full rights", ALL_RIGHTS, Expectation((YES, YES), (YES, YES, YES, YES)), objects=()),
    row("empty path, all but delete", WORKING_RIGHTS, Expectation((YES, YES), (YES, YES, YES, YES)), objects=()),
    row("empty path, list and read", {LIST, READ}, Expectation((YES, YES), (YES, YES, NO, SKIPPED)), objects=()),
    row(
        "empty path, list only",
        {LIST},
        Expectation((YES, HIDDEN), (YES, HIDDEN, NO, SKIPPED)),
        objects=(),
        but={"AZURE": Expectation((YES, NO), (YES, NO, NO, SKIPPED))},  # see "read only"
    ),
    row(
        "empty path, read only",
        {READ},
        Expectation((NO, HIDDEN), (NO, HIDDEN, NO, SKIPPED)),
        objects=(),
        but={"AZURE": Expectation((NO, YES), (NO, YES, NO, SKIPPED))},  # see "read only"
    ),
    row(
        "empty path, list and write, no read",
        {LIST, CREATE, REPLACE},
        Expectation((YES, HIDDEN), (YES, NO, YES, YES)),
        objects=(),
        but={"AZURE": Expectation((YES, NO), (YES, NO, YES, YES))},  # see "read only"
    ),
    row(
        "empty path, all but list",
        {READ, CREATE, REPLACE, DELETE},
        Expectation((NO, HIDDEN), (NO, YES, YES, YES)),
        objects=(),
        but={"AZURE": Expectation((NO, YES), (NO, YES, YES, YES))},  # see "read only"
    ),
    row("marker only, list and read", {LIST, READ}, Expectation((YES, YES), (YES, YES, NO, SKIPPED)), objects=("",)),
    # The marker is an object like any other: trying to read it proves what it proves.
    row("marker only, list only", {LIST}, Expectation((YES, NO), (YES, NO, NO, SKIPPED)), objects=("",)),
    # All that may come before the user's first object.
    row(
        "markers and more",
        WORKING_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        objects=("", ".lightly", ".lightly/", "a.jpg"),
    ),
    row("object of no bytes", ALL_RIGHTS, Expectation((YES, YES), (YES, YES, YES, YES)), objects=("empty.txt",)),
    row(
        "object of no bytes, list only", {LIST}, Expectation((YES, NO), (YES, NO, NO, SKIPPED)), objects=("empty.txt",)
    ),
]

NAMES = [
    row(
        f"path {prefix!r}",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        prefix=prefix,
        objects=("ein bild + 1%&=#.jpg",),
    )
    for prefix in (
        "",
        "with space/ and more /",
        "größe/日本/e\u0301/😀/",
        "a+b/100%/%2F%20/#1/",
        "a?b=c&d/!*'();:@,$[]~^`{}|<>\"/",
        "/".join("deep" for _ in range(60)) + "/",
    )
] + [
    # The right name must also reach the judgement of what is missing.
    row(
        "odd path, list and read",
        {LIST, READ},
        Expectation((YES, YES), (YES, YES, NO, SKIPPED)),
        prefix="ü +%#?/",
        objects=(),
    ),
]

CREDENTIALS = [
    row(
        "wrong secret",
        ALL_RIGHTS,
        refused_by_cloud(Cause.WRONG_SECRET),
        condition=broken_by("with_wrong_secret"),
        but={
            # The external ID is what comes nearest to a secret.
            "S3DelegatedAccess": refused_at_once(Cause.CANNOT_ASSUME_ROLE),
            # Azure does not say what is wrong with a SAS.
            "AZURE": refused_by_cloud(Cause.CREDENTIAL_REFUSED),
        },
    ),
    row(
        "unknown key",
        ALL_RIGHTS,
        refused_by_cloud(Cause.UNKNOWN_KEY),
        condition=broken_by("with_unknown_key"),
        but={
            "S3DelegatedAccess": refused_at_once(Cause.CANNOT_ASSUME_ROLE),  # a role that does not exist
            "AZURE": refused_by_cloud(Cause.CREDENTIAL_REFUSED),  # a SAS of another account
        },
    ),
    row(
        "expired",
        ALL_RIGHTS,
        refused_by_cloud(Cause.UNKNOWN_KEY),  # permanent keys do not expire; deactivated ones are not known any more
        condition=broken_by("expired"),
        but={
            "S3DelegatedAccess": refused_by_cloud(Cause.EXPIRED),
            "AZURE": refused_at_once(Cause.EXPIRED),  # the token says so itself
            "GCS": refused_by_cloud(Cause.WRONG_SECRET),  # "Invalid JWT Signature", as for a deleted key
        },
    ),
    row("missing bucket", ALL_RIGHTS, refused_by_cloud(Cause.NO_BUCKET), condition=broken_by("with_missing_bucket")),
]

TROUBLES = [
    row("unreachable", ALL_RIGHTS, nothing_known(Cause.UNREACHABLE), condition=at_peer(refused)),
    row("no such host", ALL_RIGHTS, nothing_known(Cause.UNREACHABLE), condition=nowhere),
    row("untrusted certificate", ALL_RIGHTS, nothing_known(Cause.TLS), condition=untrusted),
    row("reset by the host", ALL_RIGHTS, nothing_known(Cause.UNREACHABLE), condition=at_peer(reset)),
    row("reset by the bucket", ALL_RIGHTS, nothing_known(Cause.UNREACHABLE), condition=troubled(Trouble.RESET)),
    row("answers cut off", ALL_RIGHTS, nothing_known(Cause.UNREACHABLE), condition=cut_off),
    # 200 alone proves nothing.
    row(
        "not storage but a web server",
        ALL_RIGHTS,
        nothing_known(Cause.UNKNOWN),
        condition=at_peer(_WebServer),
        # botocore takes a 200 that should be XML and is not for a server error.
        but={
            "S3": Expectation(
                (unknown(Cause.SERVER_ERROR), unknown(Cause.UNKNOWN)),
                (unknown(Cause.SERVER_ERROR), unknown(Cause.UNKNOWN), *[unknown(Cause.SERVER_ERROR)] * 2),
            )
        },
    ),
    row("silent host", ALL_RIGHTS, nothing_known(Cause.TIMEOUT), condition=at_peer(silent), deadline=SHORTEST),
    # One byte now and then: no single read ever takes long.
    row(
        "dripping host",
        ALL_RIGHTS,
        nothing_known(Cause.TIMEOUT),
        condition=at_peer(lambda: drip(0.1)),
        deadline=SHORTEST,
    ),
    row(
        "silent bucket", ALL_RIGHTS, nothing_known(Cause.TIMEOUT), condition=troubled(Trouble.SILENT), deadline=SHORTEST
    ),
    # What has finished keeps its verdict.
    row(
        "silent to writes",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, NO_ANSWER, NO_ANSWER)),
        condition=silent_to(lambda request: is_write(request.method, request.raw_path)),
        deadline=SHORT,
        only=STORES,
    ),
    row(
        "silent to reads",
        ALL_RIGHTS,
        Expectation((YES, NO_ANSWER), (YES, NO_ANSWER, YES, YES)),
        condition=silent_to(lambda request: request.method == "GET" and not is_listing(request)),
        deadline=SHORT,
        only=STORES,
    ),
    row(
        "silent to lists",
        ALL_RIGHTS,
        Expectation((NO_ANSWER, NO_ANSWER), (NO_ANSWER, NO_ANSWER, YES, YES)),
        condition=silent_to(is_listing),
        deadline=SHORT,
        only=STORES,
    ),
    row("throttled", ALL_RIGHTS, nothing_known(Cause.THROTTLED), condition=troubled(Trouble.THROTTLED)),
    row("server error", ALL_RIGHTS, nothing_known(Cause.SERVER_ERROR), condition=troubled(Trouble.SERVER_ERROR)),
]

SPECIALS = [
    row(
        "wrong region, 400",
        ALL_RIGHTS,
        refused_by_cloud(Cause.WRONG_REGION),
        condition=in_region("eu-central-1", redirects=False),
        region="eu-central-1",
        only=AWS,
    ),
    row(
        "wrong region, 301",
        ALL_RIGHTS,
        refused_by_cloud(Cause.WRONG_REGION),
        condition=in_region("eu-central-1", redirects=True),
        region="eu-central-1",
        only=AWS,
    ),
    row(
        "KMS key denied for writing",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, no(Cause.KMS_DENIED), skipped(Cause.KMS_DENIED))),
        condition=without_kms("kms:GenerateDataKey"),
        only=AWS,
    ),
    row(
        "KMS key denied for reading",
        ALL_RIGHTS,
        Expectation((YES, no(Cause.KMS_DENIED)), (YES, no(Cause.KMS_DENIED), YES, YES)),
        condition=without_kms("kms:Decrypt"),
        only=AWS,
    ),
    # A missing object needs no key: only one that we wrote shows that what is there can't be read.
    row(
        "KMS key denied for reading, empty path",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, no(Cause.KMS_DENIED), YES, YES)),
        condition=without_kms("kms:Decrypt"),
        objects=(),
        only=AWS,
    ),
    row(
        "role trusts another principal",
        ALL_RIGHTS,
        refused_at_once(Cause.CANNOT_ASSUME_ROLE),
        condition=trusting_another,
        only=("S3DelegatedAccess",),
    ),
    # Nothing the user could mend: so nothing is said to be denied.
    row(
        "platform without identity",
        ALL_RIGHTS,
        nothing_known(Cause.NO_PRINCIPAL),
        condition=platform_is("", ""),
        only=("S3DelegatedAccess",),
    ),
    row(
        "platform with an unknown identity",
        ALL_RIGHTS,
        nothing_known(Cause.NO_PRINCIPAL),
        condition=platform_is("AKIAUNKNOWN00000000", "x" * 40),
        only=("S3DelegatedAccess",),
    ),
    row(
        "SAS for another container",
        ALL_RIGHTS,
        refused_by_cloud(Cause.CREDENTIAL_REFUSED),
        condition=with_sas(lambda cloud, _: cloud.container_sas(cloud.make_bucket(), "racwdl")),
        only=("AZURE",),
    ),
    row(
        "SAS not yet valid",
        ALL_RIGHTS,
        refused_at_once(Cause.NOT_YET_VALID),
        condition=broken_by("not_yet_valid"),
        only=("AZURE",),
    ),
    row(
        "account SAS",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        condition=with_sas(lambda cloud, _: cloud.account_sas("rlcwd", "co")),
        only=("AZURE",),
    ),
    row(
        "account SAS without objects",
        ALL_RIGHTS,
        Expectation((YES, NO), (YES, NO, NO, SKIPPED)),
        condition=with_sas(lambda cloud, _: cloud.account_sas("rlcwd", "c")),
        only=("AZURE",),
    ),
    row(
        "account SAS without containers",
        ALL_RIGHTS,
        Expectation((NO, YES), (NO, YES, YES, YES)),
        condition=with_sas(lambda cloud, _: cloud.account_sas("rlcwd", "o")),
        only=("AZURE",),
    ),
    row(
        "SAS with write but not create",
        WORKING_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        condition=with_sas(lambda cloud, bucket: cloud.container_sas(bucket, "rwl")),
        only=("AZURE",),
    ),
    row(
        "SAS for https only, over http",
        ALL_RIGHTS,
        Expectation((NO, NO), (NO, NO, NO, SKIPPED)),
        condition=with_sas(lambda cloud, bucket: cloud.container_sas(bucket, "racwdl", protocol="https")),
        only=("AZURE",),
    ),
    row(
        "unknown account",
        ALL_RIGHTS,
        refused_by_cloud(Cause.NO_BUCKET),
        condition=broken_by("with_unknown_account"),
        only=("AZURE",),
    ),
    row(
        "account disabled",
        ALL_RIGHTS,
        refused_by_cloud(Cause.CREDENTIAL_REFUSED),
        condition=account_is(AccountState.DISABLED),
        only=("GCS",),
    ),
    # Google answers for a deleted key as for a wrong one.
    row(
        "key gone",
        ALL_RIGHTS,
        refused_by_cloud(Cause.WRONG_SECRET),
        condition=account_is(AccountState.KEY_GONE),
        only=("GCS",),
    ),
    row(
        "tokens expire at once",
        ALL_RIGHTS,
        refused_by_cloud(Cause.CREDENTIAL_REFUSED),
        condition=account_is(AccountState.TOKENS_EXPIRE_AT_ONCE),
        only=("GCS",),
    ),
    row(
        "damaged private key",
        ALL_RIGHTS,
        refused_at_once(Cause.MALFORMED_CREDENTIAL),
        condition=with_broken_private_key,
        only=("GCS",),
    ),
    row(
        "redirect to another host",
        ALL_RIGHTS,
        refused_by_cloud(Cause.REDIRECTED),
        condition=redirected,
        only=("OBS",),
    ),
    row(
        "certificate for another name",
        ALL_RIGHTS,
        nothing_known(Cause.TLS),
        condition=over_tls(right_name=False),
        only=("OBS",),
    ),
    row(
        "trusted certificate",
        ALL_RIGHTS,
        Expectation((YES, YES), (YES, YES, YES, YES)),
        condition=over_tls(right_name=True),
        only=("OBS",),
    ),
    row(
        "private host that nobody allowed",
        ALL_RIGHTS,
        refused_by_cloud(Cause.ADDRESS_BLOCKED),
        condition=lambda place: place.environment.update(LIGHTLY_ALLOWED_PRIVATE_HOSTS="10.0.0.0/8"),
        only=("OBS",),
    ),
]

TABLE = [*RIGHTS, *EMPTY, *NAMES, *CREDENTIALS, *TROUBLES, *SPECIALS]
