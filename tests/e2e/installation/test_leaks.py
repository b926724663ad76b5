"""Planted secrets are found nowhere: not in the database, the queue, any log, or anything the server sends."""

from __future__ import annotations

import base64
import html
import json
import re
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
import redis
import requests
from django.contrib import admin
from playwright.sync_api import expect

from clouds import PROVIDERS
from lightly_platform.launcher import embedded_redis
from tests.e2e.conftest import NewStack, Visit, filled_bucket, writer
from tests.e2e.support.backstage import Person
from tests.e2e.support.browser import Visitor
from tests.e2e.support.settings import Settings, fields_of, secret_label
from tests.e2e.support.stack import Stack
from tests.servers import Cloud, Config, Trouble
from tests.servers.process import eventually

# Every secret field that there is, by provider: a new one is planted by itself. All have one so far.
SECRETS = {
    kind: alias
    for kind, provider in PROVIDERS.items()
    for name in provider.config_class.secret_fields()
    if (alias := str(provider.config_class.fields()[name].alias))
}
METRICS_TOKEN = "planted-metrics-token-4f1d9b"
# How a task's arguments lie in a message.
_MESSAGE_BODY = re.compile(rb'"body": ?"([A-Za-z0-9+/=]+)"')


def test_every_secret_field_is_planted() -> None:
    fields = [name for provider in PROVIDERS.values() for name in provider.config_class.secret_fields()]
    assert len(SECRETS) == len(fields) >= 5


def core(config: Config) -> str:
    """What makes the secret one, without what surrounds it: a line of the private key, a SAS token's signature."""
    secret = config[SECRETS[config["type"]]]
    if secret.startswith("{"):
        return str(json.loads(secret)["private_key"]).split("\n")[5]
    return unquote(secret.rpartition("sig=")[2])


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


@pytest.mark.parametrize("before", ["", "x", '{"key": "', "/a/b?sig="])
def test_the_search_finds_what_it_looks_for(before: str) -> None:
    secret = "aB3/+=&<>' ü-planted"
    text = f"{before}{secret}, and more"
    for spelled in (text, quote(text), html.escape(text), json.dumps(text), text.encode().hex()):
        assert leaks([secret], {"somewhere": spelled.encode()})
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert leaks([secret], {"somewhere": encode(text.encode())})
    assert leaks([secret], {"somewhere": b"nothing"}) == []


@pytest.mark.timeout(300)  # five clouds, each with several checks, in an installation of its own
def test_planted_secrets_are_found_nowhere(
    new_stack: NewStack, visit: Visit, clouds: dict[str, Cloud], tmp_path: Path
) -> None:
    # Logs in JSON tell all that plain ones tell, and more.
    stack = new_stack(
        LIGHTLY_CHECK_DEADLINE_SECONDS="2", LIGHTLY_METRICS_TOKEN=METRICS_TOKEN, LIGHTLY_LOG_FORMAT="json"
    )
    stack.start_redis()
    stack.prepare()
    stack.start_web()
    owner = stack.backstage.person("owner")
    # The first check waits for its worker, so that a whole message lies in the queue; and that worker is asked to
    # tell all it does.
    visitor = visit(owner, at=stack, record=True)
    page, planted, shown = visitor.page, list[Config](), dict[str, bytes]()
    for provider in SECRETS:
        cloud = clouds[provider]
        right = writer(cloud, filled_bucket(cloud))
        wrong, damaged = cloud.with_wrong_secret(right), cloud.with_wrong_secret(right)
        secret, path = secret_label(provider), next(iter(fields_of(right)))
        dataset = f"planted {provider}"
        stack.backstage.dataset(dataset, owner)
        page.goto("/")
        settings = Settings(page).open(dataset).tab("Lightly").fill(right)
        settings.field(path).fill("..")  # a mistake beside it
        settings.submit()
        settings.expect_error(path, "For example")
        settings.fill(damaged).field(secret).fill(damaged[SECRETS[provider]] + " and more")  # one in it
        settings.submit()
        expect(settings.field(secret)).to_have_attribute("aria-invalid", "true")
        settings.fill(right).submit()
        planted += [right, wrong, damaged]
        if provider == "S3":
            expect(settings.bulb("List")).to_have_text("waiting")
            with redis.Redis(unix_socket_path=str(embedded_redis.socket_path(stack.data_dir))) as client:
                assert client.llen("checks") == 1
            stack.start_worker("--pool=threads", "--loglevel=debug")
        settings.expect_bulbs(list="granted", overwrite="granted")
        expect(settings.field(secret)).to_have_value("")
        settings.fill(wrong).submit()
        expect(settings.field(secret)).to_have_value("")
        settings.expect_bulbs(list="denied")
        bucket = filled_bucket(cloud)
        failing = cloud.with_path(right, bucket, "lightly/")
        cloud.trouble(bucket, Trouble.SILENT if provider == "S3" else Trouble.SERVER_ERROR)
        settings.fill(failing).submit()
        settings.expect_bulbs(list="unknown")
        cloud.trouble(bucket, None)
        for tab in ("Lightly", "Input", "Dataset", "Check history"):
            settings.tab(tab)
            shown[f"{tab} of {dataset}"] = page.content().encode()
        expect(settings.root.get_by_role("row")).to_have_count(4)
    visitor.close()
    token, webhook = stack.backstage.token(owner), stack.backstage.webhook(owner, "https://hooks.example.invalid/in")
    shown |= other_answers(stack, owner, token)
    expect_found_nowhere(planted, [token, webhook.removeprefix("whsec_"), METRICS_TOKEN], stack, visitor, shown)


