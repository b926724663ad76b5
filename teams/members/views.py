"""The team's pages: people, settings; and choosing, creating and deleting a team."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from core.addresses import LONGEST
from core.web.dialogs import dialog, done
from core.web.navigation import HOME
from core.web.undo import success_with_undo
from teams import membership, queries, roles
from teams.access import colleague_for, managing_membership_for, membership_for, secured_people
from teams.invitations import services as invitations
from teams.members import obstacles
from teams.members.forms import JoinDomainForm, RoleForm, TeamForm
from teams.members.links import LEAVE_TEAM, REMOVE_MEMBER
from teams.models import Membership, Role, Team
from teams.requests import PageRequest

PAGE_SIZE = 50


@require_GET
def my_team(request: PageRequest) -> HttpResponse:
    """The current team; for somebody in none, what that means."""
    team = queries.current_team_of(request.user)
    if team:
        return redirect("teams:people", team.pk)
    return render(request, "teams/no_team.html", {"may_create": membership.may_create_team(request.user)})


@require_POST
def switch_team(request: PageRequest) -> HttpResponse:
    team = get_object_or_404(Team, memberships__user=request.user, pk=request.POST.get("team", "").replace("\0", ""))
    membership.switch_team(user=request.user, team=team)
    return redirect(HOME.url())


def create_team(request: PageRequest) -> HttpResponse:
    form = TeamForm(request.POST or None, auto_id="new_team_%s")  # the page underneath has a name to type as well
    if request.method == "POST" and form.is_valid():
        team = membership.create_team(name=form.cleaned_data["name"], by=request.user)
        return done(
            request, gettext("%(team)s is created. Invite the first people.") % {"team": team.name}, _people_url(team)
        )
    status = 422 if form.errors else 200
    return dialog(
        request, "teams/_create.html", title=gettext("New team"), back=reverse("teams:mine"), status=status, form=form
    )


@require_GET
def people(request: PageRequest, team_id: str) -> HttpResponse:
    """Everybody of the team; for who manages it, also who is invited."""
    mine = membership_for(request.user, team_id)
    search = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST]
    paginator = Paginator(queries.people_of(mine.team, search=search), PAGE_SIZE)
    page = paginator.get_page(request.GET.get("page"))
    manages = roles.may_manage(mine.role)
    context = {
        "mine": mine,
        "team": mine.team,
        "may_manage": manages,
        "page": page,
        "pages": paginator.get_elided_page_range(page.number),
        "rows": [_row(mine, other) for other in page],
        "secured": secured_people(other.user_id for other in page),
        "search": search,
        "mails": settings.LIGHTLY_SENDS_MAIL,
        "invitations": list(queries.pending_invitations_of(mine.team)) if manages else [],
    }
    return render(request, "teams/people.html", context)


def _row(mine: Membership, other: Membership) -> dict[str, object]:
    is_me = other.user_id == mine.user_id
    may_remove = not is_me and roles.may_remove(mine.role, other.role)
    return {
        "membership": other,
        "is_me": is_me,
        "may_change": roles.may_change_role(mine.role, other.role, other.role),
        "remove_url": REMOVE_MEMBER.url(mine.team_id, other.user_id) if may_remove else "",
    }


def change_role(request: PageRequest, team_id: str, user_id: str) -> HttpResponse:
    mine = managing_membership_for(request.user, team_id)
    other = colleague_for(mine, user_id)
    form = RoleForm(mine.role, request.POST or None, initial=other.role)
    if request.method == "POST" and form.is_valid():
        try:
            membership.change_role(team=mine.team, user=other.user, role=form.cleaned_data["role"], by=request.user)
        except membership.LastOwnerError as error:
            form.add_error("role", str(error))
        else:
            role = str(Role(form.cleaned_data["role"]).label)
            return done(
                request,
                gettext("%(user)s is %(role)s now.") % {"user": other.user.get_full_name(), "role": role.lower()},
                _people_url(mine.team),
            )
    title = gettext("Role of %(user)s") % {"user": other.user.get_full_name()}
    status, back = 422 if form.errors else 200, _people_url(mine.team)
    return dialog(
        request, "teams/_role.html", title=title, back=back, status=status, form=form, other=other, team=mine.team
    )


def team_settings(request: PageRequest, team_id: str) -> HttpResponse:
    """Rename, open to a domain, leave, delete. For members: what the team is called, and leaving it."""
    mine = membership_for(request.user, team_id)
    if request.method != "POST":
        return _render_settings(request, mine)
    mine = managing_membership_for(request.user, team_id)
    if "second_factor" in request.POST:
        return _demand_second_factor(request, mine)
    return _set_domain(request, mine) if "join_domain" in request.POST else _rename(request, mine)


def _demand_second_factor(request: PageRequest, mine: Membership) -> HttpResponse:
    demanded = request.POST["second_factor"] == "required"
    membership.demand_second_factor(team=mine.team, demanded=demanded, by=request.user)
    everybody = {
        True: gettext("Two-factor authentication is required now."),
        False: gettext("Two-factor authentication is optional now."),
    }
    url = _settings_url(mine.team)
    success_with_undo(
        request, everybody[demanded], url=url, fields={"second_factor": "optional" if demanded else "required"}
    )
    return redirect(url)


def _rename(request: PageRequest, mine: Membership) -> HttpResponse:
    form = TeamForm(request.POST)
    if not form.is_valid():
        return _render_settings(request, mine, status=422, form=form)
    membership.rename_team(team=mine.team, name=form.cleaned_data["name"], by=request.user)
    return done(
        request,
        gettext("The team is named %(name)s now.") % {"name": form.cleaned_data["name"]},
        _settings_url(mine.team),
    )


def _set_domain(request: PageRequest, mine: Membership) -> HttpResponse:
    form = JoinDomainForm(request.POST)
    if form.is_valid():
        try:
            domain = form.cleaned_data["join_domain"]
            invitations.set_join_domain(team=mine.team, domain=domain, by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
    if form.errors:
        return _render_settings(request, mine, status=422, domain_form=form)
    return done(request, "Saved.", _settings_url(mine.team))


def _render_settings(
    request: PageRequest,
    mine: Membership,
    *,
    status: int = 200,
    form: TeamForm | None = None,
    domain_form: JoinDomainForm | None = None,
) -> HttpResponse:
    context = {
        "mine": mine,
        "team": mine.team,
        "may_manage": roles.may_manage(mine.role),
        "may_delete": roles.may_delete_team(mine.role),
        "leave_url": LEAVE_TEAM.url(mine.team_id),
        "leaving": obstacles.to_leaving(mine),
        "deleting": obstacles.to_deleting(mine) if roles.may_delete_team(mine.role) else [],
        "may_create": membership.may_create_team(request.user),
        "mails": settings.LIGHTLY_SENDS_MAIL,
        "form": form or TeamForm(initial={"name": mine.team.name}),
        "domain_form": domain_form or JoinDomainForm(initial={"join_domain": mine.team.join_domain}),
    }
    return render(request, "teams/settings.html", context, status=status)


def delete_team(request: PageRequest, team_id: str) -> HttpResponse:
    mine = membership_for(request.user, team_id)
    if not roles.may_delete_team(mine.role):
        raise Http404(gettext("Only an owner may delete a team."))
    problem = ""
    if request.method == "POST":
        try:
            membership.delete_team(team=mine.team, by=request.user)
        except membership.TeamInUseError as error:
            problem = str(error)
        else:
            return done(request, gettext("%(team)s is deleted.") % {"team": mine.team.name}, HOME.url())
    title, back = gettext("Delete %(team)s?") % {"team": mine.team.name}, _settings_url(mine.team)
    return dialog(
        request,
        "teams/_delete.html",
        title=title,
        back=back,
        status=422 if problem else 200,
        team=mine.team,
        problem=problem,
        obstacles=[] if problem else obstacles.to_deleting(mine),
    )


def _people_url(team: Team) -> str:
    return reverse("teams:people", args=[team.pk])


def _settings_url(team: Team) -> str:
    return reverse("teams:settings", args=[team.pk])
