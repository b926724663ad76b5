"""Green stays true: what breaks behind the platform's back is found by the schedule, and told exactly once."""

from __future__ import annotations

import json

from tests.e2e.conftest import NewStack, filled_bucket, writer
from tests.e2e.support.stack import Stack
from tests.receivers import HookReceiver, MailServer, plain_text
from tests.servers import WORKING_RIGHTS, Cloud, Right
from tests.servers.process import eventually
from tests.servers.s3 import S3Cloud


class Watch:
    """Everything one installation tells about one dataset."""

    def __init__(self, stack: Stack, hooks: HookReceiver, mail: MailServer) -> None:
        self.stack, self.hooks, self.mail = stack, hooks, mail
        self.backstage = stack.backstage

    def finished(self, dataset: str, count: int) -> str:
        """The outcome of the newest check, once so many are finished."""
        done = [check for check in self.backstage.checks(dataset) if check["state"] == "DONE"]
        return done[0]["outcome"] if len(done) == count else ""

    def scheduled_check(self, dataset: str, outcome: str) -> None:
        """The time has come, for two schedulers at once; then all that was written for them is sent, by two as well."""
        checks = len(self.backstage.checks(dataset)) + 1
        self.backstage.make_due(dataset)
        for _ in range(2):
            self.backstage.run_task("queue_due_checks")
        assert eventually(lambda: self.finished(dataset, checks) == outcome, 30), self.backstage.checks(dataset)
        assert self.backstage.shown(dataset) == [outcome]
        self.backstage.run_task("run_check", self.backstage.checks(dataset)[0]["id"])  # a message that came twice
        for _ in range(2):
            self.backstage.run_task("send_mails")
            self.backstage.run_task("deliver_webhooks")
        assert eventually(lambda: self.backstage.outbox()["waiting"] == 0, 30)
        assert len(self.backstage.checks(dataset)) == checks

    def told(self) -> tuple[list[str], list[str], list[str], list[str]]:
        """Alerts, events at the webhook, whose inboxes, whose mails."""
        outbox = self.backstage.outbox()
        events = [json.loads(received.body)["type"] for received in self.hooks.received]
        mails = sorted(recipient for recipients, _ in self.mail.mails for recipient in recipients)
        return outbox["alerts"], events, outbox["notices"], mails


def test_a_key_that_loses_its_rights_and_gets_them_back(new_stack: NewStack, cloud: Cloud, name: str) -> None:
    assert isinstance(cloud, S3Cloud)
    with HookReceiver() as hooks, MailServer() as mail:
        stack = new_stack(EMAIL_URL=mail.url, LIGHTLY_PUBLIC_URL="https://lightly.example.com")
        stack.start_redis()
        stack.prepare()
        stack.start_worker()
        watch, backstage = Watch(stack, hooks, mail), stack.backstage
        alice = backstage.person("alice")
        bob, carol = (backstage.person(who, team=alice["team"], role="MEMBER") for who in ("bob", "carol"))
        backstage.hear_of_everything(bob)
        backstage.webhook(alice, f"{hooks.url}/hook")
        bucket = filled_bucket(cloud)
        config = writer(cloud, bucket)
        dataset = backstage.dataset(name, alice, lightly=config)
        assert eventually(lambda: watch.finished(dataset, 1) == "GREEN", 30)
        watch.scheduled_check(dataset, "GREEN")
        assert watch.told() == ([], [], [], [])

        cloud.change_rights(config, bucket, "lightly/", {Right.LIST, Right.READ})
        watch.scheduled_check(dataset, "RED")
        both = [alice["email"], bob["email"]]
        broken = (["BROKEN"], ["datasource.broken"], both, both)
        assert watch.told() == broken
        _, first = mail.mails[0]
        assert first["Subject"] == f"{name}: Write denied (Lightly)"
        assert "s3:PutObject" in plain_text(first)
        assert f"https://lightly.example.com/datasets/{dataset}/settings/lightly/" in plain_text(first)
        watch.scheduled_check(dataset, "RED")
        assert watch.told() == broken

        cloud.change_rights(config, bucket, "lightly/", WORKING_RIGHTS)
        watch.scheduled_check(dataset, "GREEN")
        twice = sorted(both * 2)
        recovered = (["BROKEN", "RECOVERED"], ["datasource.broken", "datasource.recovered"], twice, twice)
        assert watch.told() == recovered
        watch.scheduled_check(dataset, "GREEN")
        assert watch.told() == recovered
        assert carol["email"] not in twice
        left_behind = " ".join(path.read_bytes().decode(errors="replace") for path in stack.written())
        assert config["s3SecretAccessKey"] not in left_behind
