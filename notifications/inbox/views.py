"""The inbox, and the bell that counts what is unread in it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from notifications.inbox.queries import notices_of
from notifications.inbox.services import mark_read
from teams.requests import PageRequest

PAGE_SIZE = 25


@require_GET
def inbox(request: PageRequest) -> HttpResponse:
    paginator = Paginator(notices_of(request.user), PAGE_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    context = {"page": page, "pages": paginator.get_elided_page_range(page.number)}
    return render(request, "notifications/inbox.html", context)


@require_GET
def bell(request: PageRequest) -> HttpResponse:
    """How many notices are unread. Every page asks for it again when a check has finished, and each minute."""
    return render(request, "notifications/_bell.html")


@require_POST
def read_notice(request: PageRequest, notice_id: str) -> HttpResponse:
    notice = get_object_or_404(notices_of(request.user), pk=notice_id)
    mark_read(user=request.user, notice_id=notice.pk)
    if not request.htmx:
        return redirect("notifications:inbox")
    notice.refresh_from_db()
    return render(request, "notifications/_notice.html", {"notice": notice, "oob": True})


@require_POST
def read_all(request: PageRequest) -> HttpResponse:
    mark_read(user=request.user)
    messages.success(request, gettext("Everything is marked as read."))
    return redirect("notifications:inbox")
