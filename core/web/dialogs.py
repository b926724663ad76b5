"""Small dialogs: a fragment for htmx, and the same on a page of its own without JavaScript."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import HttpResponseClientRedirect

from core.web.requests import HtmxRequest


def dialog(
    request: HtmxRequest, template: str, *, title: str, back: str, status: int = 200, **context: Any
) -> HttpResponse:
    """`template` extends _small_dialog.html; `back` is the page underneath."""
    page = template if request.htmx else "dialog_page.html"
    everything = {"dialog": template, "title": title, "back": back, "in_dialog": bool(request.htmx), **context}
    return render(request, page, everything, status=status)


def done(request: HtmxRequest, words: str, to: str) -> HttpResponse:
    """Say it on the page it leads to."""
    if words:
        messages.success(request, words)
    return HttpResponseClientRedirect(to) if request.htmx else redirect(to)
