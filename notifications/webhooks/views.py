"""A team's webhook: for its owners and admins."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from notifications.models import Webhook
from notifications.preferences.pages import PAGE, Changed, settings_page
from notifications.webhooks import services
from notifications.webhooks.forms import WebhookForm
from notifications.webhooks.queries import last_deliveries, webhook_of
from notifications.webhooks.sections import WEBHOOK
from teams.access import managing_membership_for
from teams.models import Team
from teams.requests import PageRequest


@require_POST
@never_cache  # neither the browser nor its back button may keep the answer that shows a new secret
def save(request: PageRequest, team_id: str) -> HttpResponse:
    """Store the address. The first time the answer shows the secret, which nothing else ever does."""
    team = managing_membership_for(request.user, team_id).team
    form = WebhookForm(request.POST, auto_id=f"{team.pk}-%s")
    if not form.is_valid():
        return settings_page(request, status=422, changed=Changed(team, WEBHOOK.key, {"form": form}))
    secret = services.save_webhook(team=team, url=form.cleaned_data["url"], by=request.user)
    if secret:
        return _show_secret(request, team, secret)
    messages.success(request, gettext("The webhook has a new address. Its secret is still the same."))
    return _back_to(team)


@require_POST
@never_cache
def renew_secret(request: PageRequest, team_id: str) -> HttpResponse:
    team = managing_membership_for(request.user, team_id).team
    return _show_secret(request, team, services.renew_secret(webhook=_existing(team), by=request.user))


@require_POST
def send_test(request: PageRequest, team_id: str) -> HttpResponse:
    team = managing_membership_for(request.user, team_id).team
    services.send_test(webhook=_existing(team))
    messages.info(request, gettext("The test is being sent. The list of deliveries shows the result."))
    return _back_to(team)


@require_POST
def delete(request: PageRequest, team_id: str) -> HttpResponse:
    services.delete_webhook(webhook=_existing(managing_membership_for(request.user, team_id).team))
    messages.success(request, gettext("The webhook is removed."))
    return redirect(PAGE)


def deliveries(request: PageRequest, team_id: str) -> HttpResponse:
    """What was sent of late. Asks for itself again until the newest one was tried."""
    team = managing_membership_for(request.user, team_id).team
    context = {"team": team, "deliveries": last_deliveries(_existing(team)), "polled": True}
    return render(request, "notifications/_deliveries.html", context)


def _existing(team: Team) -> Webhook:
    found = webhook_of(team)
    if found is None:
        raise Http404(gettext("This team has no webhook."))
    return found


def _show_secret(request: PageRequest, team: Team, secret: str) -> HttpResponse:
    return settings_page(request, changed=Changed(team, WEBHOOK.key, {"secret": secret}))


def _back_to(team: Team) -> HttpResponse:
    return redirect(f"{reverse(PAGE)}#webhook-{team.pk}")
