"""Dialogs that end a membership. They stand here, not in teams, because datasets change hands with it."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from core.web.dialogs import dialog, done
from core.web.navigation import HOME
from datasets.handover import services as members
from datasets.handover.forms import HeirForm
from teams import queries, roles
from teams.access import colleague_for, managing_membership_for, membership_for, service_account_for
from teams.members import obstacles
from teams.members.obstacles import Obstacle
from teams.membership import LastOwnerError
from teams.models import Membership, User
from teams.requests import PageRequest


def remove_member(request: PageRequest, team_id: str, user_id: str) -> HttpResponse:
    """Asks once more, and who takes over the datasets."""
    mine = managing_membership_for(request.user, team_id)
    other = colleague_for(mine, user_id)
    if not roles.may_remove(mine.role, other.role):
        raise PermissionDenied(gettext("Only an owner may remove an owner."))
    back = reverse("teams:people", args=[team_id])
    return _part_from(
        request, mine, other, title=gettext("Remove %(user)s?") % {"user": other.user.get_full_name()}, back=back
    )


def leave_team(request: PageRequest, team_id: str) -> HttpResponse:
    mine = membership_for(request.user, team_id)
    back = reverse("teams:settings", args=[team_id])
    return _part_from(request, mine, mine, title=gettext("Leave %(team)s?") % {"team": mine.team.name}, back=back)


def _part_from(request: PageRequest, mine: Membership, other: Membership, *, title: str, back: str) -> HttpResponse:
    form = _heir_form(request, mine, other.user)
    leaving = mine.user_id == other.user_id
    if request.method == "POST" and form.is_valid():
        heir = form.cleaned_data["heir"] or request.user
        try:
            count = members.remove_member(team=mine.team, user=other.user, heir=heir, by=request.user)
        except LastOwnerError as error:
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            words = _said(other.user, heir, count)
            if leaving:
                return done(request, gettext("You left %(team)s.") % {"team": mine.team.name}, HOME.url())
            return done(request, words, back)
    context = {
        "team": mine.team,
        "other": other,
        "leaving": leaving,
        "obstacle": _obstacle(mine, form) if leaving and not form.errors else None,
        "form": form,
        "only_team": not other.user.memberships.exclude(team=mine.team).exists(),
        "count": members.datasets_left_by(team=mine.team, user=other.user).count(),
    }
    status = 422 if form.errors else 200
    return dialog(request, "datasets/_remove_member.html", title=title, back=back, status=status, **context)


def _obstacle(mine: Membership, form: HeirForm) -> Obstacle | None:
    found = obstacles.to_leaving(mine)
    if not found and form.fields["heir"].required and not queries.others_of(mine.team, mine.user).exists():
        words = gettext("Nobody else in the team can take over your datasets. Invite people first.")
        found = Obstacle(words, reverse("teams:people", args=[mine.team_id]), gettext("Go to People"))
    return found


def delete_service_account(request: PageRequest, team_id: str, user_id: str) -> HttpResponse:
    mine = managing_membership_for(request.user, team_id)
    account = service_account_for(mine, user_id).user
    form = _heir_form(request, mine, account)
    back = reverse("teams:service_accounts", args=[team_id])
    if request.method == "POST" and form.is_valid():
        heir = form.cleaned_data["heir"] or request.user
        try:
            members.delete_service_account(team=mine.team, account=account, heir=heir, by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return done(
                request, gettext("%(account)s is deleted. Its tokens no longer work.") % {"account": account.name}, back
            )
    context = {
        "team": mine.team,
        "account": account,
        "form": form,
        "count": members.datasets_left_by(team=mine.team, user=account).count(),
    }
    title, status = gettext("Delete %(account)s?") % {"account": account.name}, 422 if form.errors else 200
    return dialog(request, "datasets/_delete_service_account.html", title=title, back=back, status=status, **context)


def _heir_form(request: PageRequest, mine: Membership, leaver: User) -> HeirForm:
    heirs = queries.others_of(mine.team, leaver)
    needed = members.datasets_left_by(team=mine.team, user=leaver).exists()
    initial = None if leaver == request.user else request.user
    return HeirForm(heirs, request.POST if request.method == "POST" else None, needed=needed, initial=initial)


def _said(user: User, heir: User, count: int) -> str:
    words = gettext("%(user)s is no longer in the team.") % {"user": user.get_full_name()}
    if count:
        taken = ngettext("%(heir)s took over %(count)s dataset.", "%(heir)s took over %(count)s datasets.", count)
        words += f" {taken % {'heir': heir.get_full_name(), 'count': count}}"
    return words
