"""What a person wants to hear of; for owners and admins also how often their team is checked, and its webhook."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from core.crypto import CannotDecryptError
from datasources.models import Webhook
from notifications import preferences as notifications
from notifications.forms import IntervalForm, PersonalForm, WebhookForm
from teams.models import Team
from teams.requests import PageRequest

_HERE = "notifications:notification_settings"


def notification_settings(request: PageRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request)
    form = PersonalForm(request.POST)
    if not form.is_valid():
        return _page(request, personal=form, status=422)
    notifications.save_settings(user=request.user, **form.cleaned_data)
    messages.success(request, gettext("Saved: you are told what you chose."))
    return redirect(_HERE)


@require_POST
def interval(request: PageRequest, team_id: str) -> HttpResponse:
    team = notifications.managed_team(request.user, team_id)
    form = IntervalForm(request.POST, auto_id=f"{team.pk}-%s")
    if not form.is_valid():
        return _page(request, team=team, interval=form, status=422)
    hours = form.cleaned_data["hours"]
    notifications.set_interval(team=team, hours=hours)
    every = gettext("Every datasource of %(team)s is checked about every %(hours)s h.") % {
        "team": team.name,
        "hours": hours,
    }
    never = gettext("The datasources of %(team)s are no longer checked by themselves.") % {"team": team.name}
    messages.success(request, every if hours else never)
    return redirect(_HERE)


@require_POST
@never_cache  # neither the browser nor its back button may keep the answer that shows a new secret
def webhook(request: PageRequest, team_id: str) -> HttpResponse:
    """Store the address. The first time the answer shows the secret, which nothing else ever does."""
    team = notifications.managed_team(request.user, team_id)
    form = WebhookForm(request.POST, auto_id=f"{team.pk}-%s")
    if not form.is_valid():
        return _page(request, team=team, webhook=form, status=422)
    secret = notifications.save_webhook(team=team, url=form.cleaned_data["url"], by=request.user)
    if secret:
        return _page(request, team=team, secret=secret)
    messages.success(request, gettext("The webhook has a new address. Its secret is still the same."))
    return redirect(f"{reverse(_HERE)}#webhook-{team_id}")


@require_POST
@never_cache
def webhook_secret(request: PageRequest, team_id: str) -> HttpResponse:
    team = notifications.managed_team(request.user, team_id)
    return _page(request, team=team, secret=notifications.renew_secret(webhook=_stored(team), by=request.user))


@require_POST
def webhook_test(request: PageRequest, team_id: str) -> HttpResponse:
    notifications.send_test(webhook=_stored(notifications.managed_team(request.user, team_id)))
    messages.info(request, gettext("The test is on its way. The list of deliveries shows what comes of it."))
    return redirect(f"{reverse(_HERE)}#webhook-{team_id}")


@require_POST
def webhook_delete(request: PageRequest, team_id: str) -> HttpResponse:
    notifications.delete_webhook(webhook=_stored(notifications.managed_team(request.user, team_id)))
    messages.success(request, gettext("The webhook is removed. Nothing is sent there any more."))
    return redirect(_HERE)


def deliveries(request: PageRequest, team_id: str) -> HttpResponse:
    """What was sent of late. Asks for itself again until the newest one was tried."""
    found = _stored(notifications.managed_team(request.user, team_id))
    context = {"team": found.team, "deliveries": notifications.last_deliveries(found), "polled": True}
    return render(request, "notifications/_deliveries.html", context)


def _stored(team: Team) -> Webhook:
    found = notifications.webhook_of(team)
    if found is None:
        raise Http404(gettext("This team has no webhook."))
    return found


def _page(
    request: PageRequest,
    *,
    status: int = 200,
    team: Team | None = None,
    personal: PersonalForm | None = None,
    **of_team: Any,
) -> HttpResponse:
    """`of_team`: what replaces the stored state in this team's section: a form with errors, or a new secret."""
    teams = notifications.managed_teams(request.user)
    context = {
        "personal": personal or PersonalForm(initial=vars(notifications.settings_of(request.user))),
        "teams": [_section(each, **(of_team if team and each.pk == team.pk else {})) for each in teams],
        "sends_mail": settings.LIGHTLY_SENDS_MAIL,
    }
    return render(request, "notifications/notification_settings.html", context, status=status)


def _section(
    team: Team, *, interval: IntervalForm | None = None, webhook: WebhookForm | None = None, secret: str = ""
) -> dict[str, Any]:
    stored, ids = notifications.webhook_of(team), f"{team.pk}-%s"
    return {
        "team": team,
        "interval": interval or IntervalForm(initial={"hours": team.recheck_hours}, auto_id=ids),
        "form": webhook or WebhookForm(initial={"url": _url_of(stored)}, auto_id=ids),
        "webhook": stored,
        "secret": secret,
        "deliveries": notifications.last_deliveries(stored) if stored else [],
    }


def _url_of(stored: Webhook | None) -> str:
    try:
        return stored.url if stored else ""
    except CannotDecryptError:
        return ""  # the encryption key is gone: it must be entered again, and the log of deliveries says so
