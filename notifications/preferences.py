"""Who is told what, and how: what people and teams decide about it."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext

from core.crypto import seal
from datasources.checks import schedule
from datasources.models import Sending, Webhook, WebhookDelivery
from notifications import webhooks
from teams.models import Membership, NotificationSettings, Role, Team, User

DELIVERIES_SHOWN = 20


def settings_of(user: User) -> NotificationSettings:
    """As stored, or the defaults, not stored yet."""
    return NotificationSettings.objects.filter(user=user).first() or NotificationSettings(user=user)


def save_settings(*, user: User, scope: str, mail_broken: bool, mail_recovered: bool, mail_expiring: bool) -> None:
    NotificationSettings.objects.update_or_create(
        user=user,
        defaults={
            "scope": scope,
            "mail_broken": mail_broken,
            "mail_recovered": mail_recovered,
            "mail_expiring": mail_expiring,
        },
    )


def managed_teams(user: User) -> list[Team]:
    """Those whose owner or admin the person is, the first joined first."""
    manages = {"memberships__user": user, "memberships__role__in": [Role.OWNER, Role.ADMIN]}
    return list(Team.objects.filter(**manages).select_related("webhook").order_by("memberships__created_at", "pk"))


def managed_team(user: User, team_id: str) -> Team:
    """The team if the person may change it. Raises Http404, or PermissionDenied for who is only a member of it."""
    member = Membership.objects.filter(team=team_id, user=user).select_related("team__webhook").first()
    if member is None:
        raise Http404(gettext("There is no such team, or you are not in it."))
    if not member.manages:
        raise PermissionDenied(gettext("Only the team's owners and admins may change this."))
    return member.team


def webhook_of(team: Team) -> Webhook | None:
    return getattr(team, "webhook", None)


def last_deliveries(webhook: Webhook) -> list[WebhookDelivery]:
    return list(webhook.deliveries.order_by("-created_at", "-pk").defer("body")[:DELIVERIES_SHOWN])


@transaction.atomic
def set_interval(*, team: Team, hours: int) -> None:
    """Hours between scheduled checks; 0 ends them. All the team's datasources get new times."""
    locked = Team.objects.select_for_update().get(pk=team.pk)
    if locked.recheck_hours == hours:
        return
    locked.recheck_hours = hours
    locked.save(update_fields=["recheck_hours"])
    schedule.start_over(locked)


@transaction.atomic
def save_webhook(*, team: Team, url: str, by: User) -> str | None:
    """Where the team is told from now on. The secret of a new one as plain text: the only moment it can be read."""
    found = Webhook.objects.select_for_update().filter(team=team).first()
    webhook = found or Webhook(team=team)
    secret = None if found else webhooks.new_secret()
    if secret:
        webhook.sealed_secret = seal(secret)
    _save(webhook, url, by)
    return secret


@transaction.atomic
def renew_secret(*, webhook: Webhook, by: User) -> str:
    """A new secret as plain text. The old one signs nothing any more, what waits to be sent included."""
    secret = webhooks.new_secret()
    webhook.sealed_secret = seal(secret)
    _save(webhook, None, by)
    return secret


@transaction.atomic
def send_test(*, webhook: Webhook) -> WebhookDelivery:
    """One that waits for its first attempt serves as well: an impatient finger must not keep the workers busy."""
    Webhook.objects.select_for_update().get(pk=webhook.pk)
    waiting = webhook.deliveries.filter(event=webhooks.TEST_EVENT, state=Sending.PENDING, attempts=0).first()
    return waiting or webhooks.enqueue_test(webhook)


def delete_webhook(*, webhook: Webhook) -> None:
    """What waits to be sent is forgotten with it."""
    webhook.delete()


def _save(webhook: Webhook, url: str | None, by: User) -> None:
    if url is not None:
        webhook.sealed_url = seal(url)
    webhook.modified_at, webhook.modified_by = timezone.now(), by
    webhook.save()
