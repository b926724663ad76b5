"""With a mail server: a worker mails the link, and nowhere else is it written down. A whole domain may ask for one."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import requests
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from playwright.sync_api import expect

from tests.e2e.conftest import NewStack, Visit
from tests.e2e.support.browser import Axe
from tests.e2e.support.looks import expect_accessible
from tests.servers.process import HOST, eventually, free_port

LINK = re.compile(r"https?://\S+/invitation/\?token=(\S+)")
EMAIL = "ben@example.com"


class Mailbox:
    """A mail server that takes everything."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


def test_the_link_is_in_the_mail_alone(new_stack: NewStack, visit: Visit, axe: Axe) -> None:
    mailbox, port = Mailbox(), free_port()
    controller = Controller(mailbox, hostname=HOST, port=port)
    controller.start()
    try:
        stack = new_stack(EMAIL_URL=f"smtp://{HOST}:{port}").run()
        owner = stack.backstage.person("owner")
        token = stack.backstage.token(owner)
        members = f"{stack.url}/v1/teams/{owner['team']}/members"
        invited = {"email": EMAIL, "role": "MEMBER"}
        requests.post(members, json=invited, params={"token": token}, timeout=30).raise_for_status()
        assert eventually(lambda: bool(mailbox.mails), 30)
        (mail,) = mailbox.mails
        assert mail["To"] == EMAIL
        text = mail.get_body(("plain",))
        assert text
        link = LINK.search(text.get_content())
        assert link

        page = visit(at=stack).page
        page.goto(link[0])
        page.get_by_label("Your name").fill("Ben Miller")
        page.get_by_label("Password").fill("quite-long-secret-7")
        page.get_by_role("button", name="Create the account and join").click()
        expect(page.get_by_text("Welcome to Team of owner!")).to_be_visible()
        page.goto("/team/")
        expect(page.get_by_role("rowheader", name="Ben Miller")).to_be_visible()

        ava, page = visit(owner, at=stack).page, visit(at=stack).page
        ava.goto(f"/teams/{owner['team']}/settings/")
        ava.get_by_label("Domain").fill("corp.example")
        ava.get_by_role("button", name="Save").click()
        expect(ava.get_by_text("Saved.")).to_be_visible()
        page.goto("/accounts/login/")
        page.get_by_role("link", name="Join your team").click()
        expect_accessible(page, axe)
        page.get_by_label("Your e-mail address at work").fill("cleo@corp.example")
        page.get_by_role("button", name="Send the link").click()
        expect(page.get_by_role("heading", name="Check your e-mail")).to_be_visible()
        expect_accessible(page, axe)
        assert eventually(lambda: [mail["To"] for mail in mailbox.mails] == [EMAIL, "cleo@corp.example"], 30)

        signature = link[1].rpartition("%3A")[2]
        assert len(signature) > 30
        assert [path for path in stack.written() if signature.encode() in path.read_bytes()] == []
        stack.stop()
    finally:
        controller.stop()