def other_answers(stack: Stack, owner: Person, token: str) -> dict[str, bytes]:
    """What leaves the server on other ways: exports, figures, jobs with their logs, the admin panel, the REST API."""
    stack.backstage.promote(owner, superuser=True)
    session, found = requests.Session(), dict[str, bytes]()
    session.cookies.set("lightly_session", owner["session"])

    def get(path: str, **headers: str) -> str:
        answer = session.get(stack.url + path, headers=headers, timeout=60)
        assert answer.status_code == 200, path
        found[path] = f"{answer.headers}\n{answer.text}".encode()
        return answer.text

    form = {"csrfmiddlewaretoken": re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', get("/health/"))[0]}
    job = session.post(f"{stack.url}/health/check-all/", data=form, timeout=60).url.removeprefix(stack.url)
    assert job.startswith("/jobs/")
    assert eventually(lambda: "chip--checking" not in get(job) and "chip--off" not in get(job), 60)
    assert "planted" in get("/health/datasources.csv")
    assert "lightly_" in get("/metrics", Authorization=f"Bearer {METRICS_TOKEN}")
    for path in ("/jobs/", "/health/print/", "/notifications/settings/", "/inbox/", "/tokens/", "/admin/"):
        get(path)
    for model in admin.site._registry:
        rows = get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/")
        for path in re.findall(r'<th[^>]*><a href="(/admin/[^"]+/change/)', rows)[:3]:
            get(path)
            get(path.replace("/change/", "/history/"))
    datasets = json.loads(get(f"/v1/datasets?token={token}"))
    for dataset in datasets:
        get(f"/v1/datasets/{dataset['id']}/datasource/all?token={token}")
    assert len(datasets) == len(SECRETS)
    # An address with a token in it is what was asked for, not what came back.
    return {path.partition("?")[0]: content for path, content in found.items()}


def expect_found_nowhere(
    planted: list[Config], others: list[str], stack: Stack, visitor: Visitor, shown: dict[str, bytes]
) -> None:
    secrets = sorted({core(config) for config in planted} | set(others))
    assert all(len(secret) >= 20 for secret in secrets)
    assert len(secrets) > 2 * len(SECRETS)

    found = contents(stack)
    assert {"data/lightly.sqlite3", "data/redis/appendonly.aof", "logs/web.log"} <= set(found)
    assert any(b"run_check" in content for name, content in found.items() if name.startswith("data/redis/"))
    assert sum(name.startswith("message") for name in found) >= 12
    for name, content in found.items():
        if re.fullmatch(r"logs/(web|worker-\d+)\.log", name):
            lines = [json.loads(line) for line in content.splitlines() if line.startswith(b"{")]
            assert any("request_id" in line for line in lines), name
    responses = {f"response {number}": text.encode() for number, text in enumerate(visitor.responses())}
    assert len(responses) > 100
    assert leaks(secrets, found | responses | shown) == []
