"""What may be wrong with a place."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from tests.clouds.doctor.scenarios.places import Condition, Place
from tests.servers import ALL_RIGHTS, AzureCloud, CephCloud, GCSCloud, OBSCloud, S3Cloud, S3DelegatedCloud, Trouble
from tests.servers.faults import cut, untrusted_tls
from tests.servers.gate import Gate, NoAnswer, Request, Response, Silence
from tests.servers.gcs import State as AccountState
from tests.servers.s3 import KMS_KEY, only_encrypted_with
from tests.servers.xml_errors import xml_error


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


class WebServer(Gate):
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


def which_requires_a_kms_key(place: Place) -> None:
    """The bucket takes only what says that it is to be encrypted with one KMS key. The datasource names that key."""
    assert isinstance(place.cloud, S3Cloud | S3DelegatedCloud)
    place.cloud.attach_policy(place.config, only_encrypted_with(KMS_KEY, place.bucket))
    place.config |= {"s3ServerSideEncryptionKMSKey": KMS_KEY}


def with_object_lock(place: Place) -> None:
    """The bucket keeps what is written for a while, and wants a checksum with it."""
    assert isinstance(place.cloud, S3Cloud | OBSCloud)
    place.cloud.lock(place.bucket)


def where_caller_pays(place: Place) -> None:
    assert isinstance(place.cloud, S3Cloud | GCSCloud)
    place.cloud.let_caller_pay(place.bucket)


def where_caller_pays_and_bills_nobody(place: Place) -> None:
    assert isinstance(place.cloud, GCSCloud)
    place.cloud.let_caller_pay(place.bucket)
    place.cloud.let_bill_nobody(place.config)


def which_bills_nobody(place: Place) -> None:
    """The bucket's owner pays, and the account may bill no project."""
    assert isinstance(place.cloud, GCSCloud)
    place.cloud.let_bill_nobody(place.config)


def kept(*refusal: str) -> Condition:
    """By a retention policy or a hold: `refusal` is what the cloud says, as its own `keep` takes it."""

    def condition(place: Place) -> None:
        assert isinstance(place.cloud, GCSCloud | AzureCloud)
        place.cloud.keep(place.bucket, *refusal)

    return condition


def in_opt_in_region(region: str, code: str = "InvalidClientTokenId") -> Condition:
    """The bucket is in a region that the platform's own account has not enabled."""

    def condition(place: Place) -> None:
        assert isinstance(place.cloud, S3DelegatedCloud)
        place.cloud.set_home_region(place.bucket, region)
        place.config = place.config | {"s3Region": region}
        place.monkeypatch.setitem(place.cloud.s3.gate.unknown_in, region, code)

    return condition


def in_region_alone(region: str) -> Condition:
    """As before, and the STS of no other region answers."""

    def condition(place: Place) -> None:
        in_opt_in_region(region)(place)
        usual = place.gate.answer

        def answer(request: Request) -> Response:
            elsewhere = f"/{region}/sts/" not in request.header("Authorization")
            if elsewhere and request.method == "POST" and request.raw_path == "/":
                raise NoAnswer
            return usual(request)

        place.monkeypatch.setattr(place.gate, "answer", answer)

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
    assert isinstance(place.cloud, OBSCloud | CephCloud)
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
    """The test authority is trusted: by the machine, as the operator of a private cloud would have it, or by the
    datasource, where it has a field for that."""

    def condition(place: Place) -> None:
        cloud = place.cloud
        assert isinstance(cloud, OBSCloud | CephCloud)
        url = cloud.https_url if right_name else cloud.wrong_name_url
        place.config = cloud.with_endpoint(place.config, url)
        if isinstance(cloud, CephCloud):
            place.config |= {"s3CaCertificate": cloud.authority_pem}
        else:
            place.monkeypatch.setenv("SSL_CERT_FILE", str(cloud.ca_file))

    return condition


def owned(place: Place) -> None:
    assert isinstance(place.cloud, CephCloud)
    place.config = place.cloud.owner_config(place.bucket, place.prefix)


def full(place: Place) -> None:
    assert isinstance(place.cloud, CephCloud)
    place.cloud.limit_objects(place.bucket, len(place.cloud.keys(place.bucket)))


def suspended(place: Place) -> None:
    assert isinstance(place.cloud, CephCloud)
    place.cloud.suspend(place.config)


def without_conditional_writes(place: Place) -> None:
    def answer(request: Request) -> Response | None:
        if request.method != "PUT" or not request.header("If-None-Match"):
            return None
        return xml_error(501, "NotImplemented", "A header you provided implies functionality that is not implemented")

    place.intercept(answer)


def called_garage(place: Place) -> None:
    """Ceph takes signatures for any region; Garage and others insist on their own."""

    def answer(request: Request) -> Response | None:
        if "/garage/s3/aws4_request" in request.header("Authorization"):
            return None
        return xml_error(400, "AuthorizationHeaderMalformed", "unexpected scope", Region="garage")

    place.intercept(answer)
