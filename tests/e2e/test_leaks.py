"""Planted secrets are found nowhere: not in the database, the queue, any log, or anything the server sends."""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from playwright.sync_api import expect

from lightly_platform import embedded_redis
from tests.clouds import Cloud, Config, Trouble
from tests.clouds.process import eventually
from tests.e2e.conftest import NewStack, Visit, filled_bucket, writer
from tests.e2e.settings import Settings, fields_of, secret_label
from tests.e2e.stack import Stack

SECRETS = {"S3": "s3SecretAccessKey", "AZURE": "accountKey", "GCS": "gcsCredentials", "OBS": "obsSecretAccessKey"}
LARGEST_CORE = 64
# How a task's arguments lie in a message.
_MESSAGE_BODY = re.compile(rb'"body": ?"([A-Za-z0-9+/=]+)"')


def core(config: Config) -> str:
    """What makes the secret one, without what surrounds it: a line of the private key, a SAS token's signature."""
    secret = config[SECRETS[config["type"]]]
    if config["type"] == "GCS":
        return str(json.loads(secret)["private_key"]).split("\n")[5]
    return secret.rpartition("sig=")[2] if config["type"] == "AZURE" else secret


def spellings(secret: str) -> set[bytes]:
    """Every way in which software writes a text down without meaning to hide it."""
    raw = secret.encode()
    plain = {secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], html.escape(secret), raw.hex()}
    found = {text.encode() for text in plain}
    # In base64 it depends on how many bytes come before; the edges mix with the neighbours.
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(b"\0" * before + raw)[4:-4])
    return found


def leaks(secrets: list[str], where: dict[str, bytes]) -> list[str]:
    return [
        f"{secret[:6]}… as {spelling[:12]!r}… in {place}"
        for secret in secrets
        for spelling in spellings(secret)
        for place, content in where.items()
        if spelling in content
    ]


def contents(stack: Stack) -> dict[str, bytes]:
    """Every file of the installation, the messages in the queue's file also decoded."""
    found = {}
    for path in stack.written():
        content = path.read_bytes()
        found[str(path.relative_to(stack.directory))] = content
        for number, body in enumerate(_MESSAGE_BODY.findall(content)):
            found[f"message {number} in {path.name}"] = base64.b64decode(body)
    return found


@pytest.mark.parametrize("where", ["%s", "x%s", '{"key": "%s"}', "a/b?sig=%s&c"])
def test_the_search_finds_what_it_looks_for(where: str) -> None:
    secret = "aB3/+=&<>\"' ü-planted-in-the-middle"
    text = where % secret
    for spelled in (text, quote(text), html.escape(text), json.dumps(text)):
        for content in (spelled.encode(), base64.b64encode(spelled.encode())):
            if spelled == text or not content.isascii() or b"%" in content or b"&" in content or b"\\" in content:
                assert leaks([secret], {"somewhere": content})
    assert leaks(["planted"], {"somewhere": b"nothing here"}) == []


def test_planted_secrets_are_found_nowhere(
    new_stack: NewStack, visit: Visit, clouds: dict[str, Cloud], tmp_path: Path
) -> None:
    stack = new_stack(LIGHTLY_CHECK_DEADLINE_SECONDS="2")
    stack.start_redis()
    stack.prepare()
    stack.start_web()
    owner = stack.backstage.person("owner")
    # Through a first check no worker takes, so that whole messages lie in the queue; then one that tells all it does.
    visitor = visit(owner, at=stack, record=True)
    page, planted = visitor.page, []
    for provider in SECRETS:
        cloud = clouds[provider]
        right = writer(cloud, filled_bucket(cloud))
        wrong, damaged = cloud.with_wrong_secret(right), cloud.with_wrong_secret(right)
        secret, path = secret_label(provider), next(iter(fields_of(right)))
        stack.backstage.dataset(provider, owner)
        page.goto("/")
        settings = Settings(page).open(provider).tab("Lightly").fill(right)
        settings.field(path).fill("..")  # a mistake beside it
        settings.submit()
        settings.expect_error(path, "For example")
        settings.fill(damaged).field(secret).fill(damaged[SECRETS[provider]][:-9] + " with\tspaces")  # one in it
        settings.submit()
        settings.expect_error(secret, "")
        settings.fill(right).submit()
        expect(settings.bulb("List")).to_have_text("waiting")
        planted += [right, wrong, damaged]
        if provider == "S3":
            with redis.Redis(unix_socket_path=str(embedded_redis.socket_path(stack.data_dir))) as client:
                assert client.llen("celery") == 1
            stack.start_worker("--loglevel=debug")
        settings.expect_bulbs(list="granted", overwrite="granted")
        settings.fill(wrong).submit()
        settings.expect_bulbs(list="denied")
        bucket = filled_bucket(cloud)
        failing = cloud.with_path(right, bucket, "lightly/")
        for trouble in (Trouble.SERVER_ERROR, Trouble.SILENT):
            cloud.trouble(bucket, trouble)
            settings.fill(failing).submit()
            settings.expect_bulbs(list="denied" if provider == "AZURE" and trouble is None else "unknown")
        cloud.trouble(bucket, None)
        settings.tab("Check history")
        expect(settings.root.get_by_role("row")).to_have_count(5)
    visitor.close()
    secrets = [core(config) for config in planted]
    assert all(len(secret) >= 20 for secret in secrets)
    assert len(set(secrets)) == len(secrets)

    found = contents(stack)
    assert {"data/lightly.sqlite3", "data/redis/appendonly.aof", "logs/web.log"} <= set(found)
    assert any(b"run_check" in content for name, content in found.items() if name.startswith("data/redis/"))
    assert sum(name.startswith("message") for name in found) >= 16
    assert any(name.startswith("logs/worker") and b"DEBUG" in content for name, content in found.items())
    responses = {f"response {number}": text.encode() for number, text in enumerate(visitor.responses())}
    assert len(responses) > 100
    assert leaks(secrets, found | responses) == []
