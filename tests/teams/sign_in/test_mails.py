"""Mails about accounts, which django-allauth sends, in our words and our look."""

from datetime import UTC, datetime
from pathlib import Path

import allauth
import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.template import Engine
from django.test import Client, RequestFactory
from pytest_django import Settings

from lightly_platform.env import BASE_DIR
from teams.models import User
from tests.conftest import PASSWORD, Login

pytestmark = pytest.mark.django_db
OURS = BASE_DIR / "templates"
THEIRS = Path(allauth.__file__).parent / "templates"
# Of the apps that are installed here, whichever of their mails are used today.
TEMPLATES = sorted(
    str(file.relative_to(THEIRS))
    for app in ("account", "mfa", "socialaccount")
    for file in (THEIRS / app / "email").iterdir()
)
MAILS = [name.removesuffix("_message.txt") for name in TEMPLATES if name.endswith("_message.txt")]
KINDS = [name for name in MAILS if name != "account/email/base"]
LINK = "https://lightly.example.com/accounts/password/reset/key/1-abc/"
FACTS = {
    "email": "ben@example.com",
    "from_email": "ben@example.com",
    "to_email": "bea@example.com",
    "deleted_email": "ben@example.com",
    "password_reset_url": LINK,
    "activate_url": LINK,
    "signup_url": "https://lightly.example.com/accounts/signup/",
    "provider": "Acme ID",
    "ip": "192.0.2.7",
    "user_agent": "<b>Browser</b> https://evil.example.com/",
}


def rendered(name: str, **more: object) -> EmailMultiAlternatives:
    request = RequestFactory().get("/", headers={"host": "localhost"})
    request.user = AnonymousUser()
    facts = FACTS | {"timestamp": datetime(2026, 11, 28, 14, 5, tzinfo=UTC)} | more
    with context.request_context(request):
        message = get_adapter(request).render_mail(name, "ben@example.com", facts)
    assert isinstance(message, EmailMultiAlternatives)
    return message


def html_of(message: EmailMultiAlternatives) -> str:
    ((content, kind),) = message.alternatives
    assert kind == "text/html"
    return str(content)


def test_allauth_has_mails() -> None:
    assert {"account/email/password_reset_key", "mfa/email/totp_activated"} <= set(KINDS)
    assert len(KINDS) >= 19


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_of_a_mail_is_ours(name: str) -> None:
    """Also those of a newer allauth: a mail that it learns to send fails here until it has our words."""
    assert Path(Engine.get_default().get_template(name).origin.name) == OURS / name


@pytest.mark.parametrize("name", KINDS)
def test_every_mail_has_our_look_as_text_and_as_html(name: str) -> None:
    message = rendered(name, **({"code": "ABC-DEF"} if name.endswith("_code") else {}))
    text, html = str(message.body), html_of(message)
    assert text.endswith("\n\n-- \nLightly Platform\n")
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert f"<title>{message.subject.replace(chr(39), '&#x27;')}</title>" in html
    assert 'background:#ffffff">' in html  # the box of alerts
    for words in (message.subject, text, html):
        assert words.strip()
        assert "localhost" not in words  # allauth greets with the host's name
        assert "{{" not in words
        assert " email" not in words.lower().replace("e-mail", "")
    paragraphs = [part for part in text.partition("\n\n-- \n")[0].split("\n\n") if "Browser" not in part]
    for part in paragraphs:
        assert part.splitlines()[0].replace("'", "&#x27;") in html
    assert html.count("<a ") == paragraphs.count(LINK)


def test_a_notice_says_when_where_from_and_what_to_do() -> None:
    message = rendered("mfa/email/totp_deactivated")
    assert "The authenticator app was removed from your account." in str(message.body)
    assert "When: 28 Nov 2026, 14:05 UTC\nIP address: 192.0.2.7\n" in str(message.body)
    assert "change your password now and tell an admin" in str(message.body)
    assert "&lt;b&gt;Browser&lt;/b&gt; https://evil.example.com/" in html_of(message)  # no markup, and no link


def test_somebody_who_forgot_their_password_gets_a_link(client: Client, alice: User) -> None:
    client.post("/accounts/password/reset/", {"email": alice.email})
    (message,) = mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    assert message.subject == "Choose a new password"
    assert message.to == [alice.email]
    (link,) = [line for line in str(message.body).splitlines() if line.startswith("http")]
    assert f'<a href="{link}"' in html_of(message)
    path = link.partition("testserver")[2]
    assert client.get(path, follow=True).status_code == 200


def test_a_changed_password_is_told_to_its_owner(login: Login, alice: User) -> None:
    fresh = "correct horse battery"
    answer = login(alice).post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh}
    )
    assert answer.status_code == 302
    (message,) = mail.outbox
    assert (message.subject, message.to) == ("Your password was changed", [alice.email])


def test_a_mail_server_that_is_down_breaks_no_page(
    client: Client, settings: Settings, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nothing listens there
    known = client.post("/accounts/password/reset/", {"email": alice.email})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert known.status_code == unknown.status_code == 302
    assert known["Location"] == unknown["Location"]
    assert "account/email/password_reset_key could not be sent: ConnectionRefusedError" in caplog.text
    assert "/accounts/password/reset/key/" not in caplog.text
