"""Who is told what, and how: what people decided about it."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext

from notifications.models import NotificationSettings
from notifications.topics import MailChoice
from teams.models import Membership, Role, Team, User

Scope = NotificationSettings.Scope


def settings_of(user: User) -> NotificationSettings:
    """As stored, or the defaults, not stored yet."""
    return NotificationSettings.objects.filter(user=user).first() or NotificationSettings(user=user)


def listeners(people: QuerySet[User], *, concerned: Q) -> list[User]:
    """Those of the people who want to hear of something.

    Whom it concerns does, unless they chose to hear of nothing; the others only if they chose to hear of everything.
    """
    wants = Q(notification_settings=None) | ~Q(notification_settings__scope=Scope.NONE)
    return list(people.filter((concerned & wants) | Q(notification_settings__scope=Scope.TEAM)).order_by("pk"))


def who_want_mail(people: Sequence[User], choice: MailChoice) -> list[User]:
    """Those of the people who want this by mail, besides the inbox."""
    chosen = dict(NotificationSettings.objects.filter(user__in=people).values_list("user", "mail_choices"))
    return [user for user in people if chosen.get(user.pk, {}).get(choice.key, choice.default)]


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
