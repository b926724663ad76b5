"""Mails look alike: each is written once, as text, and its HTML is made of that."""

from collections.abc import Mapping, Sequence

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

SIGNATURE = "\n\n-- \nLightly Platform\n"


def mail(
    subject: str, text: str, to: Sequence[str], *, sender: str | None = None, headers: Mapping[str, str] | None = None
) -> EmailMultiAlternatives:
    """A mail as text and as HTML. Paragraphs are separated by empty lines; one that is an address becomes a link.

    No out-of-office note comes back. `sender` is DEFAULT_FROM_EMAIL unless told.
    """
    subject = " ".join(subject.split())
    headers = {"Auto-Submitted": "auto-generated", **(headers or {})}
    message = EmailMultiAlternatives(subject, text.strip() + SIGNATURE, sender, list(to), headers=headers)
    message.attach_alternative(html_of(subject, text), "text/html")
    return message


def html_of(title: str, text: str) -> str:
    parts = [part.strip("\n") for part in text.strip().split("\n\n")]
    paragraphs = [{"text": part, "is_link": _is_link(part)} for part in parts if part.strip()]
    return render_to_string("mail/letter.html", {"title": title, "paragraphs": paragraphs})


def _is_link(paragraph: str) -> bool:
    """Only what stands alone: an address inside of a sentence may come from a stranger, such as a browser's name."""
    return paragraph.startswith(("https://", "http://")) and len(paragraph.split()) == 1
